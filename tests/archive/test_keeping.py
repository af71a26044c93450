"""The archive keeps what it has recorded in the store, and in the log as long as it must. It lets
go what was to be kept for a time, announced."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import IO

import msgspec
import pytest

from hustings import limits
from hustings.archive import keeping, purge, revival
from hustings.archive.keeping import UNLIKE, Keeping
from hustings.config import Settings
from hustings.errors import StoreError
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Publishing, Role, Space, Status
from hustings.space.command import Edit
from hustings.space.event import Withheld
from hustings.store import decided, layout
from hustings.store.objects import Objects
from hustings.talk import Said, encode
from tests.archive.conftest import House, until
from tests.archive.script import SPACE, Script, Speaker
from tests.store.s3 import BUCKET, S3Server
from tests.tones import timecode

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SAID = Said(id="m1", person="a-1", name="Ada", text="Good evening", at_ms=6)


def _evening(*, chunks: int = 20) -> Script:
    script, ada = Script(), Speaker("ada")
    script.open("ada")
    script.hold(2)
    script.go_live()
    for part in timecode(chunks * 0.32).reshape(-1, 15_360 * 5):
        script.stems(ada.speak(part, at=script.n * 15_360))
        script.live(part)
    script.end()
    return script


@pytest.fixture
async def posted(house: House) -> House:
    await house.feed(_evening())
    log, _ = await house.connect("web")
    await log.append(SPACE, Kind.TALK, encode([SAID]), message_id="said")
    async with house.archive():
        await until(lambda: _written(house))
    return house


async def _written(house: House) -> bool:
    data = await house.objects.whole(layout.events(SPACE))
    state = None if data is None else decided.fold(SPACE, decided.decode(data))
    return state is not None and state.recording_ready


async def _state(house: House) -> Space:
    log, _ = await house.connect("web")
    space, _ = await read_state(log, SPACE)
    assert space is not None
    return space


class Clock:
    """The wall clock that the keeping sees."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = time.time_ns() // 1_000_000
        monkeypatch.setattr(keeping, "_wall_ms", lambda: self.now_ms)

    def on(self, ms: int) -> None:
        self.now_ms += ms


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def _keeping(
    house: House,
    objects: Objects | None = None,
    *,
    log_keep_h: int = 24,
    recordings_keep_days: int = 0,
) -> Keeping:
    log, live = await house.connect("archive")
    made = Settings(
        data=house.settings.data, log_keep_h=log_keep_h, recordings_keep_days=recordings_keep_days
    )
    return Keeping(made, log=log, live=live, objects=objects or house.objects)


async def _sound(house: House) -> dict[Kind, bool]:
    log, _ = await house.connect("archive")
    kinds = (Kind.MIX, Kind.STEM, Kind.TALK, Kind.EV, Kind.OBS)
    return {kind: await log.last(SPACE, kind) is not None for kind in kinds}


async def test_the_log_gives_up_its_sound_in_time_and_not_before(
    posted: House, clock: Clock
) -> None:
    kept = await _keeping(posted, log_keep_h=2)
    clock.on(2 * HOUR_MS - 60_000)
    await kept.look(SPACE)
    assert all((await _sound(posted)).values())
    clock.on(2 * 60_000)
    await kept.look(SPACE)
    gone = {Kind.MIX: False, Kind.STEM: False, Kind.TALK: False}
    assert await _sound(posted) == {**gone, Kind.EV: True, Kind.OBS: True}
    await kept.look(SPACE)
    state = await _state(posted)
    assert (state.status, state.recording_ready) == (Status.POSTED, True)
    assert not (posted.settings.folder / UNLIKE).exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("reel/0.pack", "reel/0.pack"),
        ("replay.m4a", "replay.m4a in the store is not as the receipt says"),
        ("stems/ada.opus", "stems/ada.opus"),
        ("reel.json", "The index of the reel"),
        ("receipt.json", "The receipt in the store is not the one that was announced"),
    ],
)
async def test_what_is_unlike_is_told_and_kept(
    posted: House, clock: Clock, name: str, said: str
) -> None:
    path = posted.settings.folder / "store" / layout.folder(SPACE) / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-3] + b"xyz")
    kept = await _keeping(posted, log_keep_h=1)
    clock.on(2 * HOUR_MS)
    await kept.look(SPACE)
    assert all((await _sound(posted)).values())
    told = json.loads((posted.settings.folder / UNLIKE).read_bytes())
    assert any(said in one for one in told[SPACE]), told
    # It is looked at again, and once it is as it was the log gives its sound up.
    path.write_bytes(whole)
    clock.on(2 * HOUR_MS)
    await kept.look(SPACE)
    assert not (await _sound(posted))[Kind.MIX]
    assert json.loads((posted.settings.folder / UNLIKE).read_bytes()) == {}


async def test_what_is_made_anew_while_it_is_compared_is_no_difference(
    posted: House, clock: Clock
) -> None:
    log, live = await posted.connect("web")

    class Busy(Objects):
        async def size(self, path: str) -> int | None:
            if path == layout.replay_aac(SPACE):
                await self.put(path, b"made anew")
                hide = Edit(by="account1", role=Role.HOST, title=f"Another {time.time_ns()}")
                await propose(log, live, SPACE, hide, now_ms=9)
            return await super().size(path)

    kept = await _keeping(posted, Busy(posted.objects._store))
    clock.on(25 * HOUR_MS)
    await kept.look(SPACE)
    assert not (posted.settings.folder / UNLIKE).exists()
    assert all((await _sound(posted)).values())


async def test_words_that_leave_the_log_while_it_is_copied_leave_the_store(posted: House) -> None:
    log, live = await posted.connect("web")
    archive_log, _ = await posted.connect("archive")
    secret = Edit(by="account1", role=Role.HOST, title="Secret words")
    assert isinstance(await propose(log, live, SPACE, secret, now_ms=9), Space)
    told = await log.last(SPACE, Kind.EV)
    assert told is not None
    seq = told.seq
    plain = Edit(by="account1", role=Role.HOST, title="Plain words")
    assert isinstance(await propose(log, live, SPACE, plain, now_ms=9), Space)

    class Slow(Objects):
        async def put(self, path: str, source: bytes | Path | IO[bytes]) -> None:
            if path == layout.events(SPACE):
                await archive_log.erase(SPACE, [seq])
            await super().put(path, source)

    kept = await _keeping(posted, Slow(posted.objects._store))
    await kept.look(SPACE)
    assert b"Secret" not in (await posted.objects.whole(layout.events(SPACE)) or b"Secret")


async def test_a_chunk_that_only_the_log_has_is_kept(posted: House, clock: Clock) -> None:
    """A reel whose hashes are all right, and that lacks something."""
    log, _ = await posted.connect("archive")
    decisions = await revival.logged(log, SPACE)
    state = decided.fold(SPACE, decisions)
    assert state is not None

    class Short(Objects):
        async def whole(self, path: str) -> bytes | None:
            data = await super().whole(path)
            if path != layout.reel_index(SPACE) or data is None:
                return data
            index = json.loads(data)
            index["runs"][-1][0] += 1  # the first live chunk was never there
            return json.dumps(index).encode()

    short = Short(posted.objects._store)
    found = await purge.compare(state, decisions, log=log, objects=short)
    assert found.unlike
    whole = await purge.compare(state, decisions, log=log, objects=posted.objects)
    assert whole.unlike == []
    assert whole.talk_stored


async def test_sound_that_came_after_the_end_is_kept(posted: House, clock: Clock) -> None:
    stage, _ = await posted.connect("stage")
    late = [entry for entry in _evening().entries if entry.kind is Kind.STEM][-1]
    await stage.append(SPACE, Kind.STEM, late.data, message_id="late")
    kept = await _keeping(posted, log_keep_h=1)
    clock.on(2 * HOUR_MS)
    await kept.look(SPACE)
    assert (await _sound(posted))[Kind.STEM]
    assert "after the recording was finished" in (posted.settings.folder / UNLIKE).read_text()


async def test_a_store_that_is_away_changes_nothing(posted: House, clock: Clock) -> None:
    class Away(Objects):
        async def whole(self, path: str) -> bytes | None:
            raise StoreError("away")

    kept = await _keeping(posted, Away(posted.objects._store), log_keep_h=1)
    clock.on(2 * HOUR_MS)
    with pytest.raises(StoreError):
        await kept.look(SPACE)
    assert all((await _sound(posted)).values())


async def test_of_what_was_never_on_air_the_hold_sound_goes(house: House, clock: Clock) -> None:
    script = Script()
    script.open("ada")
    script.hold(3)
    script.end()
    script.event(Withheld(at_ms=1, by="archive", reason="Nothing was said on air."))
    await house.feed(script)
    kept = await _keeping(house, log_keep_h=1)
    clock.on(2 * HOUR_MS)
    await kept.look(SPACE)
    assert not (await _sound(house))[Kind.MIX]
    assert await house.objects.list("spaces/") == []


async def test_what_is_decided_later_stands_in_the_store_too(posted: House) -> None:
    log, live = await posted.connect("web")
    hidden = Edit(by="account1", role=Role.HOST, publishing=Publishing.NEVER)
    assert isinstance(await propose(log, live, SPACE, hidden, now_ms=9), Space)
    async with posted.archive():

        async def written() -> bool:
            data = await posted.objects.whole(layout.events(SPACE))
            assert data is not None
            state = decided.fold(SPACE, decided.decode(data))
            return state is not None and state.publishing is Publishing.NEVER

        await until(written)


async def test_it_is_announced_and_then_deleted(posted: House, clock: Clock) -> None:
    kept = await _keeping(posted, recordings_keep_days=30)
    ended_ms = (await _state(posted)).ended_at_ms
    assert ended_ms is not None
    clock.now_ms = ended_ms + 15 * DAY_MS
    await kept.look(SPACE)
    assert (await _state(posted)).replay.expires_at_ms is None
    clock.on(DAY_MS)
    await kept.look(SPACE)
    state = await _state(posted)
    assert state.replay.expires_at_ms == ended_ms + 30 * DAY_MS
    clock.now_ms = ended_ms + 30 * DAY_MS - 1
    await kept.look(SPACE)
    assert not (await _state(posted)).gone
    clock.on(1)
    await kept.look(SPACE)
    assert (await _state(posted)).gone
    await kept.look(SPACE)  # as its own event makes it do
    left = await posted.objects.list(layout.folder(SPACE))
    folder = layout.folder(SPACE)
    receipts = [path for path in left if path.startswith(f"{folder}receipts/")]
    assert left == sorted([layout.events(SPACE), layout.receipt(SPACE), *receipts])
    sound = await _sound(posted)
    assert not any(sound[kind] for kind in (Kind.MIX, Kind.STEM, Kind.TALK))
    assert sound[Kind.EV]
    await kept.look(SPACE)


async def test_whoever_keeps_it_for_ever_keeps_it(posted: House, clock: Clock) -> None:
    kept = await _keeping(posted, recordings_keep_days=30)
    clock.on(10_000 * DAY_MS)
    await kept.look(SPACE)
    assert (await _state(posted)).replay.expires_at_ms is not None
    log, live = await posted.connect("web")
    keep = Edit(by="account1", role=Role.HOST, keep_days=0)
    assert isinstance(await propose(log, live, SPACE, keep, now_ms=9), Space)
    await kept.look(SPACE)
    assert (await _state(posted)).replay.expires_at_ms is None
    clock.on(10_000 * DAY_MS)
    await kept.look(SPACE)
    assert not (await _state(posted)).gone


async def test_a_log_that_is_lost_is_made_again(posted: House) -> None:
    log, _ = await posted.connect("archive")
    before = await _state(posted)
    await log.delete(SPACE)

    async def back() -> bool:
        found, _ = await read_state(log, SPACE)
        return found is not None and found.status is Status.POSTED

    async with posted.archive():
        await until(back)
    after = await _state(posted)
    assert (after.title, after.receipt_sha256) == (before.title, before.receipt_sha256)


async def test_a_store_that_is_killed_in_mid_posting(
    house: House, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real S3 server: SIGKILL while the files are being stored. Nothing is lost, and what was
    begun finishes by itself."""
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.2)
    given = s3_server.settings(f"{BUCKET}/posting")
    house.settings = msgspec.structs.replace(house.settings, **given)
    await house.feed(_evening(chunks=40))
    put, killed = Objects.put, False

    async def deadly(self: Objects, path: str, source: bytes | Path) -> None:
        nonlocal killed
        if path == layout.replay_opus(SPACE) and not killed:
            killed = True
            s3_server.kill()
        await put(self, path, source)

    monkeypatch.setattr(Objects, "put", deadly)
    async with house.archive():

        async def dead() -> bool:
            return killed

        await until(dead)
        await s3_server.start()
        await until(lambda: _written(house))
    assert (await _state(house)).status is Status.POSTED
    log, _ = await house.connect("archive")
    decisions = await revival.logged(log, SPACE)
    found = await purge.compare(await _state(house), decisions, log=log, objects=house.objects)
    assert found.unlike == []
