"""A process and its place on the machine."""

from __future__ import annotations

import subprocess
import sys

KEPT = """
import gc
import hustings.stage.service
from hustings import process
process.keep_heap()
looked_at = len(gc.get_objects())
print(gc.get_freeze_count(), looked_at)
"""


def test_collections_do_not_look_through_what_start_up_has_made() -> None:
    """In a process of its own: what is kept is kept until the end."""
    done = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True)
    kept, looked_at = map(int, done.stdout.split())
    assert kept > 10_000
    assert looked_at < kept / 100
