"""`hustings serve`: all roles and both NATS servers on one machine, nothing else installed.

Start-up, in order: lock the data folder, make keys, bind the ports, start `live` and `log`, start
every role, say where to look. Stopping goes the other way round, stages first, so that a live space
can be held and its last sound written while log and edges still run.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hustings import keys as keyring
from hustings import limits, process, run
from hustings.config import Settings
from hustings.errors import ConfigError
from hustings.log import subjects
from hustings.log.connect import connect
from hustings.log.contract import Live
from hustings.log.server import NatsServer
from hustings.supervisor import banner, disk
from hustings.supervisor.children import Child, pause_before

log = logging.getLogger("hustings.serve")

Keeping = Coroutine[None, None, None]

STOP_ORDER = ("captions", "stage", "gate", "web", "archive", "edge")
OPTIONAL = frozenset({"captions"})  # nobody waits for them, and nothing ends with them


def serve(settings: Settings) -> int:
    """Run everything until SIGTERM or Ctrl-C; returns the process's exit code."""
    process.log_to_stderr(settings.log_level)
    run.check_tls(settings)
    run.check_captions(settings)
    settings = per_core(settings)
    settings.folder.mkdir(parents=True, exist_ok=True)
    with _locked(settings.folder):
        return asyncio.run(_serve(settings))


def per_core(settings: Settings) -> Settings:
    """The settings with as many edges as there are cores to run on, if none were asked for."""
    cores = min(len(os.sched_getaffinity(0)), 64)
    return msgspec.structs.replace(settings, edges=settings.edges or cores)


async def _serve(settings: Settings) -> int:
    began = time.monotonic()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    keys = keyring.ensure(settings.folder)
    with _listeners(settings) as listeners:
        async with _servers(settings, keys) as (resolved, own_servers):
            passwords = keys.nats_passwords()
            own = msgspec.structs.replace(
                resolved, nats_user="serve", nats_password=passwords["serve"]
            )
            _, live, close = await connect(own, name="serve")
            try:
                roles = Roles(resolved, listeners, passwords, live, stopping)
                watching = _watching(own_servers, resolved, live)
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one) for one in (*watching, *roles.keepers())]
                    if await _all_ready(roles, stopping):
                        banner.show(settings, seconds=time.monotonic() - began)
                    await stopping.wait()
                    log.info("stopping")
                    await roles.stop()
                    for task in tasks:
                        task.cancel()
            finally:
                await close()
    return 1 if roles.hopeless else 0


@dataclass(slots=True)
class _Printer:
    """Prints the roles' lines with their names, aligned."""

    width: int

    def __call__(self, name: str, line: str) -> None:
        sys.stderr.write(f"{name:<{self.width}} | {line}\n")
        sys.stderr.flush()


class Roles:
    """All role processes of this machine."""

    def __init__(
        self,
        settings: Settings,
        listeners: dict[str, list[socket.socket]],
        passwords: dict[str, str],
        live: Live,
        stopping: asyncio.Event,
    ) -> None:
        self.hopeless = ""
        self._live = live
        self._stopping = stopping
        step_aside = not process.realtime_allowed()
        if step_aside:
            log.info("no real-time priority here: the other roles step aside for the stage")
        counts = {
            "stage": settings.stages,
            "edge": settings.edges,
            "captions": int(run.captions_wanted(settings)),
        }
        self.children: list[Child] = []
        for role in run.ROLES:
            for index in range(counts.get(role, 1)):
                own = msgspec.structs.replace(
                    settings, index=index, nats_user=role, nats_password=passwords[role]
                )
                sockets = listeners.get(run.SERVER_OF.get(role, ""), [])
                child = Child(
                    role,
                    own,
                    listener=sockets[index] if sockets else None,
                    step_aside=step_aside,
                    line=_Printer(max(len(r) for r in run.ROLES) + 2),
                    on_exit=self._gone,
                    hopeless=self._do_without if role in OPTIONAL else self._give_up,
                )
                self.children.append(child)

    def keepers(self) -> Iterator[Keeping]:
        """A coroutine per child that keeps it running."""
        for child in self.children:
            yield child.keep()

    async def stop(self) -> None:
        """Stop all children, role by role in `STOP_ORDER`."""
        for role in STOP_ORDER:
            await asyncio.gather(*(c.stop() for c in self.children if c.role == role))

    def _give_up(self, name: str) -> None:
        log.error("%s does not start, for the reason above: giving up", name)
        self.hopeless = name
        self._stopping.set()

    def _do_without(self, name: str) -> None:
        log.error("%s does not start, for the reason above: the others go on without it", name)

    async def _gone(self, instance: str) -> None:
        if instance.startswith("stage-"):
            # The other stage takes over at once: it need not wait for missed heartbeats.
            await self._live.publish(subjects.gone(instance), b"")


async def _all_ready(roles: Roles, stopping: asyncio.Event) -> bool:
    needed = (child for child in roles.children if child.role not in OPTIONAL)
    everyone = asyncio.gather(*(child.ready.wait() for child in needed))
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait((everyone, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if everyone.done():
        return True
    everyone.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await everyone
    return False


@asynccontextmanager
async def _servers(
    settings: Settings, keys: keyring.Keys
) -> AsyncIterator[tuple[Settings, list[NatsServer]]]:
    """Settings that name both NATS servers, and the own ones among them, started."""
    own: list[NatsServer] = []
    passwords = keys.nats_passwords()
    try:
        if not settings.live_servers:
            own.append(
                NatsServer(name="live", folder=settings.folder / "live", passwords=passwords)
            )
        if not settings.log_servers:
            own.append(NatsServer(name="log", folder=settings.folder / "log", passwords=passwords))
        await asyncio.gather(*(server.start() for server in own))
        for server in own:
            settings = msgspec.structs.replace(
                settings, **{f"{server.name}_servers": (server.url,)}
            )
        yield settings, own
    finally:
        await asyncio.gather(*(server.stop() for server in own))


def _watching(own: list[NatsServer], settings: Settings, live: Live) -> Iterator[Keeping]:
    """What keeps the own servers running."""

    async def tell(code: str, advice: str) -> None:
        notice = msgspec.json.encode({"code": code, "advice": advice})
        await live.publish(subjects.NOTICE, notice)

    for server in own:
        yield _keep_server(server, restart=settings.restart)
        if server.name == "log":
            yield disk.guard(server, settings.folder, tell)


async def _keep_server(server: NatsServer, *, restart: bool) -> None:
    young = 0
    while True:
        began = time.monotonic()
        code = await server.wait()
        log.warning("the %s server ended with code %s", server.name, code)
        if not restart:
            log.error("the %s server stays down: restarting is switched off", server.name)
            return
        young = 0 if time.monotonic() - began > limits.RESTART_FORGET_S else young
        while True:
            await asyncio.sleep(pause_before(young))
            young += 1
            try:
                await server.start()
                break
            except Exception as error:
                log.error("the %s server does not start: %s", server.name, error)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Only one `serve` may use a data folder; the second is told which process has it."""
    path = folder / "serve.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            raise ConfigError(
                "data",
                str(folder),
                allowed=f"a folder that no running `hustings serve` uses (process {holder} does)",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _listeners(settings: Settings) -> Iterator[dict[str, list[socket.socket]]]:
    made: dict[str, list[socket.socket]] = {}
    try:
        for server in ("studio", "listen", "gate"):
            count = settings.edges if server == "listen" else 1
            made[server] = []
            for _ in range(count):
                made[server].append(run.listen(settings, server))
        yield made
    finally:
        for sockets in made.values():
            for one in sockets:
                one.close()
