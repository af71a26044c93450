"""Real NATS servers for tests of any station: a live and a log server on free ports.

async with nats_servers(tmp_path) as (live_server, log_server, passwords):
    log, live, close = await connect_as("stage", live_server, log_server, passwords)
    ...
    await close()
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from hustings import keys
from hustings.config import Settings
from hustings.log.connect import Connections, connect
from hustings.log.contract import Live, Log
from hustings.log.server import NatsServer


@asynccontextmanager
async def nats_servers(
    folder: Path,
) -> AsyncIterator[tuple[NatsServer, NatsServer, dict[str, str]]]:
    """A running live server, a running log server, and the roles' passwords."""
    passwords = {role: f"{role}-password" for role in keys.ROLES}
    live = NatsServer(name="live", folder=folder / "live", passwords=passwords)
    log = NatsServer(name="log", folder=folder / "log", passwords=passwords)
    try:
        await live.start()
        await log.start()
        yield live, log, passwords
    finally:
        await live.stop()
        await log.stop()


def settings_as(
    role: str, live: NatsServer, log: NatsServer, passwords: Mapping[str, str]
) -> Settings:
    """Settings with which a role reaches the two servers."""
    return Settings(
        live_servers=(live.url,),
        log_servers=(log.url,),
        nats_user=role,
        nats_password=passwords[role],
    )


async def connect_as(
    role: str, live: NatsServer, log: NatsServer, passwords: Mapping[str, str]
) -> tuple[Log, Live, Connections]:
    """Log and live path with the rights of `role`, and what closes them."""
    return await connect(settings_as(role, live, log, passwords), name=f"test-{role}")


@asynccontextmanager
async def connected(
    role: str, live: NatsServer, log: NatsServer, passwords: Mapping[str, str]
) -> AsyncIterator[tuple[Log, Live]]:
    """`connect_as` that closes by itself."""
    record, path, close = await connect_as(role, live, log, passwords)
    try:
        yield record, path
    finally:
        await close()
