"""What the audience of a posted space wrote comes from the store, without what was taken down."""

from __future__ import annotations

import asyncio
import json

from hustings.config import Settings
from hustings.log.subjects import Kind
from hustings.space import event as e
from hustings.space import replay_event as r
from hustings.store import layout
from hustings.store.objects import Objects
from hustings.talk import Said, encode
from tests.edge.house import SPACE, House

TALK = {
    "room": {"chat_open": True},
    "polls": [],
    "chat": [{"id": "m1", "text": "Hello", "at_ms": 1}, {"id": "m2", "text": "Bad", "at_ms": 2}],
    "questions": [{"id": "q1", "text": "Why?"}],
}  # fmt: skip


async def test_it_is_served_from_the_store(h: House) -> None:
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.talk(SPACE), json.dumps(TALK).encode())
    await h.open_with(2)
    await h.end(1)
    log, _ = h.web
    heard = encode([Said(id="m0", person="a-1", name="Ada", text="Heard live", at_ms=6)])
    await log.append(SPACE, Kind.TALK, heard, message_id="said")
    async with asyncio.timeout(5):
        while not (await h.get(f"/live/{SPACE}/talk.json")).json()["chat"]:
            await asyncio.sleep(0.05)
    posted = e.Posted(at_ms=9, by="archive", recording_seconds=2, receipt_sha256="ab" * 32)
    await h.event(posted)
    await h.until(lambda s: s["status"] == "posted")
    answer = await h.get(f"/live/{SPACE}/talk.json?r=1", Accept_Encoding="gzip")
    assert answer.fields["content-encoding"] == "gzip"
    answer = await h.get(f"/live/{SPACE}/talk.json?r=1")  # what was at hand is half a second old
    assert answer.json() == TALK
    known = await h.get(f"/live/{SPACE}/talk.json", If_None_Match=answer.fields["etag"])
    assert known.status == 304
    await h.event(e.MessageRemoved(at_ms=10, by="mod", message="m2", reason="Spam"))
    async with asyncio.timeout(5):
        while len((await h.get(f"/live/{SPACE}/talk.json")).json()["chat"]) != 1:
            await asyncio.sleep(0.05)
    # While something is taken out, it is not given as it was.
    await h.event(r.Erased(at_ms=11, by="host", erasure="gone", from_ms=0, to_ms=900))
    async with asyncio.timeout(5):
        while (await h.get(f"/live/{SPACE}/talk.json")).status != 503:
            await asyncio.sleep(0.05)
    await h.event(r.Expired(at_ms=11, by="archive"))
    await h.until(lambda s: s["gone"])
    assert (await h.get(f"/live/{SPACE}/talk.json")).json()["chat"] == []
