"""Times for people, waiting times for machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.player.browser import Visit, run

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def each(visit: Visit, name: str, arguments: list[Any], *, module: str = "time.js") -> Any:
    page = await visit(locale="en-GB", timezone_id="Europe/Berlin")
    return await run(page, module, f"(m, all) => all.map((one) => m.{name}(one))", arguments)


async def test_clock_and_words(visit: Visit) -> None:
    seconds = [0, 7.9, 723, 3723, -4]
    assert await each(visit, "clock", seconds, module="clock.js") == [
        "0:00",
        "0:07",
        "12:03",
        "1:02:03",
        "0:00",
    ]
    words = ["0 seconds", "1 minute 1 second", "1 hour 2 minutes 3 seconds"]
    assert await each(visit, "spoken", [0, 61, 3723], module="clock.js") == words


async def test_countdown_shows_what_matters(visit: Visit) -> None:
    left = [0, 1, 61_000, 3_661_000, 90_061_000]
    told = [
        " ".join(f"{cell['value']} {cell['unit']}" for cell in cells)
        for cells in await each(visit, "countdown", left, module="countdown.js")
    ]
    assert told == [
        "",
        "0 minutes 01 second",
        "1 minute 01 second",
        "1 hour 01 minute 01 second",
        "1 day 01 hour 01 minute",
    ]


async def test_a_moment_is_in_the_visitors_zone(visit: Visit) -> None:
    [told] = await each(visit, "moment", [1_791_306_000_000])
    assert "Tuesday 6 October" in told
    assert "19:00" in told


async def test_patience_reads_seconds_and_dates_and_has_an_end(visit: Visit) -> None:
    found = await each(
        visit, "patience", ["3", "86400", "soon", "", "Mon, 06 Oct 2008 00:00:00 GMT"]
    )
    assert found == [3000, 60_000, 0, 0, 0]


async def test_pauses_are_spread_from_nothing_to_a_bound_that_doubles(visit: Visit) -> None:
    page = await visit()
    code = """(m) => [0, 1, 4, 30].map((tries) => Array.from({ length: 400 },
      () => m.backOff(tries, { firstMs: 250, mostMs: 5000 })))"""
    for full, waits in zip([250, 500, 4000, 5000], await run(page, "time.js", code), strict=True):
        assert 0 <= min(waits) < full / 10
        assert full * 0.9 < max(waits) <= full
        assert sum(waits) / len(waits) == pytest.approx(full / 2, rel=0.15)
