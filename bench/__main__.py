"""Runs every benchmark in turn; `--evidence DIR` keeps the results with commit and date.

A long program's parts are kept each by itself, so that one can be measured again alone (`--only`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench import provenance

# What is kept of it, and how it is asked for.
PROGRAMS: Final[dict[str, tuple[str, ...]]] = {
    name: (name,) for name in ("footprint", "edge", "join", "hls", "archive", "captions")
} | {
    f"stage_{part}": ("stage", "--only", part)
    for part in ("cost", "lines", "crowded", "ears", "returns")
}
LONG: Final = ("stage_crowded", "stage_ears", "stage_returns")  # they start browsers and houses


def main() -> int:
    """Run all; returns 1 if a program failed or missed a target."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute for each")
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="write the results here")
    parser.add_argument("--only", choices=PROGRAMS, action="append", help="this; may be repeated")
    given = parser.parse_args()
    worst = 0
    for name in given.only or [one for one in PROGRAMS if not (given.quick and one in LONG)]:
        program, *more = PROGRAMS[name]
        command = [sys.executable, "-m", f"bench.{program}", *more, "--json"]
        done = subprocess.run(
            command + ["--quick"] * given.quick, stdout=subprocess.PIPE, text=True, check=False
        )
        sys.stdout.write(done.stdout)
        worst = max(worst, done.returncode)
        if given.evidence is not None and done.stdout:
            given.evidence.mkdir(parents=True, exist_ok=True)
            stamped = {**provenance.stamp(), **json.loads(done.stdout)}
            (given.evidence / f"{name}.json").write_text(json.dumps(stamped, indent=1) + "\n")
    return worst


if __name__ == "__main__":
    sys.exit(main())
