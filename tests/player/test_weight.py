"""The page is light: everything a visitor downloads before the first sound."""

from __future__ import annotations

import gzip
from typing import Final

from tests.player.server import PLAYER

# 30 kB take 0.24 s at 1 Mbit/s, a poor mobile line; comments are a third of it.
COMPRESSED_BYTES: Final = 30_000
SERVED: Final = (".js", ".css", ".html", ".svg")


def test_everything_together_is_small() -> None:
    files = [path for path in PLAYER.rglob("*") if path.suffix in SERVED]
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in files}
    assert len(sizes) > 10
    assert sum(sizes.values()) <= COMPRESSED_BYTES, sizes
