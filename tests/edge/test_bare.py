"""A recording whose log has given up its sound, or is gone altogether, is served as before: by an
edge that has never heard of it, from the store alone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings import limits
from hustings.archive import purge
from hustings.config import Settings
from hustings.errors import StoreError
from hustings.log import subjects
from hustings.log.subjects import Kind
from hustings.space import Status
from hustings.space import encode as encode_event
from hustings.space import event as e
from hustings.space.replay_event import Erased
from hustings.store import decided, layout
from hustings.store.objects import Objects
from hustings.talk import Said, encode
from tests.edge.house import SPACE, Answer, House, house
from tests.edge.test_stored import DVR, evening, forget_log, recording
from tests.servers import connect_as

FILES = ("replay.m4a", "replay.opus", "timeline.json", "crowd.json", "receipt.json", "talk.json")
PIECES = ("aac/1.m4s", "opus/3.m4s", "aac/p25.m4s", "opus/init.mp4")


@pytest.fixture
async def h(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def _short_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("store.reel", "archive.reel", "archive.purge", "edge.stored"):
        monkeypatch.setattr(f"hustings.{module}.PACK_CHUNKS", 12)


async def _evening(h: House) -> None:
    """Posted, and everything that was decided written down in the store."""
    async with recording(h):
        await evening(h)
        said = Said(id="m1", person="a-1", name="Ada", text="Good evening", at_ms=6)
        talk = encode([said])
        await h.web[0].append(SPACE, Kind.TALK, talk, message_id=f"talk.{SPACE}.1")
        await h.until(lambda s: s["status"] == "posted")
        objects = Objects.open(Settings(data=str(h.folder / "data")))
        async with asyncio.timeout(8):
            while True:
                data = await objects.whole(layout.events(SPACE))
                state = None if data is None else decided.fold(SPACE, decided.decode(data))
                if state is not None and state.status is Status.POSTED:
                    return
                await asyncio.sleep(0.05)


async def _new_edge(h: House) -> None:
    for edge in list(h.edges):
        await h.stop_edge(edge)
    shutil.rmtree(h.folder / "data/edge-0")
    await h.start_edge()


async def _served(h: House) -> dict[str, Answer]:
    addresses = [DVR, *(f"/live/{SPACE}/{name}" for name in (*FILES, *PIECES))]
    return {address: await h.get(address) for address in addresses}


async def _give_up(h: House) -> None:
    log, _, close = await connect_as("archive", h.live_server, h.log_server, h.passwords)
    await purge.purge(log, SPACE, talk=True)
    assert await purge.is_bare(log, SPACE)
    assert await log.last(SPACE, Kind.EV) is not None
    await close()


async def test_without_the_sound_everything_is_as_it_was(h: House) -> None:
    await _evening(h)
    await _new_edge(h)
    before = await _served(h)
    assert {answer.status for answer in before.values()} == {200}
    await _give_up(h)
    await _new_edge(h)
    for address, answer in (await _served(h)).items():
        assert (answer.status, answer.body) == (200, before[address].body), address
    # What is decided afterwards still counts.
    await h.event(e.Withheld(at_ms=9, by="web", reason="later"))
    await h.until(lambda s: s["status"] == "withheld")
    assert (await h.get(f"/live/{SPACE}/replay.m4a")).status == 404


async def test_without_any_log_everything_is_as_it_was(h: House) -> None:
    await _evening(h)
    await _new_edge(h)
    before = await _served(h)
    await forget_log(h)
    await _new_edge(h)
    state = await h.door()
    assert (state["status"], state["title"]) == ("posted", "Evening <talk>")
    for address, answer in (await _served(h)).items():
        assert (answer.status, answer.body) == (200, before[address].body), address
    assert (await h.get(f"/s/{SPACE}")).status == 200
    assert (await h.get("/s/zyxwvutsrq")).status == 404


async def test_a_store_that_is_away_makes_no_silence_of_what_the_log_gave_up(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty segment would be kept, and be silence for ever."""
    await _evening(h)
    await _give_up(h)
    await _new_edge(h)
    await h.door()
    away, get = True, Objects.get

    async def sometimes(self: Objects, path: str, start: int, end: int) -> bytes:
        if away and path.endswith(".pack"):
            raise StoreError("away")
        return await get(self, path, start, end)

    monkeypatch.setattr(Objects, "get", sometimes)
    answer = await h.get(f"/live/{SPACE}/aac/1.m4s")
    assert (answer.status, answer.fields["cache-control"]) == (503, "no-store")
    away = False
    assert (await h.get(f"/live/{SPACE}/aac/1.m4s")).status == 200


async def test_a_store_that_is_away_makes_no_unknown_space(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _evening(h)
    await forget_log(h)
    await _new_edge(h)

    async def never(self: Objects, path: str) -> bytes | None:
        raise StoreError("away")

    with monkeypatch.context() as patch:
        patch.setattr(Objects, "whole", never)
        assert (await h.get(f"/live/{SPACE}/door.json")).status == 503
    assert (await h.get(f"/live/{SPACE}/door.json")).status == 200


async def test_what_was_erased_or_has_expired_goes_from_the_spool(h: House) -> None:
    """Heard of, and missed."""
    await _evening(h)
    await _new_edge(h)
    await _served(h)
    folder = h.folder / "data/edge-0" / SPACE

    def kept() -> set[str]:
        return {path.name for path in folder.iterdir()} - {"state.json"}

    async def emptied() -> None:
        async with asyncio.timeout(8):
            while kept():
                await asyncio.sleep(0.05)

    assert any(name.endswith(".pack") for name in kept())
    erased = Erased(at_ms=9, by="web", erasure="er1", from_ms=0, to_ms=640)
    await h.event(erased)
    await h.web[1].publish(subjects.live(SPACE, Kind.EV), encode_event(erased))
    await emptied()
    (folder / "12.pack").write_bytes(b"what an answer on its way has left")
    await h.stop_edge(h.edges[0])
    await h.start_edge()
    await emptied()
    assert (folder / "state.json").exists()


async def test_what_was_erased_unheard_goes_as_well(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live path was away when it was decided."""
    monkeypatch.setattr(limits, "OBLIVION_LOOK_S", 0.2)
    await _evening(h)
    await _new_edge(h)
    await _served(h)
    folder = h.folder / "data/edge-0" / SPACE
    await h.stop_edge(h.edges[0])
    (folder / "state.json").unlink()  # the oldest file, that was given up for others
    await h.start_edge()
    assert list(folder.iterdir())
    await h.event(Erased(at_ms=9, by="web", erasure="er1", from_ms=0, to_ms=640))
    async with asyncio.timeout(8):
        while list(folder.iterdir()):
            await asyncio.sleep(0.05)
