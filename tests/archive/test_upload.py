"""The reel on its way to the store: in order, however the store behaves, and not twice."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
from pathlib import Path
from typing import IO

import msgspec
import pytest

from hustings import limits
from hustings.archive.reel import ReelFiles
from hustings.archive.upload import Upload
from hustings.chunk import pack
from hustings.config import Settings
from hustings.errors import StoreError
from hustings.store import layout, reel
from hustings.store.objects import Objects
from hustings.store.reel import Pack
from tests import programme

SPACE = "abcdefghij"


class Shop(Objects):
    """A real store that refuses the first `refusals` objects and remembers what it was given."""

    def __init__(self, folder: Path, *, refusals: int = 0) -> None:
        real = Objects.open(Settings(data=str(folder)))
        super().__init__(real._store)
        self.refusals = refusals
        self.given: list[str] = []

    async def put(self, path: str, source: bytes | Path | IO[bytes]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreError("full")
        self.given.append(path)
        await super().put(path, source)


def written(folder: Path, *, chunks: int = 50) -> list[tuple[Pack, Path, bytes]]:
    """The packs of a programme that is held from 30 to 39, each with its index."""
    files = ReelFiles(folder)
    out = []
    for n in range(chunks):
        one = programme.chunk(n, live=not 30 <= n < 40)
        if files.add(one, pack(one)):
            out.append((files.packs[-1], files.path(files.packs[-1]), files.index()))
    return out


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hustings.archive.reel.PACK_CHUNKS", 12)
    monkeypatch.setattr("hustings.store.reel.PACK_CHUNKS", 12)
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.05)


async def test_packs_go_up_before_the_index_that_names_them(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "data", refusals=3)
    packs = written(tmp_path)
    assert [p.first for p, _, _ in packs] == [0, 12, 24, 36]
    async with Upload(SPACE, shop) as upload:
        upload.give(packs[:1])
        upload.give(packs[1:])
        await upload.done()
    index = layout.reel_index(SPACE)
    assert shop.given == [
        path for p, _, _ in packs for path in (layout.reel_pack(SPACE, p.first), index)
    ]
    found = reel.decode(await shop.get(index, 0, 10_000))
    assert (found.packs, found.through, found.whole) == (tuple(p for p, _, _ in packs), 48, False)
    for one in found.packs:
        data = await shop.get(layout.reel_pack(SPACE, one.first), 0, 1_000_000)
        numbers = reel.numbers(found, one)
        assert reel.unpack(data) == [pack(programme.chunk(n)) for n in numbers]
        assert not set(numbers) & set(range(30, 40))


async def test_what_the_store_has_is_not_sent_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "data")
    packs = written(tmp_path)
    async with Upload(SPACE, shop) as upload:
        upload.give(packs[:2])
        await upload.done()
    shop.given.clear()
    async with Upload(SPACE, shop) as upload:
        upload.give(packs)
        await upload.done()
    assert [p for p in shop.given if p.endswith(".pack")] == [
        layout.reel_pack(SPACE, n) for n in (24, 36)
    ]


async def test_a_store_that_is_away_holds_nobody_up(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "data", refusals=1_000_000)
    async with Upload(SPACE, shop) as upload:
        upload.give(written(tmp_path))
        waiting = asyncio.create_task(upload.done())
        await asyncio.sleep(0.15)
        assert not waiting.done()
        shop.refusals = 0
        await waiting
    assert len(shop.given) == 8


def test_the_same_log_makes_the_same_reel(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a"), written(tmp_path / "b")
    assert [(p, index) for p, _, index in first] == [(p, index) for p, _, index in second]
    assert [path.read_bytes() for _, path, _ in first] == [
        path.read_bytes() for _, path, _ in second
    ]


SENDER = """
import asyncio, sys
from pathlib import Path
import msgspec
from hustings.archive.upload import Upload
from hustings.config import Settings
from hustings.store.objects import Objects
from hustings.store.reel import Pack

async def main(data, packs):
    async with Upload("abcdefghij", Objects.open(Settings(data=data))) as upload:
        upload.give([(msgspec.convert(p, Pack), Path(at), i.encode()) for p, at, i in packs])
        await upload.done()

asyncio.run(main(sys.argv[1], msgspec.json.decode(sys.argv[2])))
"""


async def test_killed_in_mid_pack_nothing_half_has_a_name(tmp_path: Path) -> None:
    """kill -9 while the second pack is on its way; who comes after sends that one, and no other."""
    given: list[tuple[Pack, Path, bytes]] = []
    for first, data in ((0, b"small"), (192, bytes(200_000_000))):
        path = tmp_path / f"{first}.pack"
        path.write_bytes(data)
        made = Pack(first, len(data), hashlib.sha256(data).hexdigest())
        packs = (*(one for one, _, _ in given), made)
        index = reel.Index(through=first + 192, whole=False, runs=(), packs=packs)
        given.append((made, path, reel.encode(index)))
    told = msgspec.json.encode([(p, str(path), index.decode()) for p, path, index in given])
    folder = tmp_path / "data/store" / layout.folder(SPACE)
    command = [sys.executable, "-c", SENDER, str(tmp_path / "data"), told.decode()]
    sender = await asyncio.create_subprocess_exec(*command)
    async with asyncio.timeout(20):
        while not any(one.stat().st_size for one in folder.glob("reel/192.pack*")):
            assert sender.returncode is None
            await asyncio.sleep(0.001)
    sender.kill()
    assert await sender.wait() == -signal.SIGKILL
    shop = Shop(tmp_path / "data")
    second = layout.reel_pack(SPACE, 192)
    assert await shop.size(second) is None
    assert await shop.list(layout.folder(SPACE) + "reel/") == [layout.reel_pack(SPACE, 0)]
    kept = reel.decode(await shop.get(layout.reel_index(SPACE), 0, 10_000))
    assert kept.packs == (given[0][0],)
    async with Upload(SPACE, shop) as upload:
        upload.give(given)
        await upload.done()
    assert shop.given == [second, layout.reel_index(SPACE)]
    assert await shop.size(second) == given[1][0].bytes
    kept = reel.decode(await shop.get(layout.reel_index(SPACE), 0, 10_000))
    assert kept.packs == (given[0][0], given[1][0])
    given[1][1].unlink()
    await shop.delete(second)  # not to be kept with pytest's last folders
