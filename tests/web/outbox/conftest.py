"""Fixtures: a studio's own folder, which outlives it, and a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.outbox.postbox import Postbox, postbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as found:
        yield found
