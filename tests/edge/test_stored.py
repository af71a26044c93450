"""A recorded space is served from the store: its log may be gone, and the edge be new."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings import keys, limits
from hustings.archive import service as archive
from hustings.clock import CHUNK_SAMPLES
from hustings.config import Settings
from hustings.edge.past import Past
from hustings.edge.spool import Spool
from hustings.edge.stored import Stored
from hustings.errors import StoreError
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import event as e
from hustings.store import layout
from hustings.store.objects import Objects
from hustings.store.reel import Reel
from tests import programme
from tests.edge.house import SPACE, House, numbers_in
from tests.formats.validator import Listing, parse, problems
from tests.servers import connect_as
from tests.tones import Sound, decode_file

DVR = f"/live/{SPACE}/dvr.m3u8"


@pytest.fixture(autouse=True)
def _short_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("hustings.store.reel", "hustings.archive.reel", "hustings.edge.stored"):
        monkeypatch.setattr(f"{module}.PACK_CHUNKS", 12)


@contextlib.asynccontextmanager
async def recording(h: House) -> AsyncIterator[None]:
    """The archive's service, on the edge's data folder."""
    log, live, close = await connect_as("archive", h.live_server, h.log_server, h.passwords)
    stopping, ready = asyncio.Event(), asyncio.Event()
    context = Context(
        settings=Settings(data=str(h.folder / "data")),
        instance="archive-0-test",
        log=log,
        live=live,
        keys=keys.ensure(h.folder / "data"),
        listener=None,
        ready=ready.set,
        stopping=stopping,
    )
    task = asyncio.create_task(archive.serve(context))
    await ready.wait()
    try:
        yield
    finally:
        stopping.set()
        await task
        await close()


async def forget_log(h: House) -> None:
    """Delete the space's log, as an archive may that cleans up."""
    log, _, close = await connect_as("archive", h.live_server, h.log_server, h.passwords)
    await log.delete(SPACE)
    await close()


async def evening(h: House) -> None:
    """Hold sound 0 to 3, live 4 to 25 without 10 and 11, held 26 to 30, live 31 to 45."""
    await h.schedule()
    await h.doors()
    for n in range(46):
        if n == 4:
            await h.go_live(4)
        if n in (26, 31):
            decided = e.Held(at_ms=8, by="web") if n == 26 else e.Resumed(at_ms=8, by="web")
            await h.event(decided)
            await h.event(e.OnAir(at_ms=8, n=n, live=n == 31), kind=Kind.OBS)
        if n not in (10, 11):
            await h.chunk(n, on_air=n in range(4, 26) or n > 30)
    await h.end(45)


LISTED = [
    *("p4", "p5", "1", "2", "3", "p24", "p25"),
    *("p31", "p32", "p33", "p34", "p35", "6", "p42", "p43", "p44", "p45"),
]


def names(made: Listing) -> list[str]:
    return [s.uri.removeprefix("aac/").removesuffix(".m4s") for s in made.segments]


async def posted(h: House) -> None:
    async with recording(h):
        await evening(h)
        await h.until(lambda s: s["status"] == "posted")


async def play(h: House, address: str, to: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-v", "error", "-i", f"http://127.0.0.1:{h.port}{address}", "-y", str(to)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    assert process.returncode == 0, told


def place_of(sound: Sound, chunk: int) -> float:
    """In chunks, where in the programme the `chunk`-th slot of what was played was made."""
    at = chunk * CHUNK_SAMPLES + 4_000
    return (programme.place(sound[at : at + 8_000]) - 4_000) / CHUNK_SAMPLES


async def test_the_replay_needs_neither_log_nor_old_edge(h: House, tmp_path: Path) -> None:
    await posted(h)
    before = await h.get(DVR)
    whole = {}
    for k in (1, 2, 6):
        whole[k] = (await h.get(f"/live/{SPACE}/aac/{k}.m4s")).body
    await h.stop_edge(h.edges[0])
    await forget_log(h)
    for path in (tmp_path / "data/edge-0" / SPACE).glob("*.chunks"):
        path.unlink()
    await h.start_edge()
    after = await h.get(DVR)
    made = parse(after.body.decode())
    assert problems(made) == []
    assert (made.kind, made.ended) == ("VOD", True)
    assert names(made) == LISTED
    assert after.body == before.body
    for k, body in whole.items():
        assert (await h.get(f"/live/{SPACE}/aac/{k}.m4s")).body == body
    assert numbers_in(whole[1]) == [6, 7, 8, 9]
    moved = await h.get(f"/live/{SPACE}/index.m3u8")
    assert (moved.status, moved.fields["location"]) == (307, "dvr.m3u8")
    await play(h, DVR, tmp_path / "all.wav")
    sound = decode_file(tmp_path / "all.wav")
    # ffmpeg puts what it is given end to end, but for the gap, which it leaves out.
    heard = [*range(4, 10), *range(12, 26), *range(31, 46)]
    assert len(sound) == pytest.approx(len(heard) * CHUNK_SAMPLES, abs=3_000)
    for slot, n in enumerate(heard):
        if n - 1 in heard and slot and n + 1 in heard:
            assert place_of(sound, slot) == pytest.approx(n, abs=0.1), n
    await h.log_server.stop()
    assert (await h.get(f"/live/{SPACE}/opus/6.m4s")).status == 200


async def test_nothing_that_was_off_air_is_in_the_store(h: House) -> None:
    await posted(h)
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    folder = layout.folder(SPACE) + "reel/"
    stored = await objects.list(folder)
    assert stored == sorted(layout.reel_pack(SPACE, n) for n in (0, 12, 24, 36))
    hold = [programme.chunk(n) for n in (*range(4), *range(26, 31))]
    for path in stored:
        size = await objects.size(path)
        assert size is not None
        data = await objects.get(path, 0, size)
        for one in hold:
            assert one.opus[5] not in data
            assert one.aac[5] not in data
    await h.stop_edge(h.edges[0])
    await forget_log(h)
    for path_ in (h.folder / "data/edge-0" / SPACE).glob("*.chunks"):
        path_.unlink()
    await h.start_edge()
    # A segment that was partly off air is not to be had in part: its address means all of it.
    for address in ("0.m4s", "4.m4s", "5.m4s", "p2.m4s", "p27.m4s", "99.m4s", "p99.m4s", "p10.m4s"):
        answer = await h.get(f"/live/{SPACE}/aac/{address}")
        assert (answer.status, answer.fields["cache-control"]) == (404, "no-store"), address
    assert numbers_in((await h.get(f"/live/{SPACE}/aac/p25.m4s")).body) == [25]


async def test_a_pack_that_was_changed_is_not_played(h: House) -> None:
    await posted(h)
    await h.stop_edge(h.edges[0])
    await forget_log(h)
    pack = h.folder / "data/store" / layout.reel_pack(SPACE, 12)
    pack.write_bytes(pack.read_bytes()[:-1] + b"x")
    for path in (h.folder / "data/edge-0" / SPACE).glob("*.chunks"):
        path.unlink()
    await h.start_edge()
    answer = await h.get(f"/live/{SPACE}/aac/2.m4s")
    assert (answer.status, answer.fields["cache-control"]) == (503, "no-store")
    assert (await h.get(f"/live/{SPACE}/aac/1.m4s")).status == 200


async def test_while_live_a_new_edge_reads_what_the_archive_has_written(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RING_CHUNKS", 6)
    async with recording(h):
        await h.schedule()
        await h.doors()
        await h.go_live(0)
        for n in range(40):
            await h.chunk(n)
        objects = Objects.open(Settings(data=str(h.folder / "data")))
        async with asyncio.timeout(8):
            while await objects.size(layout.reel_pack(SPACE, 24)) is None:
                await asyncio.sleep(0.05)
            stored = Stored(objects, spool=Spool(h.folder / "s"), tasks=asyncio.TaskGroup())
            while (index := await stored.index(SPACE)) is None or index.through < 36:
                await asyncio.sleep(0.05)
        assert not index.whole
    for n in range(40, 60):
        await h.chunk(n)
    read: list[tuple[int, int]] = []
    follow = Past._follow

    async def seen(self: Past, known: Reel, first: int, end: int) -> None:
        read.append((first, end))
        await follow(self, known, first, end)

    monkeypatch.setattr(Past, "_follow", seen)
    made = parse((await h.get(DVR)).body.decode())
    assert names(made) == [str(k) for k in range(10)]
    assert read == [(36, 54)]


async def test_a_recording_without_a_reel_is_played_from_the_log(h: House) -> None:
    """As those are that were made before there were reels."""
    await posted(h)
    await h.stop_edge(h.edges[0])
    shutil.rmtree(h.folder / "data/edge-0")
    shutil.rmtree(h.folder / "data/store" / layout.folder(SPACE) / "reel")
    (h.folder / "data/store" / layout.reel_index(SPACE)).unlink()
    await h.start_edge()
    made = parse((await h.get(DVR)).body.decode())
    assert names(made) == LISTED
    assert numbers_in((await h.get(f"/live/{SPACE}/aac/4.m4s")).body) == [*range(24, 30)]
    assert numbers_in((await h.get(f"/live/{SPACE}/aac/p24.m4s")).body) == [24]


async def test_the_store_away_is_no_404(tmp_path: Path) -> None:
    class Away(Objects):
        def __init__(self) -> None:
            pass

        async def size(self, path: str) -> int | None:
            raise StoreError("away")

    async with asyncio.TaskGroup() as tasks:
        stored = Stored(Away(), spool=Spool(tmp_path), tasks=tasks)
        with pytest.raises(StoreError):
            await stored.index(SPACE)


async def test_a_copy_of_the_index_that_was_torn_is_read_anew(h: House) -> None:
    """The spool is not synced: a power cut may leave an empty file under a good name."""
    await posted(h)
    before = await h.get(DVR)
    await h.stop_edge(h.edges[0])
    await forget_log(h)
    spool = h.folder / "data/edge-0" / SPACE
    for path in spool.glob("*.chunks"):
        path.unlink()
    (spool / "reel.json").write_bytes(b"")
    await h.start_edge()
    assert (await h.get(DVR)).body == before.body
    assert (spool / "reel.json").read_bytes()


async def test_a_store_that_is_away_at_first_is_asked_again(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await posted(h)
    before = await h.get(DVR)
    await h.stop_edge(h.edges[0])
    await forget_log(h)
    for path in (h.folder / "data/edge-0" / SPACE).glob("*.chunks"):
        path.unlink()
    (h.folder / "data/edge-0" / SPACE / "reel.json").unlink(missing_ok=True)
    away, size = True, Objects.size

    async def sometimes(self: Objects, path: str) -> int | None:
        if away:
            raise StoreError("away")
        return await size(self, path)

    monkeypatch.setattr(Objects, "size", sometimes)
    await h.start_edge()
    for address in (DVR, f"/live/{SPACE}/aac/1.m4s"):
        answer = await h.get(address)
        assert (answer.status, answer.fields["cache-control"]) == (503, "no-store")
    away = False
    async with asyncio.timeout(8):
        while (after := await h.get(DVR)).status != 200:
            await asyncio.sleep(0.1)
    assert after.body == before.body


async def test_while_live_a_store_that_answers_nothing_is_not_waited_for(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RING_CHUNKS", 6)
    monkeypatch.setattr(limits, "REQUEST_S", 0.5)

    async def never(self: Objects, path: str) -> int | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(Objects, "size", never)
    await h.schedule()
    await h.doors()
    await h.go_live(0)
    for n in range(40):
        await h.chunk(n)
    await h.start_edge(index=1)
    for address in (DVR, DVR.replace("dvr", "index")):
        async with asyncio.timeout(5):
            made = parse((await h.get(address)).body.decode())
        assert names(made) == [str(k) for k in range(6)]
