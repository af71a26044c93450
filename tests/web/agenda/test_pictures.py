"""Pictures: made anew from what was sent, refused with a sentence, served safely."""

from __future__ import annotations

import io
import struct
import zlib

import httpx
import pytest
from PIL import Image
from PIL.Image import Exif

from hustings import limits
from hustings.store import layout
from tests.web.running import Running, is_problem


def photo(size: tuple[int, int] = (900, 1200), kind: str = "JPEG", **options: object) -> bytes:
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


async def send(client: httpx.AsyncClient, data: bytes, mime: str = "image/jpeg") -> httpx.Response:
    return await client.post("/api/pictures", content=data, headers={"Content-Type": mime})


async def test_picture_is_made_anew(web: Running) -> None:
    exif = Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "taken at home"
    sent = photo(exif=exif)
    assert b"taken at home" in sent
    async with web.host() as host:
        answer = await send(host, sent)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (await send(host, sent)).json() == made
    async with web.browser() as anybody:
        for size, box in (("wide", (1200, 630)), ("square", (256, 256))):
            got = await anybody.get(httpx.URL(made[size]).path)
            assert got.status_code == 200
            assert got.headers["content-type"] == "image/webp"
            assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert got.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in got.headers["content-security-policy"]
            assert b"taken at home" not in got.content
            assert b"EXIF" not in got.content
            with Image.open(io.BytesIO(got.content)) as image:
                assert (image.format, image.size) == ("WEBP", box)
        assert (web.folder / "store" / layout.picture(made["id"], "wide")).exists()
        for gone in (f"/pictures/{'0' * 32}/wide.webp", f"/pictures/{made['id']}/huge.webp"):
            is_problem(await anybody.get(gone), 404, "not-found")
        is_problem(await send(anybody, sent), 401, "sign-in")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "AVIF"])
async def test_kinds_of_pictures(web: Running, kind: str) -> None:
    async with web.host() as host:
        assert (await send(host, photo((40, 30), kind), "image/png")).status_code == 201


async def test_transparent_picture_lies_on_white(web: Running) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(out, "PNG")
    async with web.host() as host:
        made = (await send(host, out.getvalue())).json()
        got = await host.get(httpx.URL(made["square"]).path)
    with Image.open(io.BytesIO(got.content)) as image:
        assert image.convert("RGB").getpixel((128, 128)) == (255, 255, 255)


async def test_what_is_no_picture(web: Running) -> None:
    async with web.host() as host:
        for sent in (b"", b"<svg onload=alert(1)></svg>", b"%PDF-1.7", photo()[:3000]):
            told = is_problem(await send(host, sent), 422, "picture")
            assert "no picture" in told["detail"]
        told = is_problem(await send(host, _bomb(20_000, 20_000)), 422, "picture")
        assert "pixels" in told["detail"]
        large = photo() + b"\0" * limits.PICTURE_BYTES
        told = is_problem(await send(host, large), 413, "too-large")
        assert "MB" in told["detail"]
        is_problem(
            await send(host, b"\0" * (limits.FORM_BYTES + 1), "text/plain"), 413, "too-large"
        )


def _bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
