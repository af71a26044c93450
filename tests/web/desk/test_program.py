"""Another program on a seat: the page shows its address and key, and lets go of the seat."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import BrowserContext, expect

from hustings import limits, ticket
from hustings.keys import Keys
from hustings.ticket import Scope
from tests.web.running import Running, make_space
from tests.web.test_line import Gate, has, joined

pytestmark = pytest.mark.browser


async def test_address_and_key_are_shown_to_who_asks(web: Running, context: BrowserContext) -> None:
    page, gate = context.pages[0], Gate(503)
    await gate.stand_before(page)
    async with web.host() as host:
        made = await make_space(host)
        await joined(web, page, made["stage_url"])
        await has(page, "connected", "connecting")
        await page.locator("#program > summary").click()
        await expect(page.locator("#program-fields")).to_be_hidden()
        await page.locator("#program-show").click()
        await expect(page.locator("#program-url")).to_be_focused()
        await expect(page.locator("#program-words")).to_contain_text("until")
        url = await page.locator("#program-url").input_value()
        key = await page.locator("#program-key").input_value()
        await has(page, "connected", "false")
        await expect(page.locator("#line-words")).to_contain_text("Another program")
    assert url.endswith(f"/whip/{made['id']}")
    right = ticket.verify(
        key, public_key=Keys(web.folder / "keys").ticket_public(), now=time.time()
    )
    assert (right.space, right.scope) == (made["id"], Scope.SPEAK)
    assert right.exp - time.time() == pytest.approx(limits.TICKET_PROGRAM_S, abs=60)
