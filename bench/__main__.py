"""Runs every benchmark in turn; `--evidence DIR` keeps the results with commit and date."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench import provenance

PROGRAMS: Final = ("footprint", "edge", "join", "hls", "archive", "captions", "stage")


def main() -> int:
    """Run all; returns 1 if a program failed or missed a target."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute for each")
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="write the results here")
    given = parser.parse_args()
    worst = 0
    for name in PROGRAMS:
        command = [sys.executable, "-m", f"bench.{name}", "--json"]
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
