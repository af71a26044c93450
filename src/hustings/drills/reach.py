"""The log of an installation, for an operator's command: whether Hustings runs or not.

In a cluster the settings name the servers. On one machine the log is a child of `hustings serve`;
where that does not run, the command starts the server itself for as long as it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from hustings.config import Settings
from hustings.errors import ConfigError
from hustings.keys import Keys
from hustings.log.connect import connect
from hustings.log.connection import Connection
from hustings.log.contract import Log
from hustings.log.jetstream import JetStreamLog
from hustings.log.server import NatsServer

_ROLE: Final = "archive"  # whose rights an export and an import need


@asynccontextmanager
async def reached(settings: Settings, *, name: str) -> AsyncIterator[Log]:
    """The log, with the archive's rights. `ConfigError` when there is none in these settings."""
    if settings.log_servers:
        log, _, close = await connect(settings, name=name)
        try:
            yield log
        finally:
            await close()
        return
    if not (settings.folder / "log").is_dir():
        raise ConfigError(
            "data", settings.data, allowed="the data folder of an installation that was started"
        )
    passwords = Keys(settings.folder / "keys").nats_passwords()
    server = NatsServer(name="log", folder=settings.folder / "log", passwords=passwords)
    async with contextlib.AsyncExitStack() as stack:
        if not await _answers(server.port):
            await server.start()
            stack.push_async_callback(server.stop)
        connection = Connection(name=f"{name} (log)", user=_ROLE)
        stack.push_async_callback(connection.close)
        await connection.open([server.url], password=passwords[_ROLE])
        yield JetStreamLog(connection)


async def _answers(port: int) -> bool:
    if port <= 0:
        return False
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
