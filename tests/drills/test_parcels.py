"""`hustings export` and `hustings import` as an operator gives them: a space moves into a studio
that has never heard of it, where its new host finds it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hustings import cli, keys
from hustings.config import Settings
from hustings.space import Status
from hustings.store import decided, layout
from hustings.store.objects import Objects
from tests.archive.conftest import House, house, until
from tests.archive.script import SPACE, Script, Speaker
from tests.tones import timecode
from tests.web.running import EMAIL, engines, studio

__all__ = ["house"]


class Terminal:
    """Where commands are given, each in a thread: they have loops of their own."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    async def give(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """Give a command; its exit code and what it says."""
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        self._capture.readouterr()
        code = await asyncio.to_thread(cli.main, [*arguments, *flags])
        said = self._capture.readouterr()
        return code, said.out + said.err


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


async def _posted(house: House) -> None:
    script = Script()
    script.open("ada")
    script.go_live()
    pcm = timecode(10 * 0.32)
    script.stems(Speaker("ada").speak(pcm, at=0))
    script.live(pcm)
    script.end()
    await house.feed(script)

    async def written() -> bool:
        data = await house.objects.whole(layout.events(SPACE))
        state = None if data is None else decided.fold(SPACE, decided.decode(data))
        return state is not None and state.status is Status.POSTED

    async with house.archive():
        await until(written)


def _flags(house: House) -> dict[str, str]:
    settings = house.settings
    return {
        "data": settings.data,
        "live_servers": settings.live_servers[0],
        "log_servers": settings.log_servers[0],
        "nats_user": settings.nats_user,
        "nats_password": settings.nats_password,
    }


async def test_a_space_moves_into_another_studio(
    house: House, terminal: Terminal, tmp_path: Path
) -> None:
    await _posted(house)
    first, second, there = tmp_path / "a.tar", tmp_path / "b.tar", tmp_path / "there"
    code, said = await terminal.give("export", SPACE, str(first), **_flags(house))
    assert (code, "An evening" in said) == (0, True), said
    assert not first.with_name("a.tar.part").exists()
    async with (
        engines(there) as servers,
        studio(there, servers) as running,
        running.host(),
    ):
        pass  # it was started once, and its owner has an account
    data = {"data": str(there)}
    code, said = await terminal.give("import", str(first), "--check", **data)
    assert (code, await Objects.open(Settings(data=str(there))).list("spaces/")) == (0, []), said
    code, said = await terminal.give("import", str(first), "--owner", "nobody@example.org", **data)
    assert (code, "no account" in said) == (1, True), said
    for _ in range(2):
        code, said = await terminal.give("import", str(first), "--owner", EMAIL, **data)
        assert (code, f"a space of {EMAIL} now" in said) == (0, True), said
    code, said = await terminal.give("export", SPACE, str(second), **data)
    assert code == 0, said
    assert second.read_bytes() == first.read_bytes()
    async with (
        engines(there) as servers,
        studio(there, servers) as running,
        running.host() as host,
    ):
        assert "An evening" in (await host.get("/spaces")).text
        after = await host.get(f"/s/{SPACE}/after")
        assert after.status_code == 200
        receipt = await host.get(f"/s/{SPACE}/receipt.json")
        assert receipt.content == await house.objects.whole(layout.receipt(SPACE))


async def test_what_cannot_be_done_is_one_line(terminal: Terminal, tmp_path: Path) -> None:
    data = {"data": str(tmp_path / "data")}
    keys.ensure(tmp_path / "data")
    (tmp_path / "data/log").mkdir()
    (tmp_path / "no.tar").write_bytes(b"no tar" * 1000)
    for arguments, wanted in (
        (("export", "nothing1234", str(tmp_path / "x.tar")), "no space nothing1234"),
        (("export", "Not An Id", str(tmp_path / "x.tar")), "4 to 32 characters"),
        (("import", str(tmp_path / "no.tar")), "a tar archive that is whole"),
        (("import", str(tmp_path / "none.tar")), "No such file"),
    ):
        code, said = await terminal.give(*arguments, **data)
        assert (code, wanted in said, said.count("\n")) == (1, True, 1), said
    assert not list(tmp_path.glob("x.tar*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_full_disk_is_one_line(house: House, terminal: Terminal, tmp_path: Path) -> None:
    await _posted(house)
    (tmp_path / "x.tar.part").symlink_to("/dev/full")
    code, said = await terminal.give("export", SPACE, str(tmp_path / "x.tar"), **_flags(house))
    assert (code, "No space left on device" in said, said.count("\n")) == (1, True, 1), said
    assert not (tmp_path / "x.tar").exists()
