"""A space's salt is random, stays the same, and is for its owner's eyes only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hustings.archive import salt


def test_it_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    one = salt.kept(tmp_path / "one")
    assert len(one) == 32
    assert salt.kept(tmp_path / "one") == one
    assert salt.kept(tmp_path / "two") != one
    mode = stat.S_IMODE((tmp_path / "one" / salt.NAME).stat().st_mode)
    assert mode == 0o600


def test_what_is_cut_short_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / salt.NAME).write_bytes(b"short")
    (tmp_path / salt.NAME).with_suffix(".new").write_bytes(b"left over")
    assert len(salt.kept(tmp_path)) == 32


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root cannot be sure of /proc")
def test_a_disk_that_refuses_gives_none() -> None:
    assert salt.kept(Path("/proc/nowhere")) == b""
