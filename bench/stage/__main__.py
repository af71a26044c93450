"""What the stage costs, loses and delays, against Janus AudioBridge: see docs/bench.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from bench import child, report
from bench.report import Row
from bench.stage import bill, crowded, ears, lossy, returns

Part = Callable[[Path, bool], Awaitable[list[Row]]]


async def _cost(folder: Path, quick: bool) -> list[Row]:
    return await bill.rows(folder, bill.QUICK if quick else bill.FULL)


async def _lines(folder: Path, quick: bool) -> list[Row]:
    return await lossy.rows(folder, lossy.QUICK if quick else lossy.FULL)


async def _crowded(folder: Path, quick: bool) -> list[Row]:
    return await crowded.rows(folder, crowded.QUICK if quick else crowded.FULL)


async def _ears(folder: Path, quick: bool) -> list[Row]:
    return await ears.rows(folder, ears.QUICK if quick else ears.FULL)


async def _returns(folder: Path, quick: bool) -> list[Row]:
    return await returns.rows(folder, returns.QUICK if quick else returns.FULL)


PARTS: Final[dict[str, Part]] = {
    "cost": _cost,
    "lines": _lines,
    "crowded": _crowded,
    "ears": _ears,
    "returns": _returns,
}
QUICK: Final = ("cost", "lines")  # the others start browsers and installations


async def main(*, quick: bool, parts: Sequence[str]) -> int:
    """Measure, print; returns 0 if all targets are met, or tied."""
    child.step_aside()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="hustings-bench-") as folder:
        for name in parts:
            rows += await PARTS[name](Path(folder) / name, quick)
    return report.show("stage", rounds=1 if quick else bill.FULL.rounds, rows=rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.stage", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument(
        "--quick", action="store_true", help="under a minute: one round of cost and lines"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    given = parser.parse_args()
    sys.exit(
        asyncio.run(
            main(quick=given.quick, parts=given.only or (QUICK if given.quick else tuple(PARTS)))
        )
    )
