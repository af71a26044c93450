"""Fuzzing one target, guided by coverage: `python -m tests.fuzz TARGET --seconds 600`.

Starts from the corpus in `tests/fuzz/corpus/TARGET`. What it finds is written to `--found` (by
default the working directory) as `crash-…`, `timeout-…` or `oom-…`, and the program ends with a
status other than 0. A finding that is mended moves into the corpus.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["aioice.stun", "hustings.errors", "hustings.stage"]):
    from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
BYTES_MAX = 4_096
SLOW_S = 5
MEMORY_MB = 2_048


def main() -> None:
    """Fuzz until the time is over or something is found."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description="Fuzz one target.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--found", type=Path, default=Path())
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as grown:
        options = [
            sys.argv[0],
            f"-max_total_time={given.seconds}",
            f"-max_len={BYTES_MAX}",
            f"-timeout={SLOW_S}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={given.found}/",
            "-print_final_stats=1",
            grown,
            str(CORPUS / given.target),
        ]
        atheris.Setup(options, TARGETS[given.target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
