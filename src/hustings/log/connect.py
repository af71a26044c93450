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


@dataclass(frozen=True, slots=True)
class Closer:
    """Closes both connections when called."""

    log: Connection
    live: Connection

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


async def connect(settings: Settings, *, name: str) -> tuple[Log, Live, Closer]:
    """Log and live path of a role, and what closes them.

    `name` is shown in the servers' monitoring. Waits for servers that are not there yet; raises
    `ConfigError` when settings name none, or the servers refuse the user.
    """
    for setting in ("log_servers", "live_servers"):
        if not getattr(settings, setting):
            raise ConfigError(setting, (), allowed="addresses of NATS servers when run alone")
    tls = _tls(settings)
    log = Connection(name=f"{name} (log)", user=settings.nats_user)
    live = Connection(name=f"{name} (live)", user=settings.nats_user)
    close = Closer(log, live)
    try:
        await log.open(settings.log_servers, password=settings.nats_password, tls=tls)
        await live.open(settings.live_servers, password=settings.nats_password, tls=tls)
    except BaseException:
        await close()
        raise
    return JetStreamLog(log, replicas=settings.log_replicas), NatsLive(live), close


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
