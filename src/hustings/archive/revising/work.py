"""Heavy work in a process of its own: niced, so that what is live goes first, and mortal.

The archive writes down what is to be done and starts a child, which says how far it is, line by
line, and ends. It dies with the archive. What it leaves behind when it dies is thrown away: the
folder that it writes to is its own.
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

from hustings.archive.clips.plan import ClipPlan
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


async def done(work: Work, *, folder: Path, progress: Callable[[float], None]) -> None:
    """Have `work` done by a child; `folder` is for its order. `progress` is told 0 to 1.

    Raises `WorkFailed`. Cancelled, it ends the child and waits for that.
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
    try:
        async for line in child.stdout:
            with contextlib.suppress(ValueError):
                progress(float(line))
        code = await child.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        raise
    finally:
        told = await said
    if code != 0:
        raise WorkFailed(f"{type(work).__name__.lower()} ended with {code}: {told}")


async def _last(stream: asyncio.StreamReader) -> str:
    """The end of what a stream says until it closes."""
    tail = b""
    while piece := await stream.read(65_536):
        tail = (tail + piece)[-_TELL_BYTES:]
    return tail.decode(errors="replace").strip()
