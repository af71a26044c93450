"""This machine's boot: its id, and the clock that runs since then.

The boot clock carries the chunk number over a takeover, because unlike the monotonic clock it does
not stand still while the machine sleeps, and unlike the wall clock nobody sets it.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Final

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> bytes:
    """16 bytes that are the same for every process since the last start of the machine.

    Where the system names no boot they are new for each process, so that a takeover goes by the log
    server's stamps.
    """
    try:
        return uuid.UUID(_BOOT_ID.read_text().strip()).bytes
    except (OSError, ValueError):
        return uuid.uuid4().bytes


def boottime_ns() -> int:
    """Time since the machine started, sleep included (CLOCK_BOOTTIME; monotonic elsewhere)."""
    clock_id = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock_id)


def at_ns(monotonic_ns: int) -> int:
    """The boot clock's reading when the monotonic one says so, as far as they go on alike."""
    return boottime_ns() - (time.monotonic_ns() - monotonic_ns)
