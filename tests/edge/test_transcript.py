"""What was said, as a page: readable without scripts, each sentence an address."""

from __future__ import annotations

import asyncio
import json

import msgspec

from hustings.config import Settings
from hustings.edge.transcript import clock
from hustings.space import event as e
from hustings.space import replay_event as r
from hustings.store import layout
from hustings.store.objects import Objects
from tests.edge.house import SPACE, House

CUES = [
    {"id": "c1", "at_ms": 0, "end_ms": 900, "seat": "s1", "text": "Good <evening>.", "words": []},
    {"id": "c2", "at_ms": 62_500, "end_ms": 63_000, "seat": "s2", "text": "Thank you."},
    {"id": "c3", "at_ms": 3_723_000, "end_ms": 3_724_000, "seat": "s2", "text": "Late."},
]
TRANSCRIPT = {"version": 1, "language": "en", "seats": {"s1": "Ada", "s2": "B&B"}, "cues": CUES}
TIMELINE = {"chapters": [{"at_ms": 62_000, "end_ms": 9, "title": "The <old> bridge"}]}


async def test_it_is_a_page_of_its_own(h: House) -> None:
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.timeline(SPACE), json.dumps(TIMELINE).encode())
    await h.open_with(2)
    await h.end(1)
    posted = e.Posted(at_ms=9, by="archive", recording_seconds=2, receipt_sha256="ab" * 32)
    await h.event(posted)
    await h.until(lambda s: s["status"] == "posted")
    assert (await h.get(f"/s/{SPACE}/transcript")).status == 404
    await objects.put(layout.transcript(SPACE), json.dumps(TRANSCRIPT).encode())
    revised = r.Revised(
        at_ms=10, by="archive", number=2, sha256="cd" * 32, version=0, through=0,
        recording_seconds=2, kept_bytes=9,
    )  # fmt: skip
    await h.event(revised)
    await h.until(lambda s: s["replay"]["revision"] == 2)
    answer = await h.get(f"/s/{SPACE}/transcript")
    assert answer.status == 200
    assert "script-src" in answer.fields["content-security-policy"]
    page = answer.body.decode()
    assert "<script" not in page
    assert '<p id="c1">' in page
    assert "Good &lt;evening&gt;." in page
    assert "<h2>The &lt;old&gt; bridge</h2>\n<h3><bdi>B&amp;B</bdi></h3>" in page
    assert f'href="/s/{SPACE}?t=62">1:02</a> Thank you.' in page
    assert page.count("B&amp;B") == 1
    known = await h.get(f"/s/{SPACE}/transcript", If_None_Match=answer.fields["etag"])
    assert known.status == 304
    still = (await h.get(f"/s/{SPACE}")).body.decode()
    assert f'href="/s/{SPACE}/transcript"' in still
    german = await h.get(f"/s/{SPACE}/transcript", Accept_Language="de")
    assert '<html lang="de"' in german.body.decode()
    assert (await h.get("/s/nobody0000/transcript")).status == 404
    # What was made before is not shown of what may not be heard: not for a second.
    await h.event(r.Erased(at_ms=11, by="host", erasure="gone", from_ms=0, to_ms=900))
    await _not_read(h)
    done = msgspec.structs.replace(revised, at_ms=12, number=3, sha256="", through=1)
    await h.event(done)
    await _read(h)
    await h.event(e.Withheld(at_ms=13, by="host", reason="Not now"))
    await _not_read(h)
    await h.event(e.Posted(at_ms=14, by="host", recording_seconds=2, receipt_sha256="cd" * 32))
    await _read(h)
    await h.event(r.Expired(at_ms=15, by="archive"))
    await _not_read(h)


async def _read(h: House) -> None:
    await _answers(h, 200)


async def _not_read(h: House) -> None:
    await _answers(h, 404)


async def _answers(h: House, status: int) -> None:
    async with asyncio.timeout(5):
        while (await h.get(f"/s/{SPACE}/transcript")).status != status:
            await asyncio.sleep(0.02)


def test_times_are_read_as_a_clock() -> None:
    assert [clock(s) for s in (0, 62, 3_723)] == ["0:00", "1:02", "1:02:03"]
