"""Whatever happens to the log and to the archive: the posted replay is what was logged, to the
sample, and the receipt names what is missing."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path

import pytest

from bench import provenance
from hustings import keys, limits
from tests.archive import aftermath, storm

SEEDS = 20
SEEDS_PROOF = 1_000
EVIDENCE = Path(__file__).parents[2] / "docs/evidence/archive_storm.json"


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the archive waits for comes at once here."""
    monkeypatch.setattr(limits, "LOG_QUIET_S", 0.06)
    monkeypatch.setattr(limits, "LAST_CHUNK_S", 0.5)


async def _weather(seed: int, folder: Path, pair: keys.Keys) -> tuple[list[str], storm.Outcome]:
    made = storm.evening(seed)
    outcome = await storm.posted(seed, made, folder=folder, keys=pair)
    found = await asyncio.to_thread(
        aftermath.differences, made, outcome, public_pem=pair.receipt_public()
    )
    return found, outcome


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_storm_changes_nothing(tmp_path: Path, seed: int) -> None:
    found, _ = await _weather(seed, tmp_path, keys.ensure(tmp_path / "data"))
    assert found == []


@pytest.mark.proof
@pytest.mark.timeout(3_600)
async def test_a_thousand_storms_change_nothing(tmp_path: Path) -> None:
    pair = keys.ensure(tmp_path / "data")
    began, failed, kills, entries = time.monotonic(), dict[int, list[str]](), 0, 0
    for seed in range(SEEDS_PROOF):
        found, outcome = await _weather(seed, tmp_path / "one", pair)
        kills += outcome.kills
        entries += outcome.entries
        if found:
            failed[seed] = found
        shutil.rmtree(tmp_path / "one")
    told = {
        **provenance.stamp(),
        "name": "archive_storm",
        "machine": provenance.machine(),
        "seeds": f"0 to {SEEDS_PROOF - 1}",
        "kills": kills,
        "entries": entries,
        "failed": failed,
        "seconds": round(time.monotonic() - began),
    }
    EVIDENCE.write_text(json.dumps(told, indent=1) + "\n")
    assert failed == {}
