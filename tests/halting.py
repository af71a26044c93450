"""Halting another process, so that it certainly does nothing more."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path


async def halt(pid: int) -> None:
    """SIGSTOP; returns when the last thread stands still, which takes a busy machine a moment.

    SIGCONT lets it go on.
    """
    os.kill(pid, signal.SIGSTOP)
    threads = Path(f"/proc/{pid}/task")
    while any(
        (thread / "stat").read_text().rpartition(")")[2].split()[0] != "T"
        for thread in threads.iterdir()
    ):
        await asyncio.sleep(0.005)
