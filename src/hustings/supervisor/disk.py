"""The disk guard: a full disk must not end a recording for good.

JetStream stops accepting appends on a full disk and does not recover by itself when space returns.
So the guard keeps a ballast file beside the log. When free space falls under a threshold it says so
and frees the ballast, which gives the running spaces some minutes. If the disk was full already
it restarts the log server on the freed space; when more is back it restarts it again and lays the
ballast anew. The stage buffers meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from hustings import limits
from hustings.log.server import NatsServer

Tell = Callable[[str, str], Awaitable[None]]

log = logging.getLogger("hustings.disk")

LOW_BYTES: Final = limits.LOG_BALLAST_BYTES // 2
BACK_BYTES: Final = limits.LOG_BALLAST_BYTES * 2
FULL_BYTES: Final = 1024 * 1024  # a write may have failed already


async def guard(server: NatsServer, folder: Path, tell: Tell) -> None:
    """Watch the free space of `folder`, once in `limits.DISK_LOOK_S`, without end.

    `tell(code, advice)` lets every host know.
    """
    low = False
    server.ensure_ballast()
    while True:
        await asyncio.sleep(limits.DISK_LOOK_S)
        free = shutil.disk_usage(folder).free
        if not low and free < LOW_BYTES:
            low = True
            server.free_ballast()
            log.error("disk almost full (%d MiB free): the recording is at risk", free >> 20)
            await tell("disk_low", "The server's disk is almost full: the recording is at risk.")
            if free < FULL_BYTES:
                await server.stop()  # whoever keeps the server starts it again
        elif low and free > BACK_BYTES:
            low = False
            log.warning("disk space is back: the log server restarts")
            await server.stop()
            server.ensure_ballast()
            await tell("disk_back", "The server's disk has room again; the recording goes on.")
