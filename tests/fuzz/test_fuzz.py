"""Ten minutes of coverage-guided fuzzing for each target; what is found fails, and is kept."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from bench import provenance
from tests.fuzz.targets import TARGETS

SECONDS = 600
ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "docs/evidence/fuzz.json"
_DONE = re.compile(r"DONE\s+cov: (\d+) ft: (\d+)")
_UNITS = re.compile(r"number_of_executed_units: (\d+)")


async def _fuzzed(target: str, found: Path, core: asyncio.Semaphore) -> tuple[int, str]:
    async with core:
        return await _run(target, found)


async def _run(target: str, found: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fuzz", target, "--seconds", str(SECONDS),
        "--found", str(found), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")


@pytest.mark.proof
@pytest.mark.timeout(SECONDS * (len(TARGETS) + 1))
async def test_nothing_is_found_in_ten_minutes_each(tmp_path: Path) -> None:
    rows, failed, cores = [], dict[str, str](), asyncio.Semaphore(os.cpu_count() or 1)
    ran = await asyncio.gather(*(_fuzzed(target, tmp_path, cores) for target in TARGETS))
    for target, (status, said) in zip(TARGETS, ran, strict=True):
        units, done = _UNITS.search(said), _DONE.search(said)
        if status != 0 or units is None or done is None:
            failed[target] = said[-2_000:]
            continue
        rows.append({
            "target": target,
            "seconds": SECONDS,
            "runs": int(units[1]),
            "blocks": int(done[1]),
            "features": int(done[2]),
        })  # fmt: skip
    assert failed == {}, [path.name for path in tmp_path.iterdir()]
    told = {
        **provenance.stamp(),
        "name": "fuzz",
        "machine": provenance.machine(),
        "targets": rows,
    }
    EVIDENCE.write_text(json.dumps(told, indent=1) + "\n")
