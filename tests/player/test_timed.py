"""Events in the sound: only ours are read, and they wait until their sound is heard."""

from __future__ import annotations

import json

import pytest

from hustings.formats import fmp4
from hustings.formats.boxes import full_box
from tests.player.browser import Visit, listen, run, until
from tests.player.server import Edge, seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

READ = "(m, bytes) => m.readEvent(Uint8Array.from(bytes))"
EVENT = [{"type": "listening", "count": 3}]


async def test_what_is_not_ours_is_passed_over(visit: Visit) -> None:
    page = await visit()
    good = fmp4.event_message(4, json.dumps(EVENT).encode())
    read = await run(page, "timed.js", READ, list(good))
    assert read == {"atS": pytest.approx(4 * 0.32), "items": EVENT}
    foreign = good.replace(b"urn:hustings", b"urn:somebody")
    broken = fmp4.event_message(4, b'[{"type": "liste')
    no_list = fmp4.event_message(4, b'{"type": "listening"}')
    old = full_box(b"emsg", 0, 0, good[12:])
    for bad in (foreign, broken, no_list, old, good[:30], good[:36]):
        assert await run(page, "timed.js", READ, list(bad)) is None


async def test_events_wait_for_their_sound(visit: Visit, edge: Edge) -> None:
    edge.door["retry_ms"] = 60_000
    page = await visit()
    await listen(page)
    speaking = [seat("ada", "Ada Obi", "host", connected=True, speaking=True)]
    n = edge.n + 1
    edge.say({"type": "seats", "seats": speaking}, {"type": "listening", "count": 7})
    await until(page, "document.querySelector('.speaking')")
    heard = await page.evaluate("() => document.getElementById('sound').currentTime")
    assert heard == pytest.approx(n * 0.32, abs=0.35)
    assert await page.inner_text("#listening") == "7 listening"
