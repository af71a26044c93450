"""One role in this process: the composition root, start-up steps in order.

1. logging, death signal, priority     4. log and live are connected
2. signals set `stopping`              5. the station's `serve`
3. the listening socket                6. connections are closed

SIGTERM stops this role, which may hand over to others of its kind; SIGINT says that all of them
stop (`hurry`).

An edge does not wait for step 4: what it has on disk is true while log and live are away.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

from hustings import extra, process
from hustings.certificate import Certificate
from hustings.config import Settings
from hustings.errors import ConfigError, LogError
from hustings.keys import Keys
from hustings.log.connect import prepare
from hustings.role import Context

log = logging.getLogger("hustings.run")

ROLES: Final = ("stage", "gate", "edge", "archive", "captions", "web")
SERVER_OF: Final = {"web": "studio", "edge": "listen", "gate": "gate"}

READY_FD: Final = "HUSTINGS_READY_FD"
LISTENER_FD: Final = "HUSTINGS_LISTENER_FD"
PARENT: Final = "HUSTINGS_PARENT"
STEP_ASIDE: Final = "HUSTINGS_STEP_ASIDE"

# What these serve from disk does not depend on log and live.
PATIENT: Final = frozenset({"edge"})

# Of connections that nobody has accepted yet; the system has its own bound (net.core.somaxconn),
# beyond which a visitor's first packet is lost and sent again a second later.
BACKLOG: Final = 65_535
_REST_S: Final = 0.1


def run(role: str, settings: Settings) -> int:
    """Run one role until SIGTERM or SIGINT; returns the process's exit code."""
    process.log_to_stderr(settings.log_level)
    if parent := os.environ.get(PARENT):
        process.die_with_parent(int(parent))
    if os.environ.get(STEP_ASIDE) and role != "stage":
        process.step_aside()
    check_tls(settings)
    if role == "captions":
        check_captions(settings, asked=True)
    asyncio.run(_serve(role, settings))
    return 0


async def _serve(role: str, settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    hurry = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    loop.add_signal_handler(signal.SIGINT, _both, stopping, hurry)
    instance = process.instance(role, settings.index, os.getpid())
    listener = _listener(role, settings)
    store_log, live, connections = prepare(settings, name=instance)
    opening = asyncio.create_task(connections.open())
    stopped = asyncio.create_task(stopping.wait())
    if role not in PATIENT:
        await asyncio.wait((opening, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            opening.cancel()
            return
        await opening
    context = Context(
        settings=settings,
        instance=instance,
        log=store_log,
        live=live,
        keys=Keys(settings.folder / "keys"),
        listener=listener,
        ready=_ready,
        stopping=stopping,
        hurry=hurry,
    )
    serve: Callable[[Context], Awaitable[None]]
    serve = importlib.import_module(f"hustings.{role}.service").serve
    try:
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(_die_when(connections.lost()))]
            if not opening.done():
                watching.append(group.create_task(_opened(opening)))
            await serve(context)
            for task in watching:
                task.cancel()
    except ExceptionGroup as failed:
        refused = failed.subgroup(ConfigError)
        if refused is None:
            raise
        raise refused.exceptions[0] from None
    finally:
        stopped.cancel()
        opening.cancel()
        await connections()
        await _end_leftovers()
        if listener is not None:
            listener.close()


def _both(stopping: asyncio.Event, hurry: asyncio.Event) -> None:
    hurry.set()
    stopping.set()


async def _die_when(lost: Coroutine[None, None, None]) -> None:
    """End the role when a NATS server has closed its connection for good."""
    await lost
    raise LogError("a NATS server has closed the connection for good")


async def _opened(opening: asyncio.Task[None]) -> None:
    """End the role when the servers, once they are there, refuse it."""
    await opening


async def _end_leftovers() -> None:
    """Cancel what libraries have left running, as often as it takes.

    Before Python 3.12, `asyncio.wait_for` may swallow a cancellation that arrives together with its
    result; the NATS client's reconnecting then goes on for ever, and with it this process.
    """
    left = asyncio.all_tasks() - {asyncio.current_task()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.1)
    # As `Objects.close`: of requests to a store that were cancelled just now, too.
    await asyncio.sleep(_REST_S)


def _ready() -> None:
    """Tell whoever started this process that the role can do its work."""
    if descriptor := os.environ.pop(READY_FD, ""):
        with contextlib.suppress(OSError):
            os.write(int(descriptor), b"1")
            os.close(int(descriptor))


def _listener(role: str, settings: Settings) -> socket.socket | None:
    server = SERVER_OF.get(role)
    if server is None:
        return None
    if descriptor := os.environ.pop(LISTENER_FD, ""):
        inherited = socket.socket(fileno=int(descriptor))
        inherited.setblocking(False)
        return inherited
    return listen(settings, server)


def listen(settings: Settings, server: str) -> socket.socket:
    """The listening socket of `studio`, `listen` or `gate`; `ConfigError` if it cannot be had."""
    port = getattr(settings, f"{server}_port")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Whoever is accepted inherits it. Without it head and body of an answer, which are written one
    # after the other, are 40 ms apart: asyncio sets it only on sockets that name their protocol.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if server == "listen" and settings.edges != 1:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind((settings.host, port))
    except OSError as error:
        made.close()
        raise ConfigError(
            f"{server}_port", port, allowed=f"a free port on {settings.host} ({error.strerror})"
        ) from error
    made.listen(BACKLOG)
    made.setblocking(False)
    return made


def captions_wanted(settings: Settings) -> bool:
    """Whether the role `captions` runs here: as it is set, or where its extra is installed."""
    return settings.captions == "on" or (
        settings.captions == "auto" and not extra.missing("captions")
    )


def check_captions(settings: Settings, *, asked: bool = False) -> None:
    """`ConfigError` where captions are asked for, by setting or command, and cannot be had."""
    asked = asked or settings.captions == "on"
    if asked and (missing := extra.missing("captions")):
        raise ConfigError(
            "captions",
            settings.captions,
            allowed=f"on after `pip install hustings[captions]`; missing: {', '.join(missing)}",
        )


def check_tls(settings: Settings) -> None:
    """Load every certificate once, so that a bad one stops the start and not a handshake."""
    for server in ("studio", "listen", "gate"):
        Certificate.of(settings, server)
