"""A PostgreSQL server of the tests' own: Debian's package, in a folder of its own.

It is started when a test first asks for a database, as an unprivileged user (it refuses root), on a
socket in its folder and no port, and stopped by its process id at the end of the session. What it
writes is not worth keeping: nothing is synced. Migrations themselves are tested on their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from hustings.web.database import Database

_VERSIONS: Final = Path("/usr/lib/postgresql")
_USERS: Final = ("hustings-tests", "postgres")
_START_S: Final = 30.0
_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


def programs() -> Path | None:
    """The folder of the newest server's programs, None if there is none here."""
    found = sorted(_VERSIONS.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Server:
    """One server. `database` makes databases; `stop` ends it and removes its folder."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self._process = process
        self._made: dict[Path, str] = {}
        self._count = 0
        self._pattern = ""

    @classmethod
    def start(cls) -> Server:
        """A new server in a new folder."""
        found = programs()
        assert found is not None, "Debian's package postgresql is needed: sh tests/prepare.sh"
        # A socket's address is short: not pytest's own folder.
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        become = _become(folder)
        data = folder / "data"
        _run([found / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync",
              "-E", "UTF8", "--locale", "C.UTF-8"], become)  # fmt: skip
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [found / "postgres", "-D", data, "-k", folder, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **become,
        )
        server = cls(folder, process)
        try:
            server._wait()
        except BaseException:
            server.stop()
            raise
        return server

    def database(self) -> str:
        """SQLAlchemy address of a new database, with nothing in it."""
        return self._address(self._create())

    def migrated(self, owner: Path) -> str:
        """That of `owner`'s database, with all tables. They are made once, and then copied."""
        if owner not in self._made:
            if not self._pattern:
                self._pattern = self._create()
                # A loop of its own: this is asked for within one.
                with ThreadPoolExecutor(1) as thread:
                    thread.submit(asyncio.run, _migrate(self._address(self._pattern))).result()
            self._made[owner] = self._create(self._pattern)
        return self._address(self._made[owner])

    def _create(self, pattern: str = "template1") -> str:
        self._count += 1
        name = f"test_{self._count}"
        with psycopg.connect(self._own("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {pattern}".encode())
        return name

    def stop(self) -> None:
        """End it at once, and forget what it held."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self) -> None:
        until = time.monotonic() + _START_S
        while True:
            assert self._process.poll() is None, "PostgreSQL did not start"
            try:
                psycopg.connect(self._own("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, "PostgreSQL does not answer"
                time.sleep(0.05)
            else:
                return

    def _own(self, name: str) -> str:
        return f"host={self._folder} user=tests dbname={name}"

    def _address(self, name: str) -> str:
        return f"postgresql+psycopg://tests@/{name}?host={self._folder}"


async def _migrate(address: str) -> None:
    database = Database(address)
    await database.migrate()
    await database.close()


def _become(folder: Path) -> dict[str, Any]:
    """The options that make a child the unprivileged user; none where we are one already."""
    if os.getuid() != 0:
        return {}
    user = _user()
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}


def _user() -> pwd.struct_passwd:
    for name in _USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    subprocess.run(
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _USERS[0]],
        check=True,
    )
    return pwd.getpwnam(_USERS[0])


def _run(command: list[str | Path], become: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, check=False, **become)
    assert done.returncode == 0, done.stderr.decode()


class Session:
    """The one server of a test session, started when it is first needed."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self.chosen = False

    @property
    def server(self) -> Server:
        """The server; the test is skipped where there is no PostgreSQL."""
        if self._server is None:
            if programs() is None:
                pytest.skip("needs Debian's package postgresql")
            self._server = Server.start()
        return self._server

    def url(self, owner: Path) -> str:
        """The address of the database of this data folder, "" for SQLite in it."""
        return self.server.migrated(owner) if self.chosen else ""

    def stop(self) -> None:
        """End the server, if there is one."""
        if self._server is not None:
            self._server.stop()
            self._server = None


session: Final = Session()
