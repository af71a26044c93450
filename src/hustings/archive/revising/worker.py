"""The child that does heavy work on a recording: `python -m … ORDER PARENT`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from hustings import process
from hustings.archive.label import Label
from hustings.archive.revising import work
from hustings.space.cuts import Cuts

_NICE: Final = 10


def main(arguments: list[str]) -> None:
    """Carry out the order in a file; the lines on standard output are how much of it is done."""
    order, parent = arguments
    process.die_with_parent(int(parent))
    os.nice(_NICE)
    asked = work.decode(Path(order).read_bytes())
    match asked:
        case work.Master():
            _master(asked)
        case work.Rebuild():
            _rebuild(asked)
        case work.MakeClip():
            _clip(asked)


def _tell(part: float) -> None:
    sys.stdout.write(f"{part:.3f}\n")
    sys.stdout.flush()


def _master(asked: work.Master) -> None:
    from hustings.archive.chapters import headed
    from hustings.archive.revising import master

    source, target = Path(asked.source), Path(asked.target)
    found = master.measured(source)
    _tell(0.1)
    made = headed(asked.said.chapters or (), asked.duration_ms)
    master.master(
        source,
        target,
        found=found,
        label=replace(_label(asked.said), chapters=made),
        progress=lambda part: _tell(0.1 + 0.9 * part),
    )


def _rebuild(asked: work.Rebuild) -> None:
    from hustings.archive.rebuild import Plan, Without, rebuild

    plan = Plan(
        space=asked.space,
        slots=asked.slots,
        cuts=Cuts(asked.kept, asked.silenced),
        label=_label(asked.said),
        without=tuple(Without(one.seat, one.first, one.end) for one in asked.without),
        heads=asked.said.chapters,
        reel=asked.reel,
    )
    rebuild(Path(asked.source), Path(asked.folder), plan, progress=_tell)


def _label(said: work.Said) -> Label:
    return Label(
        title=said.title,
        artist=said.artist,
        series=said.series,
        date=said.date,
        address=said.address,
        description=said.description,
        picture=Path(said.picture).read_bytes() if said.picture else b"",
    )


def _clip(asked: work.MakeClip) -> None:
    from hustings.archive.clips import make

    make.make(
        asked.plan,
        Path(asked.source),
        Path(asked.folder),
        progress=_tell,
        shapes=asked.shapes,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
