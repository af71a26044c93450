"""All files of a recording as one ZIP archive, made while it is sent.

Nothing is compressed, since sound does not get smaller, so the archive's length is known before its
first byte. Blocks are read from the store one ahead of the archive, which asks for them without
waiting: no thread and no file is needed for it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeAlias

from zipstream import ZipStream  # type: ignore[import-untyped]

from hustings.edge import files
from hustings.errors import StoreError
from hustings.space import Space

_UNWANTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NOT_IN_NAMES: Final = re.compile(r'[<>:"/\\|?*]+')
_NAME_CHARS: Final = 80
_NAME_BYTES: Final = 100  # a title and a name together: file systems take 255 in all
# What is in it, and how it is called there. The rest is for programs.
_NAMES: Final = {
    "replay.m4a": "{title}.m4a",
    "master.m4a": "{title} - mastered.m4a",
    "replay.opus": "{title}.opus",
    "transcript.vtt": "{title}.vtt",
    "transcript.txt": "{title}.txt",
    "transcript.json": "{title} - transcript.json",
    "chapters.json": "{title} - chapters.json",
    "timeline.json": "{title} - timeline.json",
    "talk.json": "{title} - talk.json",
    "crowd.json": "{title} - crowd.json",
    "receipt.json": "receipt.json",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A file: its public name, its name in the archive, and its length in bytes."""

    name: str
    called: str
    size: int


def members(space: Space, sizes: Mapping[str, int]) -> list[Member]:
    """What belongs into the archive of a recording with these public files."""
    title = plain(space.title) or space.id
    found = [
        Member(name, called.format(title=title), sizes[name])
        for name, called in _NAMES.items()
        if name in sizes
    ]
    taken = {one.called.casefold() for one in found}
    for name, size in sizes.items():
        if not (seat := files.seat(name)):
            continue
        speaker = plain(space.seats[seat].name) if seat in space.seats else ""
        called = f"Tracks/{title} - {speaker or seat}.opus"
        if called.casefold() in taken:  # two of one name
            called = f"Tracks/{title} - {speaker} ({seat}).opus"
        taken.add(called.casefold())
        found.append(Member(name, called, size))
    return found


def plain(text: str) -> str:
    """Words as part of a file's name on any system."""
    line = _NOT_IN_NAMES.sub(" ", _UNWANTED.sub("", text))
    short = " ".join(line.split())[:_NAME_CHARS].encode()[:_NAME_BYTES]
    return short.decode(errors="ignore").strip(" .")


Read: TypeAlias = Callable[[Member], AsyncGenerator[bytes, None]]


class Bundle:
    """One archive, to be sent once. `len` is its length in bytes."""

    def __init__(self, held: Sequence[Member]) -> None:
        self._zip = ZipStream(sized=True)
        self._sources = [_Source(one) for one in held]
        for source in self._sources:
            self._zip.add(source, source.member.called, size=source.member.size)

    def __len__(self) -> int:
        return len(self._zip)

    async def blocks(self, read: Read) -> AsyncGenerator[bytes, None]:
        """The archive. `read` gives the file of a name, block by block."""
        made = iter(self._zip)
        for source in self._sources:
            async with aclosing(read(source.member)) as blocks:
                async for block in blocks:
                    source.ready = block
                    while source.ready is not None:
                        yield next(made)
            if source.left:
                raise StoreError(f"{source.member.name} is shorter than it was")
        for piece in made:
            yield piece


class _Source:
    """What the archive iterates over: one block at a time, put there before it is asked for."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.left = member.size
        self.ready: bytes | None = None

    def __iter__(self) -> Iterator[bytes]:
        while self.left:
            block = self.ready
            assert block is not None, "a block is read before it is asked for"
            self.ready = None
            self.left -= len(block)
            yield block
