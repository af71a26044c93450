"""A private space: its ticket goes along with every request, leaves the address, and is renewed."""

from __future__ import annotations

import pytest

from tests.player.browser import PLAYING, Visit, listen, until
from tests.player.server import Edge

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HURRIED = "Math.random = () => 0;"  # the first renewal follows within seconds: at its earliest


@pytest.fixture(autouse=True)
def _private(edge: Edge) -> None:
    edge.ticket = "one"
    edge.door["studio"] = edge.page.split("/s/")[0]


async def test_it_opens_the_door_and_leaves_the_address(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await until(page, "document.getElementById('headline').textContent.includes('by invitation')")
    assert "ask the host" in await page.inner_text("#note")
    await page.goto(f"{edge.page}?ticket=one&lang=en")
    await page.wait_for_url(f"{edge.page}?lang=en")
    await listen(page)
    assert not any("ticket=" in target for target in edge.requests if "/live/" in target)
    await page.reload()
    await listen(page)  # the tab has kept it


async def test_it_is_renewed(visit: Visit, edge: Edge) -> None:
    edge.ticket_next = "two"
    edge.door["retry_ms"] = 60_000
    page = await visit(script=HURRIED)
    await page.goto(f"{edge.page}?ticket=one")
    await listen(page)
    while edge.ticket != "two":
        await page.wait_for_timeout(50)
    edge.drop()
    await page.wait_for_timeout(300)
    await until(page, PLAYING)
    assert await page.evaluate("() => sessionStorage.getItem('ticket.space00001')") == "two"


async def test_it_says_what_to_do_when_it_is_not_renewed(visit: Visit, edge: Edge) -> None:
    page = await visit(script=HURRIED)
    await page.goto(f"{edge.page}?ticket=one")
    await page.wait_for_selector("#invite", state="visible")
    assert "ask the host for a new one" in await page.inner_text("#invite")
    await listen(page)  # the old one is still good
