"""The archive as a role: it finds its spaces, stops cleanly, and survives kill -9 at any point."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hustings import limits
from hustings.archive import service
from hustings.archive.recorder import BY, NOTHING_SAID
from hustings.archive.recording import Recording
from hustings.config import Settings
from hustings.crowd import Gauge, Here, Sketch, hashed
from hustings.crowd.gauge import encode
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.space import Event, Refusal, Role, Space, Status, fold
from hustings.space.command import OpenDoors, Publish, Schedule
from hustings.space.event import Ended, MessageRemoved, Posted, Scheduled, Withheld
from hustings.store import layout
from hustings.store.objects import Objects
from tests.archive.conftest import House, until
from tests.archive.script import SPACE, Script, Speaker
from tests.tones import timecode


def _evening(space: str = SPACE, *, chunks: int = 60) -> Script:
    script, ada = Script(space), Speaker("ada")
    script.open("ada")
    script.hold(2)
    script.go_live()
    for part in timecode(chunks * 0.32).reshape(-1, 15_360 * 5):
        script.stems(ada.speak(part, at=script.n * 15_360))
        script.live(part)
    script.end()
    return script


async def _posted(house: House, space: str = SPACE) -> bool:
    log, _ = await house.connect("web")
    state, _ = await read_state(log, space)
    return state is not None and state.status is Status.POSTED


async def _stored(objects: Objects) -> dict[str, bytes]:
    return {
        path: await objects.get(path, 0, 10_000_000)
        for path in await objects.list(layout.folder(SPACE))
    }


async def test_what_ended_while_it_was_away_is_posted(house: House) -> None:
    for space in (SPACE, "zyxwvutsrq"):
        await house.feed(_evening(space, chunks=5))
    async with house.archive():
        await until(lambda: _posted(house))
        await until(lambda: _posted(house, "zyxwvutsrq"))
    assert not any((house.settings.folder / "work").iterdir())


async def test_what_a_host_withheld_too_early_is_finished_all_the_same(house: House) -> None:
    script = _evening(chunks=5)
    script.event(Withheld(at_ms=1, by="account1", reason="later"))
    script.event(MessageRemoved(at_ms=2, by="account1", message="mess"))
    await house.feed(script)
    log, live = await house.connect("web")

    async def ready() -> bool:
        state, _ = await read_state(log, SPACE)
        return state is not None and state.recording_ready

    async with house.archive():
        await until(ready)
        publish = Publish(by="account1", role=Role.HOST)
        assert isinstance(await propose(log, live, SPACE, publish, now_ms=3), Space)
    assert await _posted(house)


def test_which_spaces_are_recorded() -> None:
    def needed(*events: Event) -> bool:
        state = fold(SPACE, events)
        assert state is not None
        return service._needs_recorder(state)

    at: dict[str, Any] = {"at_ms": 1}
    ended = Ended(by="a", at_ms=1)
    removed = MessageRemoved(by="a", message="mess", **at)
    assert not needed(Scheduled(by="a", title="T", **at))
    assert needed(ended)
    assert needed(ended, Withheld(by="a", **at), removed)
    # Withheld by the archive: nothing was said, or it waits for its host's review.
    assert not needed(ended, Withheld(by=BY, reason=NOTHING_SAID, **at), removed)
    finished = Withheld(by=BY, recording_seconds=1.0, receipt_sha256="ab", **at)
    assert not needed(ended, Withheld(by="a", **at), finished)
    assert not needed(ended, finished, removed)
    posted = Posted(by=BY, recording_seconds=1.0, receipt_sha256="ab", **at)
    assert not needed(ended, posted)
    assert not needed(ended, posted, Withheld(by="a", **at))


async def test_a_space_is_found_by_its_event(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RESCAN_S", 3600.0)
    log, live = await house.connect("web")
    async with house.archive():
        work = house.settings.folder / "work" / SPACE
        for command in (Schedule(by="a", title="T", starts_at_ms=10**13), OpenDoors(by="a")):
            assert not work.exists()
            answer = await propose(log, live, SPACE, command, now_ms=1)
            assert not isinstance(answer, Refusal)
        await until(_exists(work))


async def test_a_space_is_found_although_its_event_was_missed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RESCAN_S", 0.05)
    script = Script()
    script.open()
    async with house.archive():
        await house.feed(script, end=3)  # scheduled
        await asyncio.sleep(0.3)
        work = house.settings.folder / "work" / SPACE
        assert not work.exists()
        await house.feed(script, start=3)  # doors
        await until(_exists(work))


async def test_what_is_no_space_and_no_gauge_harms_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RESCAN_S", 0.05)
    _, stage = await house.connect("stage")
    _, edge = await house.connect("edge")
    async with house.archive():
        for name in ("X" * 500, "nowhere", "a-b"):
            await stage.publish(f"live.{name}.ev", b"{}")
        for gauge in (b"", b"[]", b'{"spaces": 1}', b'{"spaces": {"x": {"listening": "y"}}}'):
            await edge.publish("crowd.edge-0", gauge)
        await house.feed(_evening(chunks=5))
        await until(lambda: _posted(house))


async def test_the_crowd_is_posted_and_stands_in_the_receipt(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by edges; a restart of the archive in between loses none of it, nor changes the salt."""
    monkeypatch.setattr(limits, "CROWD_KEEP_S", 0.5)
    script = _evening(chunks=10)
    end = len(script.entries)
    await house.feed(script, end=end - 2)
    _, edge = await house.connect("edge")
    _, web = await house.connect("web")
    told: list[dict[str, int]] = []
    work = house.settings.folder / "work" / SPACE

    async def hear(message: Message) -> None:
        told.append(msgspec.json.decode(message.data))

    async def tell(**counts: int) -> None:
        for name, count in counts.items():
            sketch = Sketch()
            for i in range(count):
                sketch.add(hashed(f"visitor {i}", b"salt"))
            here = Here(listening=count, sketch=sketch.pack(), said={"clap": 5})
            await edge.publish(subjects.crowd(name), encode(Gauge(spaces={SPACE: here})))

    async def heard() -> bool:
        await tell(a=3, b=4)
        return bool(told) and told[-1]["peak"] == 7

    async def salt() -> bytes:
        return await edge.request(subjects.SALT, SPACE.encode(), timeout=2)

    await web.subscribe(subjects.crowd_whole(SPACE), hear)
    async with house.archive():
        await until(heard)
        assert len(known := await salt()) == 32
        moments = work / "crowd" / "moments"
        await until(_true(lambda: b'"peak":7' in moments.read_bytes()))
    told.clear()
    async with house.archive():
        await until(_true(lambda: bool(told)))
        assert (told[-1]["peak"], told[-1]["distinct"]) == (7, 4)
        assert await salt() == known
        await house.feed(script, start=end - 2)
        await until(lambda: _posted(house))
        await until(_true(lambda: not work.exists()))
        assert await salt() == b""
    stored = await _stored(house.objects)
    receipt = msgspec.json.decode(stored[layout.receipt(SPACE)])["receipt"]
    crowd = msgspec.json.decode(stored[layout.crowd(SPACE)])
    values = {name: count["value"] for name, count in receipt["counts"].items()}
    assert (values["listening_most"], values["listeners_distinct"]) == (7, 4)
    assert (crowd["peak"]["listening"], crowd["distinct"]["estimate"]) == (7, 4)
    assert crowd["reactions"]["clap"] >= 10
    listed = {file["name"]: file for file in receipt["files"]}
    assert listed["crowd.json"]["sha256"] == hashlib.sha256(stored[layout.crowd(SPACE)]).hexdigest()


async def test_it_stops_in_mid_recording(house: House) -> None:
    script = _evening()
    end = len(script.entries)
    await house.feed(script, end=end - 2)
    async with house.archive() as stopping:
        await until(_exists(house.settings.folder / "work" / SPACE / "recording" / "replay.frames"))
        began = time.monotonic()
        stopping.set()
    assert time.monotonic() - began < 2
    await house.feed(script, start=end - 2)
    async with house.archive():
        await until(lambda: _posted(house))


@pytest.fixture(scope="module")
def script() -> Script:
    return _evening()


@pytest.fixture(scope="module")
def undisturbed(script: Script, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an archive that nobody kills makes of the script, by place in the store."""
    folder = tmp_path_factory.mktemp("undisturbed") / "recording"
    address = f"{Settings().public_url('listen')}/s/{SPACE}"
    recording = Recording(SPACE, folder, address=address)
    for entry in script.entries:
        recording.apply(entry)
    finished = recording.finish(counts={})
    assert finished is not None
    packs = {
        layout.reel_pack(SPACE, pack.first): path.read_bytes()
        for pack, path, _ in recording.packs()
    }
    return packs | {
        layout.folder(SPACE) + file.name: (finished.folder / file.name).read_bytes()
        for file in finished.files
    }


@pytest.mark.parametrize("seed", range(2))
async def test_killed_in_mid_recording_it_makes_the_same_files(
    house: House, script: Script, undisturbed: dict[str, bytes], seed: int
) -> None:
    """The process is killed while it writes, and again while it finishes; another one goes on."""
    choice = random.Random(seed)
    work = house.settings.folder / "work" / SPACE / "recording"
    cuts = sorted(choice.sample(range(40, len(script.entries) - 2), 2))
    process = await house.process()
    try:
        begin = 0
        for cut in cuts:
            await house.feed(script, start=begin, end=cut)
            begin = cut
            await until(_exists(work))
            assert process.returncode is None
            process.kill()
            assert await process.wait() == -9
            assert work.exists(), "it died with its work unfinished"
            assert not await _posted(house)
            process = await house.process()
        await house.feed(script, start=begin)
        if seed:
            # Dies again on the way to the receipt.
            await until(lambda: _anything_stored(house.objects))
            process.kill()
            await process.wait()
            process = await house.process()
        await until(lambda: _posted(house))
        process.terminate()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    stored = await _stored(house.objects)
    assert layout.receipt(SPACE) in stored
    # What an archive has from elsewhere, or signs.
    for place in (layout.receipt, layout.crowd, layout.talk, layout.events):
        del stored[place(SPACE)]
    del stored[layout.receipt_number(SPACE, 1)]
    assert stored == undisturbed


async def test_nobody_records_when_nobody_restarts(house: House, script: Script) -> None:
    """The counterpart: without another process, nothing is posted."""
    process = await house.process()
    await house.feed(script, end=100)
    await until(_exists(house.settings.folder / "work" / SPACE / "recording"))
    process.kill()
    await process.wait()
    await house.feed(script, start=100)
    await asyncio.sleep(limits.LOG_QUIET_S + 1)
    assert not await _posted(house)


def _exists(path: Path) -> Callable[[], Awaitable[bool]]:
    return _true(path.exists)


def _true(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return condition()

    return holds


async def _anything_stored(objects: Objects) -> bool:
    return bool(await objects.list(layout.folder(SPACE)))
