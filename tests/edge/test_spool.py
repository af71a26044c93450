"""The spool costs no sound, whatever its disk does."""

from __future__ import annotations

from pathlib import Path

from hustings.edge.spool import Spool


async def test_what_cannot_be_removed_ends_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, bytes_max=1_000)
    await spool.keep_object("abcdefghij", "first", bytes(800))
    (tmp_path / "abcdefghij/first").unlink()
    (tmp_path / "abcdefghij/first").mkdir()
    await spool.keep_object("abcdefghij", "second", bytes(800))
    assert spool.bytes == 800
    assert await spool.object("abcdefghij", "second") == bytes(800)
