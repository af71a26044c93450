"""A child process: one role, started, watched, restarted with backoff, stopped in good order.

The listening socket is made by the supervisor and handed down, so that while a role restarts its
callers wait in the backlog instead of being refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable

from hustings import config, limits, process, run
from hustings.config import Settings

log = logging.getLogger("hustings.serve")

Line = Callable[[str, str], None]


def pause_before(restarts: int) -> float:
    """Seconds to wait before restart number `restarts` (from 0) of a child that dies young."""
    pauses = limits.RESTART_BACKOFF_S
    return pauses[min(restarts, len(pauses) - 1)]


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as environment variables: how a role gets the same ones as its supervisor."""
    out = {}
    for name in config.names():
        value = getattr(settings, name)
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        out[config.ENVIRONMENT_PREFIX + name.upper()] = (
            text.lower() if isinstance(value, bool) else text
        )
    return out


class Child:
    """One role's process, through all its restarts.

    `line` is called with the child's name and each line it prints. `on_exit` is awaited with the
    instance's name as soon as the process has ended, before any pause. A child that dies
    `limits.START_TRIES_COUNT` times before it was ever ready will not come up: `hopeless` is then
    called with its name, and it is left alone.
    """

    def __init__(
        self,
        role: str,
        settings: Settings,
        *,
        listener: socket.socket | None,
        step_aside: bool,
        line: Line,
        on_exit: Callable[[str], Awaitable[None]],
        hopeless: Callable[[str], None],
    ) -> None:
        self.role = role
        self.name = f"{role}-{settings.index}"
        self.ready = asyncio.Event()
        self.deaths = 0
        self._settings = settings
        self._listener = listener
        self._step_aside = step_aside
        self._line = line
        self._on_exit = on_exit
        self._hopeless = hopeless
        self._was_ready = False
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        running = self._process
        return running.pid if running is not None and running.returncode is None else None

    async def keep(self) -> None:
        """Start, and restart as often as it dies, until `stop`."""
        young = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._once()
            if self._stopping.is_set():
                return
            lived = time.monotonic() - began
            log.warning("%s ended with %s after %.1f s", self.name, _meaning(code), lived)
            self.deaths += 1
            if not self._was_ready and self.deaths >= limits.START_TRIES_COUNT:
                self._hopeless(self.name)
                return
            if not self._settings.restart:
                log.error("%s stays down: restarting is switched off", self.name)
                return
            young = 0 if lived > limits.RESTART_FORGET_S else young
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_before(young))
            young += 1

    async def stop(self) -> None:
        """SIGINT, which says that all roles stop, then after the grace period SIGKILL; returns when
        it has ended."""
        self._stopping.set()
        child = self._process
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(child.wait(), limits.STOP_GRACE_S)
        except TimeoutError:
            log.warning("%s did not stop in %.0f s: killed", self.name, limits.STOP_GRACE_S)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def _once(self) -> int:
        ready_read, ready_write = os.pipe()
        passed = [ready_write]
        environment = {
            **os.environ,
            **environment_of(self._settings),
            run.READY_FD: str(ready_write),
            run.PARENT: str(os.getpid()),
        }
        if self._step_aside:
            environment[run.STEP_ASIDE] = "1"
        if self._listener is not None:
            passed.append(self._listener.fileno())
            environment[run.LISTENER_FD] = str(self._listener.fileno())
        try:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hustings", "run", self.role),
                env=environment,
                pass_fds=passed,
                start_new_session=True,  # Ctrl-C reaches the supervisor, which stops in order
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        finally:
            os.close(ready_write)
        self._process = child
        if self._stopping.is_set():
            child.terminate()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch_ready(ready_read))
            reading = group.create_task(self._forward(child))
            code = await child.wait()
            self.ready.clear()
            await self._on_exit(process.instance(self.role, self._settings.index, child.pid))
            watching.cancel()
            await asyncio.wait((reading,), timeout=1.0)
            reading.cancel()
        return code

    async def _watch_ready(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(descriptor, readable.set)
        try:
            await readable.wait()
            if os.read(descriptor, 1):
                self._was_ready = True
                self.ready.set()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    async def _forward(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        while True:
            try:
                line = await child.stdout.readline()
            except ValueError:  # longer than the stream's limit: the rest follows as lines
                continue
            if not line:
                return
            self._line(self.name, line.decode(errors="replace").rstrip())


def _meaning(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
