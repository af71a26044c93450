"""Heavy work in a process of its own: niced, so that what is live goes first, and mortal.

The archive writes down what is to be done and starts a child, which says how far it is, line by
line, and ends. It dies with the archive, and when its time is up. What it leaves behind when it
dies is thrown away: the folder that it writes to is its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from hustings import limits
from hustings.archive.clips.plan import ClipPlan
from hustings.clock import CHUNK_MS
from hustings.errors import HustingsError
from hustings.space.cuts import Span
from hustings.space.replay import ClipShape

_TELL_BYTES: Final = 4_000  # of what a child says before it fails
_WORKER: Final = "hustings.archive.revising.worker"


class WorkFailed(HustingsError):
    """A child could not do its work; the text is for the operator's log."""


class Without(msgspec.Struct, frozen=True):
    """A seat that is not to be heard from slot `first` to `end`."""

    seat: str
    first: int
    end: int


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What files say of themselves; `picture` is the path of a JPEG, or empty. `chapters` are
    beginning and title, None for the automatic ones."""

    title: str
    artist: str = ""
    series: str = ""
    date: str = ""
    address: str = ""
    description: str = ""
    picture: str = ""
    chapters: tuple[tuple[int, str], ...] | None = None


class Rebuild(msgspec.Struct, frozen=True, kw_only=True, tag="rebuild"):
    """Make all files of a version in `folder` from those of the original in `source`.

    Where `without` names a seat, the sound is mixed anew without it. `reel`: that is the new
    original, with a reel of its own.
    """

    space: str
    source: str
    folder: str
    slots: int
    kept: tuple[Span, ...]
    silenced: tuple[Span, ...] = ()
    without: tuple[Without, ...] = ()
    reel: bool = False
    said: Said


class Master(msgspec.Struct, frozen=True, kw_only=True, tag="master"):
    """Make the mastered version of a replay."""

    source: str
    target: str
    duration_ms: int
    said: Said


class MakeClip(msgspec.Struct, frozen=True, kw_only=True, tag="clip"):
    """Make a clip's files in `folder`, from those of the published version in `source`."""

    plan: ClipPlan
    shapes: tuple[ClipShape, ...]
    source: str
    folder: str


Work: TypeAlias = Rebuild | Master | MakeClip


def encode(work: Work) -> bytes:
    """The work as a file."""
    return msgspec.json.encode(work)


def decode(data: bytes) -> Work:
    """The work in a file."""
    work: Work = msgspec.json.decode(data, type=Work)
    return work


def time_s(work: Work) -> float:
    """How long the work may take: nobody waits for it, but others wait behind it."""
    match work:
        case Rebuild():
            length_ms = work.slots * CHUNK_MS
        case Master():
            length_ms = work.duration_ms
        case MakeClip():
            length_ms = work.plan.duration_ms * max(1, len(work.shapes))
    return limits.WORK_LEAST_S + limits.WORK_RATIO * length_ms / 1000


async def done(work: Work, *, folder: Path, progress: Callable[[float], None]) -> None:
    """Have `work` done by a child; `folder` is for its order. `progress` is told 0 to 1.

    Raises `WorkFailed`, also when the time is up. However it is left, the child has ended.
    """
    order = folder / "order.json"
    await asyncio.to_thread(order.write_bytes, encode(work))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _WORKER, str(order), str(os.getpid())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    said = asyncio.create_task(_last(child.stderr))
    what = type(work).__name__.lower()
    try:
        async with asyncio.timeout(time_s(work)):
            await _follow(child.stdout, progress)
            code = await child.wait()
    except TimeoutError:
        raise WorkFailed(f"{what} was not done in {time_s(work):.0f} s") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        told = await said
    if code != 0:
        raise WorkFailed(f"{what} ended with {code}: {told}")


async def _follow(stream: asyncio.StreamReader, progress: Callable[[float], None]) -> None:
    async for line in stream:
        with contextlib.suppress(ValueError):
            progress(float(line))


async def _last(stream: asyncio.StreamReader) -> str:
    """The end of what a stream says until it closes."""
    tail = b""
    while piece := await stream.read(65_536):
        tail = (tail + piece)[-_TELL_BYTES:]
    return tail.decode(errors="replace").strip()
