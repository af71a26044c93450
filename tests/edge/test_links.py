"""A link to a private recording: a podcast app fetches the files by it until it is ended, and it
opens nothing else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings import keys, limits
from hustings.config import Settings
from hustings.errors import StoreError
from hustings.space import event as e
from hustings.store import layout
from hustings.store.objects import Objects
from hustings.ticket import Scope, Ticket, sign
from hustings.web.keeping.links import Given, Links
from tests.edge.house import SPACE, House, house
from tests.edge.test_rights import ADDRESSES, STREAMS

REPLAY = f"/live/{SPACE}/replay.m4a"


@pytest.fixture
async def h(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


def objects(h: House) -> Objects:
    return Objects.open(Settings(data=str(h.folder / "data")))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def posted(h: House) -> tuple[Links, Given]:
    """A private recording, and a link to it."""
    links = Links(objects(h), keys.ensure(h.folder))
    await h.schedule(private=True)
    await h.doors()
    await h.end(0)
    await objects(h).put(layout.replay_aac(SPACE), bytes(range(200)))
    done = e.Posted(at_ms=9, by="archive", recording_seconds=1.0, receipt_sha256="ab" * 32)
    await h.event(done)
    made = await links.make(SPACE, name="Bela", by="account1", now_ms=now_ms())
    assert isinstance(made, Given)
    return links, made


async def test_a_podcast_app_fetches_it_until_it_is_ended(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINK_FRESH_S", 0.0)
    links, given = await posted(h)
    assert (await h.get(REPLAY)).status == 401
    address = f"{REPLAY}?ticket={given.token}"
    whole = await h.get(address)
    assert (whole.status, whole.body) == (200, bytes(range(200)))
    assert whole.fields["cache-control"] == "private, no-store"
    part = await h.get(address, range_="bytes=10-19")
    assert (part.status, part.body) == (206, bytes(range(10, 20)))
    assert (await h.get(address, method="HEAD")).fields["content-length"] == "200"
    assert await links.end(SPACE, given.id) == "Bela"
    ended = await h.get(address)
    assert (ended.status, ended.json()["code"]) == (403, "link")
    assert ended.fields["cache-control"] == "no-store"
    assert await links.end(SPACE, given.id) is None


async def test_it_opens_nothing_else(h: House) -> None:
    _, given = await posted(h)
    for address in ADDRESSES:
        assert (await h.get(f"{address}?ticket={given.token}")).status == 401, address
    for name in (*STREAMS, "talk.json", "timeline.json", "crowd.json", "stems/s1.opus"):
        answer = await h.get(f"/live/{SPACE}/{name}?ticket={given.token}")
        assert answer.status == 401, name


async def test_a_link_of_another_space_or_time_is_none(h: House) -> None:
    links, given = await posted(h)
    other = await links.make("zyxwvutsrq", name="Bela", by="account1", now_ms=now_ms())
    old = await links.make(SPACE, name="Bela", by="account1", now_ms=0)
    assert isinstance(other, Given)
    assert isinstance(old, Given)
    key = keys.ensure(h.folder).ticket_private()
    forged = Ticket(
        space=SPACE,
        seat="",
        name="",
        role="",
        scope=Scope.REPLAY,
        exp=int(time.time()) + 60,
        link="../x",
    )
    for token in (other.token, old.token, given.token[:-3], sign(forged, private_key=key)):
        assert (await h.get(f"{REPLAY}?ticket={token}")).status == 401
    assert [one.id for one in await links.all(SPACE, now_ms=now_ms())] == [given.id]


async def test_a_store_that_is_away_ends_no_link(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, given = await posted(h)
    size = Objects.size

    async def away(self: Objects, path: str) -> int | None:
        if path.startswith("links/"):
            raise StoreError("away")
        return await size(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(Objects, "size", away)
        assert (await h.get(f"{REPLAY}?ticket={given.token}")).status == 503
    assert (await h.get(f"{REPLAY}?ticket={given.token}")).status == 200
