"""Every packet that was captured, and every finding that was mended, once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
ENTRIES = sorted(CORPUS.glob("*/*"))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.parent.name}-{entry.name}")
def test_an_entry_of_the_corpus(entry: Path) -> None:
    TARGETS[entry.parent.name](entry.read_bytes())


def test_every_target_has_a_corpus() -> None:
    assert {entry.parent.name for entry in ENTRIES} == set(TARGETS)
