"""Pictures that people give to spaces and to themselves: checked, made anew, kept in the store.

What was sent is never served. Pillow reads it by its content, whatever it is called, and two WebP
files are made of it: `wide` for pages and link previews, `square` for lists and faces. Nothing but
the pixels gets there: no EXIF, no place where it was taken, no trailing data. A picture's id is the
SHA-256 of what was sent, so the same picture is kept once and its addresses never change.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import re
from typing import TYPE_CHECKING, Final, Literal

from hustings import limits
from hustings.errors import StoreError
from hustings.store import layout
from hustings.store.objects import Objects
from hustings.web.problem import Problem

if TYPE_CHECKING:
    from PIL.Image import Image

MIME: Final = "image/webp"
Size = Literal["wide", "square"]
SIZES: Final[dict[Size, tuple[int, int]]] = {"wide": (1200, 630), "square": (256, 256)}
COVER_MIME: Final = "image/jpeg"

_ID: Final = re.compile(f"[0-9a-f]{{{limits.PICTURE_ID_CHARS}}}")
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_QUALITY: Final = 82
_NO_PICTURE: Final = "This is no picture that can be read. Send a JPEG, PNG, WebP, AVIF or GIF."
_HEAVY: Final = f"This picture is too large: at most {limits.PICTURE_BYTES // 1024**2} MB."
_WIDE: Final = (
    f"This picture has too many pixels: at most {limits.PICTURE_PIXELS // 1_000_000} million."
)
_NO_STORE: Final = "Pictures cannot be kept right now. Try again in a moment."


class Pictures:
    """The pictures of this installation, in the object store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        # Decoding takes up to a few hundred megabytes: one at a time.
        self._turn = asyncio.Lock()

    async def take(self, data: bytes) -> str:
        """Keep the picture that somebody sent, and return its id.

        Raises `Problem` (413, 422) with a sentence when it is none, or too large.
        """
        if len(data) > limits.PICTURE_BYTES:
            raise Problem(413, "too-large", _HEAVY)
        picture = hashlib.sha256(data).hexdigest()[: limits.PICTURE_ID_CHARS]
        if await self.exists(picture):
            return picture
        async with self._turn:
            made = await asyncio.to_thread(_make, data)
        try:
            # The wide one comes last: where it is, both are.
            for size in ("square", "wide"):
                await self._objects.put(layout.picture(picture, size), made[size])
        except StoreError:
            raise Problem(503, "store-away", _NO_STORE, retry_s=5) from None
        return picture

    async def exists(self, picture: str) -> bool:
        """Whether there is a picture of this id."""
        return bool(_ID.fullmatch(picture)) and await self._length(picture, "wide") is not None

    async def get(self, picture: str, size: str) -> bytes | None:
        """The WebP file of a picture; None when there is none."""
        if size not in SIZES or not _ID.fullmatch(picture):
            return None
        length = await self._length(picture, size)
        if length is None:
            return None
        try:
            return await self._objects.get(layout.picture(picture, size), 0, length)
        except StoreError:
            raise Problem(503, "store-away", _NO_STORE, retry_s=5) from None

    async def cover(self, picture: str) -> bytes | None:
        """The picture as directories of podcasts want it: square, large, JPEG. It is made of the
        wide one when it is asked for first, and kept."""
        place = layout.cover(picture) if _ID.fullmatch(picture) else ""
        if not place or not await self.exists(picture):
            return None
        try:
            if length := await self._objects.size(place):
                return await self._objects.get(place, 0, length)
            wide = await self.get(picture, "wide")
            assert wide is not None, "it exists"
            async with self._turn:
                made = await asyncio.to_thread(_cover, wide)
            await self._objects.put(place, made)
        except StoreError:
            raise Problem(503, "store-away", _NO_STORE, retry_s=5) from None
        return made

    async def _length(self, picture: str, size: str) -> int | None:
        try:
            return await self._objects.size(layout.picture(picture, size))
        except StoreError:
            raise Problem(503, "store-away", _NO_STORE, retry_s=5) from None


def path(picture: str, size: Size) -> str:
    """Where a picture is served, on the studio and on the listen origin alike."""
    return f"/pictures/{picture}/{size}.webp"


def cover_path(picture: str) -> str:
    """Where a picture's cover is served, on the studio."""
    return f"/pictures/{picture}/cover.jpg"


def _cover(wide: bytes) -> bytes:
    from PIL import Image, ImageOps

    side = limits.COVER_PIXELS
    with Image.open(io.BytesIO(wide), formats=("WEBP",)) as kept:
        fitted = ImageOps.fit(kept.convert("RGB"), (side, side), method=Image.Resampling.LANCZOS)
    out = io.BytesIO()
    fitted.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def _make(data: bytes) -> dict[Size, bytes]:
    """The files of a picture, by size."""
    from PIL import Image, ImageOps

    # The bound below is ours; Pillow's own would print a warning first.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as sent:
            if sent.width * sent.height > limits.PICTURE_PIXELS:
                raise Problem(422, "picture", _WIDE)
            # A JPEG is decoded at the smallest scale that is large enough.
            sent.draft("RGB", SIZES["wide"])
            upright = _flat(ImageOps.exif_transpose(sent))
    except Problem:
        raise
    except Exception:
        # Decoders fail in as many ways as there are broken files: all mean the same to the sender.
        raise Problem(422, "picture", _NO_PICTURE) from None
    return {
        size: _webp(ImageOps.fit(upright, box, method=Image.Resampling.LANCZOS))
        for size, box in SIZES.items()
    }


def _flat(image: Image) -> Image:
    """The same in sRGB, on white where it was transparent."""
    import PIL.Image
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        # With a broken profile the colours are taken as they are.
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            image = _converted(image, profile)
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    ground = PIL.Image.new("RGBA", seen.size, "white")
    return PIL.Image.alpha_composite(ground, seen).convert("RGB")


def _converted(image: Image, profile: bytes) -> Image:
    from PIL import ImageCms

    given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    made = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return made or image


def _webp(image: Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()
