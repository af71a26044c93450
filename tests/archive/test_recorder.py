"""A recorder against a real log and a real store: it posts what it should, when it should."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hustings import chunk, keys, limits
from hustings.archive import receipt
from hustings.archive.recorder import NOTHING_SAID, Recorder
from hustings.archive.recording import Recording
from hustings.config import Settings
from hustings.log.follow import read_state
from hustings.log.jetstream import JetStreamLog
from hustings.log.memory import MemoryLive, MemoryLog
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Publishing, Refusal, Role, Space, Status
from hustings.space import event as e
from hustings.space.command import Publish, Withhold
from hustings.stem import StemPacket
from hustings.store import layout
from hustings.store.objects import Objects
from tests.archive.conftest import House
from tests.archive.script import SPACE, Script, Speaker, feed
from tests.tones import decode_file, read_timecode, timecode


def _evening(*, chunks: int = 10) -> Script:
    script = Script()
    script.open("ada")
    script.hold(2)
    script.go_live()
    pcm = timecode(chunks * 0.32)
    script.stems(Speaker("ada").speak(pcm, at=script.n * 15_360))
    script.live(pcm)
    script.end()
    return script


async def _recorder(house: House, folder: Path) -> Recorder:
    log, live = await house.connect("archive")
    return Recorder(
        SPACE, folder=folder, log=log, live=live, objects=house.objects, keys=house.keys
    )


async def _state(house: House) -> Space:
    log, _ = await house.connect("web")
    space, _ = await read_state(log, SPACE)
    assert space is not None
    return space


async def test_an_evening_is_posted_with_all_its_files(house: House, tmp_path: Path) -> None:
    await house.feed(_evening())
    work = tmp_path / "work"
    recorder = await _recorder(house, work)
    await recorder.run()
    space = await _state(house)
    assert space.status is Status.POSTED
    assert space.recording_seconds == pytest.approx(3.2)
    objects = house.objects
    assert await objects.list(layout.folder(SPACE)) == sorted(
        [
            layout.replay_aac(SPACE),
            layout.replay_opus(SPACE),
            layout.stem(SPACE, "ada"),
            layout.timeline(SPACE),
            layout.chapters(SPACE),
            layout.waveform(SPACE),
            layout.talk(SPACE),
            layout.crowd(SPACE),
            layout.events(SPACE),
            layout.receipt(SPACE),
            layout.receipt_number(SPACE, 1),
            layout.reel_index(SPACE),
            layout.reel_pack(SPACE, 0),
        ]
    )
    data = await objects.get(layout.receipt(SPACE), 0, 1_000_000)
    assert hashlib.sha256(data).hexdigest() == space.receipt_sha256
    store = house.settings.folder / "store" / "spaces" / SPACE
    files = {name: store / name for name in receipt.names(data)}
    assert len(files) == 9
    assert receipt.verify(data, house.keys.receipt_public(), files) == []
    assert len(read_timecode(decode_file(store / "replay.m4a"))) >= 31
    assert json.loads(data)["receipt"]["counts"]["listening_most"]["value"] == 0
    assert not work.exists()


async def test_it_follows_while_live_and_posts_after_the_last_chunk(
    house: House, tmp_path: Path
) -> None:
    script = _evening()
    end = len(script.entries)
    await house.feed(script, end=end - 2)
    running = asyncio.create_task((await _recorder(house, tmp_path / "work")).run())
    await house.feed(script, start=end - 2, end=end - 1)  # "ended", the mark is still to come
    await asyncio.sleep(limits.LOG_QUIET_S + 0.3)
    assert not running.done()
    began = time.monotonic()
    await house.feed(script, start=end - 1)
    await running
    assert time.monotonic() - began < limits.POST_S
    assert (await _state(house)).status is Status.POSTED


async def test_a_stage_that_died_is_not_waited_for_long(house: House, tmp_path: Path) -> None:
    script = _evening()
    await house.feed(script, end=len(script.entries) - 1)
    recorder = await _recorder(house, tmp_path / "work")
    began = time.monotonic()
    await recorder.run()
    took_s = time.monotonic() - began
    assert limits.LAST_CHUNK_S <= took_s < limits.POST_S
    assert (await _state(house)).recording_seconds == pytest.approx(3.2)


async def test_stems_that_come_after_the_last_mark_are_taken(house: House, tmp_path: Path) -> None:
    script = _evening()
    whole = len(script.entries)
    script.stems(Speaker("bob").speak(timecode(0.1), at=3 * 15_360))
    await house.feed(script, end=whole)
    running = asyncio.create_task((await _recorder(house, tmp_path / "work")).run())
    await house.feed(script, start=whole)
    await running
    assert await house.objects.size(layout.stem(SPACE, "bob"))


async def test_nothing_said_is_withheld(house: House, tmp_path: Path) -> None:
    script = Script()
    script.open()
    script.hold(2)
    script.event(
        e.WentLive(at_ms=1, by="account1"), e.Held(at_ms=2, by="account1"),
        e.Ended(at_ms=3, by="account1"),
    )  # fmt: skip
    await house.feed(script)
    await (await _recorder(house, tmp_path / "work")).run()
    space = await _state(house)
    assert (space.status, space.reason) == (Status.WITHHELD, NOTHING_SAID)
    assert await house.objects.list(layout.folder(SPACE)) == []


async def test_what_was_called_off_is_left_alone(house: House, tmp_path: Path) -> None:
    script = Script()
    script.open()
    script.hold(1)
    script.event(e.Cancelled(at_ms=1, by="account1", reason="ill"))
    await house.feed(script)
    await (await _recorder(house, tmp_path / "work")).run()
    assert (await _state(house)).status is Status.CANCELLED
    assert await house.objects.list(layout.folder(SPACE)) == []


async def test_a_host_who_withholds_first_is_obeyed(house: House, tmp_path: Path) -> None:
    script = _evening()
    script.event(e.Withheld(at_ms=1, by="account1", reason="later"))
    await house.feed(script)
    await (await _recorder(house, tmp_path / "work")).run()
    space = await _state(house)
    assert (space.status, space.reason) == (Status.WITHHELD, "later")
    assert space.recording_ready
    assert await house.objects.size(layout.receipt(SPACE))


@pytest.mark.parametrize("publishing", [Publishing.REVIEW, Publishing.NEVER])
async def test_what_waits_for_review_is_finished_and_withheld(
    house: House, tmp_path: Path, publishing: Publishing
) -> None:
    script = _evening()
    script.event(e.Edited(at_ms=1, by="account1", publishing=publishing))
    await house.feed(script)
    await (await _recorder(house, tmp_path / "work")).run()
    space = await _state(house)
    assert (space.status, space.recording_ready) == (Status.WITHHELD, True)
    assert space.recording_seconds == pytest.approx(3.2)
    signed = await house.objects.get(layout.receipt(SPACE), 0, 1_000_000)
    assert space.receipt_sha256 == hashlib.sha256(signed).hexdigest()
    log, live = await house.connect("web")
    publish = Publish(by="account1", role=Role.HOST)
    answer = await propose(log, live, SPACE, publish, now_ms=2)
    if publishing is Publishing.NEVER:
        assert isinstance(answer, Refusal)
        return
    assert isinstance(answer, Space)
    assert (answer.status, answer.receipt_sha256) == (Status.POSTED, space.receipt_sha256)


async def test_a_host_who_withholds_at_the_same_moment_is_obeyed(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.feed(_evening())
    web = await house.connect("web")
    recorder = await _recorder(house, tmp_path / "work")
    append = JetStreamLog.append
    answers: list[object] = []

    async def overtaken(self: JetStreamLog, *given: Any, **options: Any) -> int:
        """The host's wish comes to the log between the archive's decision and its append."""
        if not answers:
            answers.append(None)
            command = Withhold(by="account1", role=Role.HOST, reason="later")
            answers[0] = await propose(*web, SPACE, command, now_ms=1)
        return await append(self, *given, **options)

    monkeypatch.setattr(JetStreamLog, "append", overtaken)
    await recorder.run()
    assert isinstance(answers[0], Space)
    assert (await _state(house)).status is Status.WITHHELD


async def test_a_store_that_refuses_is_asked_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.05)
    await house.feed(_evening())
    store = house.settings.folder / "store"
    recorder = await _recorder(house, tmp_path / "work")
    # A file where the store wants a folder: every write is refused.
    (store / "spaces").write_text("in the way")
    running = asyncio.create_task(recorder.run())
    while not (tmp_path / "work/recording/timeline.json").exists():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not running.done()
    (store / "spaces").unlink()
    await running
    assert (await _state(house)).status is Status.POSTED


async def test_a_disk_that_refuses_is_tried_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.05)
    await house.feed(_evening())
    failures = [OSError(28, "No space left on device")] * 2
    apply = Recording.apply

    def once_full(self: Recording, entry: object) -> None:
        if failures and self.seq > 8:
            raise failures.pop()
        apply(self, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(Recording, "apply", once_full)
    await (await _recorder(house, tmp_path / "work")).run()
    assert failures == []
    assert (await _state(house)).recording_seconds == pytest.approx(3.2)


async def test_a_folder_that_cannot_be_made_is_tried_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: the other spaces' recorders must not end with this one."""
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.05)
    await house.feed(_evening())
    work = tmp_path / "work"
    work.write_text("in the way")
    running = asyncio.create_task((await _recorder(house, work)).run())
    await asyncio.sleep(0.2)
    assert not running.done()
    work.unlink()
    await running
    assert (await _state(house)).status is Status.POSTED


async def test_the_log_may_be_away_at_the_end(house: House, tmp_path: Path) -> None:
    script = _evening()
    end = len(script.entries)
    await house.feed(script, end=end - 3)
    running = asyncio.create_task((await _recorder(house, tmp_path / "work")).run())
    await house.feed(script, start=end - 3, end=end - 1)  # the last chunk and "ended"
    await asyncio.sleep(0.5)
    await house.log_server.stop()
    await asyncio.sleep(limits.LAST_CHUNK_S)
    assert not running.done()
    await house.log_server.start()
    await house.feed(script, start=end - 1)
    await running
    assert (await _state(house)).recording_seconds == pytest.approx(3.2)


async def test_a_long_evening_is_posted_in_seconds(tmp_path: Path) -> None:
    """Ten minutes, three seats. What is done after the end grows with the length: for two hours it
    is twelve times this."""
    log, live = MemoryLog(now_ns=time.time_ns), MemoryLive()
    objects = Objects.open(Settings(data=str(tmp_path)))
    await log.create(SPACE)
    script = _long_evening(chunks=1_875, seats=3)
    await feed(log, script, end=len(script.entries) - 2)
    recorder = Recorder(
        SPACE,
        folder=tmp_path / "work",
        log=log,
        live=live,
        objects=objects,
        keys=keys.ensure(tmp_path / "data"),
    )
    running = asyncio.create_task(recorder.run())
    replay = tmp_path / "work/recording/replay.frames"
    mixed = [entry.data for entry in script.entries if entry.kind is Kind.MIX]
    caught_up = sum(len(frame) for data in mixed[:-100] for frame in chunk.unpack(data).aac)
    while not replay.exists() or replay.stat().st_size < caught_up:
        await asyncio.sleep(0.1)
    began, worked = time.monotonic(), time.process_time()
    await feed(log, script, start=len(script.entries) - 2)
    await running
    assert time.monotonic() - began < limits.POST_S
    assert (time.process_time() - worked) * 12 + limits.LOG_QUIET_S < limits.POST_S
    store = tmp_path / "store/spaces" / SPACE
    assert len(decode_file(store / "replay.opus")) == 1_875 * 15_360


def _long_evening(*, chunks: int, seats: int) -> Script:
    script = Script()
    script.open(*[f"seat{i}" for i in range(seats)])
    script.go_live()
    made = [script.made(part, live=True) for part in timecode(6.4).reshape(-1, 15_360)]
    spoken = [p.payload for p in Speaker("seat0").speak(timecode(6.4), at=0)]
    for n in range(chunks):
        script.put(Kind.MIX, chunk.pack(msgspec.structs.replace(made[n % len(made)], n=n)))
        for first in (0, 8):
            script.stems(
                [
                    StemPacket(
                        f"seat{seat}", 0, i & 0xFFFF, i * 960, i * 960 + 2_048, spoken[i % 320]
                    )
                    for seat in range(seats)
                    for i in range(n * 16 + first, n * 16 + first + 8)
                ]
            )
    script.n = chunks
    script.end()
    return script
