"""The gate's service: WHIP on the listening socket, until the role is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
from collections.abc import Callable, Iterator, Sequence

import uvicorn

from hustings import limits
from hustings.certificate import Certificate
from hustings.connection import Connection
from hustings.gate.refusals import Refusals
from hustings.gate.whip import Relays, Whip
from hustings.role import Context


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to the role, and tells when it serves."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the role."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets=sockets)
        self._ready()


async def serve(context: Context) -> None:
    """Serve WHIP until `context.stopping`; requests that are being answered may finish."""
    assert context.listener is not None
    settings = context.settings
    # What strangers send in place of HTTP is worth no line in the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    certificate = Certificate.of(settings, "gate")
    refusals = Refusals(context.live)
    whip = Whip(
        refusals=refusals,
        live=context.live,
        ticket_key=context.keys.ticket_public(),
        studio_url=settings.public_url("studio"),
        relays=Relays(settings.turn_urls, settings.turn_secret, settings.turn_ttl_s),
    )
    server = _Server(
        _config(whip, certificate, proxies=context.settings.trusted_proxies), ready=context.ready
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[context.listener]))
        looking = group.create_task(certificate.watch()) if certificate else None
        await context.stopping.wait()
        server.should_exit = True
        if looking is not None:
            looking.cancel()
    await refusals.close()


def _config(
    whip: Whip, certificate: Certificate | None, *, proxies: Sequence[str]
) -> uvicorn.Config:
    return uvicorn.Config(
        whip.app(),
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # The addresses that are counted are those behind the proxies, as in the studio.
        forwarded_allow_ips=["127.0.0.1", "::1", *proxies],
        limit_concurrency=limits.GATE_CONNECTIONS_COUNT,
        h11_max_incomplete_event_size=limits.HEAD_BYTES,
        timeout_graceful_shutdown=math.ceil(limits.GATE_PATIENCE_S),
        ssl_context_factory=(lambda *_: certificate.context) if certificate else None,
    )
