"""A whole installation in a folder of its own: `hustings serve` as a child, on free ports.

For programs that exercise the product as it is run: the demo, journeys, benchmarks. It knows the
roles' processes by looking at the supervisor's children, so it can end any of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from hustings.errors import HustingsError

READY_S: Final = 30.0
STOP_S: Final = 30.0
_TAIL_LINES: Final = 40


class NotReady(HustingsError):
    """The installation did not come up; carries the last lines it printed."""


@dataclass(slots=True)
class Installation:
    """`hustings serve` on loopback, its data in `folder`. An asynchronous context manager."""

    folder: Path
    flags: Mapping[str, str] = field(default_factory=dict)
    ready_s: float = 0.0
    studio_url: str = ""
    listen_url: str = ""
    gate_url: str = ""
    media_port: int = 0
    lines: list[str] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _reading: asyncio.Task[None] | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Installation:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start, and return when every role is ready; `NotReady` after `READY_S`."""
        if not self.media_port:
            self._choose_ports()
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in self._all_flags()]
        self._ready.clear()
        began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hustings", "serve", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            (ready, self._reading), timeout=READY_S, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if not self._ready.is_set():
            raise NotReady("hustings serve is not ready:\n" + "\n".join(self.lines[-_TAIL_LINES:]))
        self.ready_s = time.monotonic() - began

    async def stop(self) -> int:
        """SIGTERM, as Ctrl-C does; returns the exit code."""
        child = self._process
        if child is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the supervisor's end and the end of its output; returns the exit code."""
        child = self._process
        assert child is not None
        try:
            code = await asyncio.wait_for(child.wait(), STOP_S)
        except TimeoutError:
            child.kill()
            code = await child.wait()
        if self._reading is not None:
            await asyncio.wait((self._reading,), timeout=5.0)
            self._reading.cancel()
            self._reading = None
        self._process = None
        return code

    def processes(self) -> dict[str, int]:
        """Process ids by name: `stage-0`, `edge-0`, `web-0` ..., `live` and `log`."""
        found = {}
        for pid in _children(self.pid):
            name = _name(pid)
            if name:
                found[name] = pid
        return found

    def kill(self, name: str) -> int:
        """End one process of `processes` with SIGKILL; returns its process id."""
        pid = self.processes()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def _all_flags(self) -> list[tuple[str, str]]:
        return [
            ("data", str(self.folder)),
            ("studio_port", self.studio_url.rsplit(":", 1)[1]),
            ("listen_port", self.listen_url.rsplit(":", 1)[1]),
            ("gate_port", self.gate_url.rsplit(":", 1)[1]),
            ("media_port", str(self.media_port)),
            *self.flags.items(),
        ]

    def _choose_ports(self) -> None:
        with contextlib.ExitStack() as held:
            ports = [_free_port(held, socket.SOCK_STREAM) for _ in range(3)]
            self.media_port = _free_pair(held)
        self.studio_url, self.listen_url, self.gate_url = (
            f"http://localhost:{port}" for port in ports
        )

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            text = line.decode(errors="replace").rstrip()
            self.lines.append(text)
            if "Hustings is ready" in text:
                self._ready.set()


def _free_port(held: contextlib.ExitStack, kind: socket.SocketKind) -> int:
    probe = held.enter_context(socket.socket(socket.AF_INET, kind))
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    return port


def _free_pair(held: contextlib.ExitStack) -> int:
    """A port of UDP and TCP whose successor is free too: one for each stage process."""
    while True:
        port = _free_port(held, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError, OverflowError):
            for number, kind in (
                (port, socket.SOCK_STREAM),
                (port + 1, socket.SOCK_DGRAM),
                (port + 1, socket.SOCK_STREAM),
            ):
                probe = held.enter_context(socket.socket(socket.AF_INET, kind))
                probe.bind(("127.0.0.1", number))
            return port


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(after_name[1]) == parent and after_name[0] != "Z":
                    found.append(int(entry.name))
    return found


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    except OSError:
        return ""
    if "run" in words:
        index = next((v for v in environment if v.startswith("HUSTINGS_INDEX=")), "=0")
        return f"{words[words.index('run') + 1]}-{index.partition('=')[2]}"
    for name in ("live", "log"):
        if any(f"/{name}/" in word for word in words):
            return name
    return ""
