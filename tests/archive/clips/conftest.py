"""The recording, and a clip in all its shapes, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hustings.archive.clips.make import make
from hustings.archive.clips.plan import SHAPES
from tests.archive.clips.evening import planned, recorded


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    told: list[float] = []
    make(planned(), source, folder, progress=told.append, shapes=SHAPES)
    assert told == sorted(told)
    assert told[-1] == 1
    return folder
