"""A whole space in one file: a tar archive that is the same, byte for byte, whoever makes it.

    <space>/files/replay.m4a …        everything that lies in the space's folder of the store
    <space>/keys/<id>.pem             the public keys that its receipts are signed with
    <space>/pictures/<id>/wide.webp   the picture of its page
    <space>/manifest.json             length and SHA-256 of all of these, last

Names are sorted, times are the end of the conversation, and nobody owns anything: so an export of
an import is the export. Any tar program unpacks it, and `hustings verify` checks the folder `files`
then.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

from hustings import limits
from hustings.errors import BadInput
from hustings.log.subjects import checked

FILES: Final = "files/"
KEYS: Final = "keys/"
PICTURES: Final = "pictures/"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1

_NAME: Final = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,80}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,80}){1,5}"
)
_BLOCK: Final = tarfile.BLOCKSIZE
_WHAT: Final = "parcel"


class Listed(msgspec.Struct, frozen=True):
    """A file of the parcel."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a parcel, by name. `at_s` is the time that all its files bear."""

    format: int
    space: str
    at_s: int
    files: dict[str, Listed]


class Writer:
    """Writes a parcel to an open file, one file after the other, in the order of their names."""

    def __init__(self, out: IO[bytes], *, space: str, at_s: int) -> None:
        self._out = out
        self._space = space
        self._at_s = at_s
        self._files: dict[str, Listed] = {}
        self._open: tuple[str, int, int, hashlib._Hash] | None = None

    def begin(self, name: str, length: int) -> None:
        """A file of that length follows, piece by piece."""
        assert self._open is None, "one file at a time"
        assert not self._files or name > max(self._files), "names are given in their order"
        self._header(name, length)
        self._open = name, length, 0, hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """The next piece of the file."""
        assert self._open is not None, "a file was begun"
        name, length, written, digest = self._open
        digest.update(piece)
        self._out.write(piece)
        self._open = name, length, written + len(piece), digest

    def end(self) -> str:
        """The file is whole; its SHA-256. `BadInput` when it is not as long as it was to be."""
        assert self._open is not None, "a file was begun"
        name, length, written, digest = self._open
        if written != length:
            raise BadInput(name, expected=f"{length} bytes", got=f"{written}")
        self._out.write(bytes(-length % _BLOCK))
        self._files[name] = Listed(length, digest.hexdigest())
        self._open = None
        return digest.hexdigest()

    def close(self) -> None:
        """Nothing follows but the manifest."""
        manifest = Manifest(format=FORMAT, space=self._space, at_s=self._at_s, files=self._files)
        data = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
        self._header(MANIFEST, len(data))
        self._out.write(data + bytes(-len(data) % _BLOCK))
        self._out.write(bytes(2 * _BLOCK))

    def _header(self, name: str, length: int) -> None:
        info = tarfile.TarInfo(f"{self._space}/{name}")
        info.size, info.mtime, info.mode = length, self._at_s, 0o644
        self._out.write(info.tobuf(tarfile.PAX_FORMAT))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel that was read and is whole: every file is as its manifest says."""

    manifest: Manifest
    places: Mapping[str, tuple[int, int]]  # where in the archive a file begins, and its length
    path: Path

    @property
    def space(self) -> str:
        """The space that is in it."""
        return self.manifest.space

    def names(self, folder: str) -> list[str]:
        """The files below a folder of the parcel, sorted."""
        return sorted(name for name in self.places if name.startswith(folder))

    def read(self, name: str) -> bytes | None:
        """A file that fits into memory, None if there is none of that name."""
        if name not in self.places:
            return None
        start, length = self.places[name]
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def sha256(self, name: str) -> str:
        """Of a file that is in it."""
        return self.manifest.files[name].sha256


def opened(path: Path) -> Parcel:
    """The parcel in a file, read whole. `BadInput` names what is wrong with it."""
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            found = dict(_members(archive, file))
    except (tarfile.TarError, EOFError) as error:
        raise BadInput(_WHAT, expected="a tar archive that is whole", got=str(error)) from error
    except OSError as error:
        raise BadInput(_WHAT, expected="a readable file", got=error.strerror or "") from error
    if not found:
        raise BadInput(_WHAT, expected="an export of a space")
    manifest = _manifest(path, found)
    top = f"{manifest.space}/"
    names = {name.removeprefix(top): one for name, one in found.items() if name.startswith(top)}
    if len(names) != len(found):
        raise BadInput(_WHAT, expected=f"everything below {top}")
    names.pop(MANIFEST)
    for name, listed in manifest.files.items():
        if _NAME.fullmatch(name) is None:
            raise BadInput(_WHAT, expected="plain names", got=repr(name[:80]))
        if name not in names:
            raise BadInput(_WHAT, expected=f"{name}, which the manifest lists")
        if (names[name].length, names[name].sha256) != (listed.bytes, listed.sha256):
            raise BadInput(name, expected="the bytes that the manifest lists", got="others")
    if extra := sorted(names.keys() - manifest.files.keys()):
        raise BadInput(_WHAT, expected="only what the manifest lists", got=repr(extra[0][:80]))
    places = {name: (one.start, one.length) for name, one in names.items()}
    return Parcel(manifest, places, path)


@dataclass(frozen=True, slots=True)
class _Member:
    start: int
    length: int
    sha256: str


def _members(archive: tarfile.TarFile, file: IO[bytes]) -> Iterator[tuple[str, _Member]]:
    """All files of an archive, read whole."""
    seen: set[str] = set()
    for info in archive:
        if not info.isreg():
            raise BadInput(_WHAT, expected="plain files only", got=repr(info.name[:80]))
        if info.name in seen or len(seen) >= limits.PARCEL_FILES_COUNT:
            raise BadInput(_WHAT, expected="each name once, and not too many", got=repr(info.name))
        seen.add(info.name)
        at, digest = file.tell(), hashlib.sha256()
        file.seek(info.offset_data)
        left = info.size
        while left:
            piece = file.read(min(left, limits.STORE_READ_BYTES))
            if not piece:
                raise BadInput(
                    info.name, expected=f"{info.size} bytes", got="fewer: it was cut off"
                )
            digest.update(piece)
            left -= len(piece)
        file.seek(at)
        yield info.name, _Member(info.offset_data, info.size, digest.hexdigest())


def _manifest(path: Path, found: dict[str, _Member]) -> Manifest:
    last = next(reversed(found))
    space, _, name = last.partition("/")
    if name != MANIFEST or found[last].length > limits.PARCEL_MANIFEST_BYTES:
        raise BadInput(_WHAT, expected=f"{MANIFEST} at its end", got="none: it was cut off")
    with path.open("rb") as file:
        file.seek(found[last].start)
        data = file.read(found[last].length)
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadInput(MANIFEST, expected="a manifest", got=str(error)) from error
    if manifest.format != FORMAT:
        raise BadInput(MANIFEST, expected=f"format {FORMAT}", got=str(manifest.format))
    if checked(manifest.space) != space:
        raise BadInput(MANIFEST, expected=f"the space {space}", got=manifest.space)
    return manifest
