"""`hustings serve` as a program: starts once, says what is wrong, leaves nobody behind."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from hustings import run
from hustings.config import Settings
from hustings.drills.installation import Installation, NotReady
from hustings.errors import ConfigError
from hustings.run import ROLES
from hustings.supervisor.service import per_core
from tests.journey.people import runs, until

pytestmark = pytest.mark.journey


async def test_start_restart_and_stop(tmp_path: Path) -> None:
    async with Installation(tmp_path) as installation:
        names = set(installation.processes())
        assert names == {*(f"{r}-0" for r in ROLES), "stage-1", "live", "log"}
        for url in (installation.studio_url, installation.gate_url, installation.listen_url):
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"{url}/healthz")).status_code == 200
        link = (tmp_path / "first-link").read_text().strip()
        assert any(link in line for line in installation.lines), "the first link is printed"

        pid = installation.kill("archive-0")
        assert await until(lambda: installation.processes().get("archive-0", pid) != pid, seconds=5)
        said = "archive-0 ended with signal 9"
        assert await until(lambda: any(said in line for line in installation.lines), seconds=5)

        children = list(installation.processes().values())
        os.kill(installation.pid, signal.SIGINT)
        assert await installation.ended() == 0
        assert not [pid for pid in children if runs(pid)]


def test_edges_share_one_port_and_there_is_one_for_each_core() -> None:
    settings = Settings(edges=0)
    resolved = per_core(settings)
    assert resolved.edges == len(os.sched_getaffinity(0))
    assert per_core(Settings(edges=3)).edges == 3
    with run.listen(Settings(edges=2, listen_port=_free_port()), "listen") as first:
        for edges in (0, 2):
            port = first.getsockname()[1]
            with run.listen(Settings(edges=edges, listen_port=port), "listen") as second:
                assert second.getsockname() == first.getsockname()
        with pytest.raises(ConfigError, match="listen_port"):
            run.listen(Settings(edges=1, listen_port=first.getsockname()[1]), "listen")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


async def test_a_second_start_is_refused(tmp_path: Path) -> None:
    async with Installation(tmp_path) as first:
        second = Installation(tmp_path)
        with pytest.raises(NotReady, match=f"process {first.pid} does"):
            await second.start()
        assert await second.ended() == 2


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        installation = Installation(tmp_path, {"gate_port": str(port)})
        with pytest.raises(NotReady, match=f"setting gate_port = {port} cannot be used"):
            await installation.start()
        assert await installation.ended() == 2


async def test_a_role_that_cannot_start_ends_the_start(tmp_path: Path) -> None:
    installation = Installation(tmp_path, {"database_url": "sqlite+aiosqlite:////nowhere/x.db"})
    with pytest.raises(NotReady, match="web-0 does not start"):
        await installation.start()
    assert await installation.ended() == 1


async def test_the_supervisor_is_killed(tmp_path: Path) -> None:
    async with Installation(tmp_path) as installation:
        children = list(installation.processes().values())
        os.kill(installation.pid, signal.SIGKILL)
        await installation.ended()
        assert await until(lambda: not any(map(runs, children)), seconds=12)
        await installation.start()
        assert installation.processes().keys() >= {"live", "log", "web-0"}
