"""All files of a recording as one archive: whole, of known length, and under names for people."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncGenerator

import pytest

from hustings import limits
from hustings.config import Settings
from hustings.edge.bundle import Bundle, Member, members, plain
from hustings.errors import StoreError
from hustings.space import Role, Seat, Space
from hustings.space import event as e
from hustings.store import layout
from hustings.store.objects import Objects
from tests.edge.house import SPACE, House

SOUND = bytes(range(256)) * 1_000


def _seat(number: str, name: str) -> Seat:
    return Seat(id=number, name=name, role=Role.SPEAKER, person="")


def test_names_are_those_of_title_and_people() -> None:
    seats = {"s1": _seat("s1", "Ada"), "s2": _seat("s2", "Ada"), "s3": _seat("s3", "Élodie/B")}
    space = Space(id=SPACE, title='Who pays? "Rivers"\u202e', seats=seats)
    sizes = {"replay.m4a": 1, "receipt.json": 2, "waveform.json": 3, "talk.json": 4}
    sizes |= {f"stems/{seat}.opus": 5 for seat in ("s1", "s2", "s3", "s9")}
    assert [one.called for one in members(space, sizes)] == [
        "Who pays Rivers.m4a",
        "Who pays Rivers - talk.json",
        "receipt.json",
        "Tracks/Who pays Rivers - Ada.opus",
        "Tracks/Who pays Rivers - Ada (s2).opus",
        "Tracks/Who pays Rivers - Élodie B.opus",
        "Tracks/Who pays Rivers - s9.opus",
    ]
    talkers = {one: _seat(one, "\U0001d538" * 80) for one in ("s1", "s2")}
    long = Space(id=SPACE, title="河" * 120, seats=talkers)
    names = [one.called for one in members(long, {**sizes, "master.m4a": 6})]
    assert len(set(names)) == len(names)
    assert max(len(name.rpartition("/")[2].encode()) for name in names) <= 255
    assert plain("../\x00etc..") == "etc"
    assert members(Space(id=SPACE, title="///"), {"replay.m4a": 1})[0].called == f"{SPACE}.m4a"


async def _given(member: Member, data: bytes) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(data), 1000):
        yield data[at : at + 1000]


async def test_what_is_shorter_than_it_was_ends_the_archive_early() -> None:
    made = Bundle([Member("a", "a", 5_000), Member("b", "b", 10)])
    got = bytearray()

    async def read() -> None:
        async for block in made.blocks(lambda member: _given(member, b"x" * 3_000)):
            got.extend(block)

    with pytest.raises(StoreError):
        await read()
    assert 3_000 < len(got) < len(made)


async def test_an_edge_sends_it(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.replay_aac(SPACE), SOUND)
    await objects.put(layout.receipt(SPACE), b"{}")
    await objects.put(layout.transcript(SPACE, "txt"), b"")  # nobody said anything
    await objects.put(layout.stem(SPACE, "s1"), SOUND[:70_000])
    await objects.put(layout.transcript_draft(SPACE), b"not public")
    await objects.put(layout.talk(SPACE), b'{"chat":[{"id":"m1"},{"id":"m2"}]}')
    await h.open_with(2)
    await h.end(1)
    posted = e.Posted(at_ms=9, by="archive", recording_seconds=2, receipt_sha256="ab" * 32)
    await h.event(posted)
    await h.event(e.MessageRemoved(at_ms=10, by="mod", message="m2", reason="Spam"))
    await h.until(lambda s: s["status"] == "posted")
    async with asyncio.timeout(5):  # what was taken down is not in it
        while len((await h.get(f"/live/{SPACE}/talk.json")).json()["chat"]) != 1:
            await asyncio.sleep(0.05)
    await h.until(lambda s: s["status"] == "posted")
    answer = await h.get(f"/live/{SPACE}/all.zip")
    assert answer.status == 200
    assert answer.fields["content-type"] == "application/zip"
    assert int(answer.fields["content-length"]) == len(answer.body)
    assert "filename*=UTF-8''Evening%20talk.zip" in answer.fields["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert {one.filename: archive.read(one) for one in archive.infolist()} == {
            "Evening talk.m4a": SOUND,
            "Evening talk.txt": b"",
            "Evening talk - talk.json": b'{"chat":[{"id":"m1"}]}',
            "receipt.json": b"{}",
            "Tracks/Evening talk - Ada.opus": SOUND[:70_000],
        }
    ahead = await h.get(f"/live/{SPACE}/all.zip", method="HEAD")
    assert ahead.fields["content-length"] == answer.fields["content-length"]
    monkeypatch.setattr(limits, "DOWNLOADS_COUNT", 0)
    assert (await h.get(f"/live/{SPACE}/all.zip")).status == 503
