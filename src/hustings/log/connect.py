"""From settings to a log and a live path: what a role opens when it starts."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from hustings.config import Settings
from hustings.errors import ConfigError
from hustings.log.connection import Connection
from hustings.log.contract import Live, Log
from hustings.log.jetstream import JetStreamLog
from hustings.log.live import NatsLive


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """The connections to both servers. Closes them when called."""

    settings: Settings
    tls: ssl.SSLContext | None
    log: Connection
    live: Connection

    async def open(self) -> None:
        """Connect to both, however long it takes; `ConfigError` when they refuse the user."""
        settings = self.settings
        password = settings.nats_password
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(
                    self.log.open(settings.log_servers, password=password, tls=self.tls)
                )
                group.create_task(
                    self.live.open(settings.live_servers, password=password, tls=self.tls)
                )
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def __call__(self) -> None:
        """Send what is buffered, and close both. Safe to call twice."""
        await self.live.close()
        await self.log.close()

    async def lost(self) -> None:
        """Return when a server has ended one of them for good: this process should end then."""
        waiting = [asyncio.ensure_future(one.lost.wait()) for one in (self.live, self.log)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()


def prepare(settings: Settings, *, name: str) -> tuple[Log, Live, Connections]:
    """Log and live path of a role, as during an outage until `Connections.open`.

    `name` is shown in the servers' monitoring. `ConfigError` when settings name no servers.
    """
    for setting in ("log_servers", "live_servers"):
        if not getattr(settings, setting):
            raise ConfigError(setting, (), allowed="addresses of NATS servers when run alone")
    tls = _tls(settings)
    log = Connection(name=f"{name} (log)", user=settings.nats_user)
    live = Connection(name=f"{name} (live)", user=settings.nats_user)
    connections = Connections(settings=settings, tls=tls, log=log, live=live)
    return JetStreamLog(log, replicas=settings.log_replicas), NatsLive(live), connections


async def connect(settings: Settings, *, name: str) -> tuple[Log, Live, Connections]:
    """Log and live path of a role, and what closes them.

    Waits for servers that are not there yet; raises `ConfigError` when settings name none, or the
    servers refuse the user.
    """
    log, live, connections = prepare(settings, name=name)
    try:
        await connections.open()
    except BaseException:
        await connections()
        raise
    return log, live, connections


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """How the servers' certificates are checked, if settings name an authority."""
    if not settings.nats_ca:
        return None
    try:
        return ssl.create_default_context(cafile=settings.nats_ca)
    except OSError as error:
        raise ConfigError(
            "nats_ca", settings.nats_ca, allowed=f"a file of PEM certificates ({error})"
        ) from error
