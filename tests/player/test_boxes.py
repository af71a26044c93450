"""The stream is cut the same wherever the network cuts it, events put aside."""

from __future__ import annotations

import json
import random

import pytest

from hustings.formats import fmp4
from hustings.formats.boxes import box
from tests.player import programme
from tests.player.browser import Visit, run

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PUSH = """(m, parts) => {
  const cut = new m.Pieces();
  return parts.flatMap((part) => cut.push(Uint8Array.from(part)))
    .map(({ head, bytes, events }) =>
      ({ head, bytes: [...bytes], events: events.map((one) => [...one]) }));
}"""
EVENT = [{"type": "listening", "count": 3}]


async def test_every_cut_gives_the_same_pieces(visit: Visit) -> None:
    page = await visit()
    frames = programme.opus()
    plain = fmp4.fragment("opus", 7, frames[7])
    told = fmp4.fragment("opus", 8, frames[8], events=json.dumps(EVENT).encode())
    stream = fmp4.init_segment("opus") + plain + told
    dice = random.Random(1)
    for _ in range(20):
        marks = sorted(dice.sample(range(len(stream)), 9))
        ends = zip([0, *marks], [*marks, len(stream)], strict=True)
        pieces = await run(page, "boxes.js", PUSH, [list(stream[a:b]) for a, b in ends])
        assert [piece["head"] for piece in pieces] == [True, False, False]
        assert bytes(pieces[0]["bytes"]) == fmp4.init_segment("opus")
        assert bytes(pieces[1]["bytes"]) == plain
        assert bytes(pieces[2]["bytes"]) == fmp4.fragment("opus", 8, frames[8])
        [event] = pieces[2]["events"]
        assert bytes(event) == fmp4.event_message(8, json.dumps(EVENT).encode())


async def test_a_stream_that_is_no_mp4_is_refused(visit: Visit) -> None:
    page = await visit()
    attempt = (
        f"(m, parts) => {{ try {{ return ({PUSH})(m, parts); }} catch (e) {{ return e.name; }} }}"
    )
    for bad in (b"\xff\xf1\x50\x80\x2a\xbf\xfc\x21", b"\0\0\0\0moof", b"\x7f\xff\xff\xffmdat"):
        assert await run(page, "boxes.js", attempt, [list(bad)]) == "RangeError"
    assert await run(page, "boxes.js", attempt, [list(box(b"free"))]) == []
