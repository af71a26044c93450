"""What a child that hears a recording has to do, and how far it is: files in its folder.

job.json            what to do: language, engine, seats
stems/<seat>.opus   what to hear
<seat>.jsonl        what was heard: a line for each stretch, and a last one
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from hustings.captions.engine import Word


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. `models` is the operator's folder of models, or empty; `cache` where weights are
    unpacked."""

    language: str
    engine: str
    models: str
    cache: str
    seats: tuple[str, ...]


class Line(msgspec.Struct, frozen=True):
    """What was heard up to a sample of the stem; `done` is the last line of a seat."""

    to: int
    words: tuple[tuple[int, int, str], ...] = ()
    done: bool = False


def heard(folder: Path, seat: str) -> list[Word]:
    """The words of a seat, as far as it was heard."""
    return [Word(*word) for line in lines_of(folder, seat) for word in line.words]


def path_of(folder: Path, seat: str) -> Path:
    """Where what a seat said is kept."""
    return folder / f"{seat}.jsonl"


def lines_of(folder: Path, seat: str) -> list[Line]:
    """The lines that are whole: of a child that was killed the last may not be."""
    path = path_of(folder, seat)
    if not path.is_file():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    return [msgspec.json.decode(line, type=Line) for line in whole.splitlines()]
