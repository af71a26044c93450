"""Running servers and connections for the log's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hustings.log.connect import Connections
from hustings.log.contract import Live, Log
from hustings.log.server import NatsServer
from tests.servers import connect_as, nats_servers

SPACE = "abcdefghij"


@dataclass(slots=True)
class Servers:
    """Two running servers; `role` opens a connection that the fixture closes."""

    live: NatsServer
    log: NatsServer
    passwords: dict[str, str]
    closers: list[Connections] = field(default_factory=list)

    async def role(self, role: str) -> tuple[Log, Live]:
        log, live, close = await connect_as(role, self.live, self.log, self.passwords)
        self.closers.append(close)
        return log, live


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Servers]:
    async with nats_servers(folder) as (live, log, passwords):
        made = Servers(live, log, passwords)
        try:
            yield made
        finally:
            for close in made.closers:
                await close()


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    async with running(tmp_path) as made:
        yield made
