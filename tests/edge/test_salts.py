"""The salt comes from the archive; while that is away visitors are kept and counted later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hustings import limits
from hustings.edge.salts import Salts
from tests.edge.crowds import SALT, crowd, ears
from tests.edge.house import SPACE, House
from tests.servers import connect_as


async def test_visitors_of_an_archive_that_was_away_are_counted_later(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SALT_AGAIN_S", 0.2)
    monkeypatch.setattr(limits, "SKETCH_EVERY_S", 0.5)
    await h.open_with(3)
    async with crowd(h) as listeners:
        async with ears(h, salt=False) as heard:
            for i in range(20):
                await listeners.join(f"?v={f'visitor{i}'.rjust(16, '-')}&t=tab1")
            await h.chunk(3)
            await _until(lambda: heard.listening == 20)
            gauges = heard.gauges
            await _until(lambda: heard.gauges > gauges + 1)
            assert heard.sketch.estimate() == 0
        async with ears(h) as heard:
            await _until(lambda: heard.sketch.estimate() == 20)
            assert heard.asked == 1


async def test_a_salt_is_kept_no_longer_than_its_space(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SALT_AGAIN_S", 0.1)
    _, live, close = await connect_as("edge", h.live_server, h.log_server, h.passwords)
    salts = Salts(live)
    asking = asyncio.create_task(salts.run())
    try:
        async with ears(h) as heard:
            assert salts.get(SPACE) is None
            await _until(lambda: salts.get(SPACE) == SALT)
            assert heard.asked == 1
            salts.keep(set())
            assert salts.get(SPACE) is None
            await _until(lambda: salts.get(SPACE) == SALT)
            # A space that the archive does not follow is asked for again and again, not given up.
            assert salts.get("another") is None
            await _until(lambda: heard.asked >= 4)
            assert salts.get("another") is None
            salts.keep({SPACE})
            asked = heard.asked
            await asyncio.sleep(0.3)
            assert heard.asked <= asked + 1
    finally:
        asking.cancel()
        await close()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():
            await asyncio.sleep(0.02)
