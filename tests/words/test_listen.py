"""The listen page in German, in every state in a real browser; and from right to left."""

from __future__ import annotations

from typing import Any, Final

import pytest

from hustings import words
from tests.player.browser import Visit, until
from tests.player.server import Edge, door
from tests.words.reading import english_on, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
STATES: Final = ("scheduled", "doors", "live", "held", "ended", "posted", "withheld", "cancelled")
FURNISHED: Final = "!document.getElementById('rest').hidden"


def _of(status: str) -> dict[str, Any]:
    return door(status) | {"title": "Ein Abend am Fluss", "language": "de", "host": "Hanna"}


@pytest.mark.parametrize("status", STATES)
async def test_no_state_has_english_left(visit: Visit, edge: Edge, status: str) -> None:
    edge.words, edge.door = words.load("de"), _of(status)
    page = await visit(viewport={"width": 390, "height": 844})
    await until(page, FURNISHED)
    assert await page.evaluate("document.documentElement.lang") == "de"
    if await page.locator("#play").is_visible():
        await page.click("#play")
        await until(page, "document.documentElement.dataset.phase !== 'idle'")
    assert await english_on(page) == []
    assert await too_wide(page) == 0


async def test_from_right_to_left(
    visit: Visit, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "RIGHT_TO_LEFT", frozenset({"de"}))
    edge.words = words.load("de")
    for status in ("scheduled", "live", "posted"):
        edge.door = _of(status)
        page = await visit(viewport={"width": 390, "height": 844})
        await until(page, FURNISHED)
        assert await page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        assert await too_wide(page) == 0, status
