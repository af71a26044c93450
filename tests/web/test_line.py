"""The line to the stage, in Chromium: how it comes back to a seat, and when it lets go of one."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, Request, Route, expect

from hustings.drills.installation import Installation
from tests.web.running import EMAIL, PASSWORD, Running, make_space, until

pytestmark = pytest.mark.browser

WHIP: Final = re.compile("/whip/")
SLACK_S: Final = 0.5  # a loaded machine, and the way from the browser to here


class Gate:
    """Answers a page's offers in place of the gate: with `status`, until that is None."""

    def __init__(self, status: int | None, code: str = "") -> None:
        self.status = status
        self._code = code
        self.offers: list[tuple[float, str]] = []  # when, and with which ticket
        self.answers: list[float] = []

    async def stand_before(self, page: Page | BrowserContext) -> None:
        await page.route(WHIP, self._answer)

    async def _answer(self, route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        ticket = await route.request.header_value("authorization") or ""
        self.offers.append((time.monotonic(), ticket))
        if self.status is None:
            await route.continue_()
            return
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/problem+json"}
        said = f'"detail": "The stage is not ready.", "code": "{self._code}"'
        body = f'{{"status": {self.status}, {said}}}'
        await route.fulfill(status=self.status, headers=headers, body=body)
        self.answers.append(time.monotonic())

    async def asked(self, count: int) -> bool:
        return len(self.offers) >= count


async def joined(web: Running, page: Page, address: str) -> None:
    """Sign in, go to a stage, and press Join."""
    await page.goto(f"{web.url}/sign-in")
    if page.url.endswith("/sign-in"):
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{web.url}/")
    await page.goto(address)
    await page.wait_for_selector("body[data-events=true]")
    await page.locator("#join").click()


async def has(page: Page, name: str, value: str) -> None:
    await expect(page.locator("body")).to_have_attribute(f"data-{name}", value)


async def test_offers_follow_each_other_without_a_step(
    web: Running, context: BrowserContext
) -> None:
    page, gate = context.pages[0], Gate(503)
    await gate.stand_before(page)
    async with web.host() as host:
        await joined(web, page, (await make_space(host))["stage_url"])
        await until(partial(gate.asked, 9), within_s=8)
    await has(page, "connected", "connecting")
    pauses = [at - before for (at, _), before in zip(gate.offers[1:], gate.answers, strict=False)]
    assert min(pauses) >= 0.15
    assert max(pauses) <= 0.3 + SLACK_S
    assert max(pauses) - min(pauses) > 0.01, "many speakers would return in step"
    assert len({ticket for _, ticket in gate.offers}) == 1, "the studio may be down meanwhile"


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "taken away"), (404, "not there any more"), (410, "has ended")],
)
async def test_offers_end_with_a_word_that_is_final(
    web: Running, context: BrowserContext, status: int, words: str
) -> None:
    page, gate = context.pages[0], Gate(status)
    await gate.stand_before(page)
    async with web.host() as host:
        await joined(web, page, (await make_space(host))["stage_url"])
        await expect(page.locator("#line-words")).to_contain_text(words)
        await has(page, "connected", "false")
        await page.wait_for_timeout(1_000)
        assert len(gate.offers) == 1
        # Whoever presses again is asked for again.
        await page.locator("#join").click()
        await until(partial(gate.asked, 2))


async def test_a_full_stage_is_said_and_asked_again(web: Running, context: BrowserContext) -> None:
    page, gate = context.pages[0], Gate(409, "full")
    await gate.stand_before(page)
    async with web.host() as host:
        await joined(web, page, (await make_space(host))["stage_url"])
        await expect(page.locator("#line-words")).to_contain_text("The stage is not ready")
        await has(page, "connected", "connecting")
        await until(partial(gate.asked, 2))
        await expect(page.locator("#line-words")).to_contain_text("The stage is not ready")


async def test_a_page_that_comes_back_by_itself_does_not_fight(
    web: Running, context: BrowserContext
) -> None:
    page, gate = context.pages[0], Gate(409, "elsewhere")
    await gate.stand_before(page)
    async with web.host() as host:
        await joined(web, page, (await make_space(host))["stage_url"])
        await expect(page.locator("#join")).to_have_text("Use this tab instead")
        await has(page, "connected", "false")
        await page.wait_for_timeout(1_000)
        assert len(gate.offers) == 1


async def test_a_ticket_that_is_refused_is_renewed(web: Running, context: BrowserContext) -> None:
    page, gate = context.pages[0], Gate(401)
    await gate.stand_before(page)
    async with web.host() as host:
        await joined(web, page, (await make_space(host))["stage_url"])
        await until(partial(gate.asked, 1))
        # Tickets differ by the second of their end.
        await asyncio.sleep(1.1)
        count = len(gate.offers)
        await until(partial(gate.asked, count + 2))
    assert gate.offers[-1][1] != gate.offers[0][1]


async def test_one_page_has_the_seat(web: Running, context: BrowserContext) -> None:
    first, gate = context.pages[0], Gate(503)
    await gate.stand_before(context)
    async with web.host() as host:
        made = await make_space(host)
        await joined(web, first, made["stage_url"])
        await has(first, "connected", "connecting")
        second = await context.new_page()
        await joined(web, second, made["stage_url"])
        await has(first, "connected", "false")
        await expect(first.locator("#line-words")).to_contain_text("You joined from elsewhere")
        await expect(first.locator("#join")).to_have_text("Use this tab instead")
        await has(second, "connected", "connecting")
        # What the second does with its microphone is not undone by the first.
        seat = f"/api/spaces/{made['id']}"
        for muted in (True, False):
            await second.locator("#mute").click()
            await has(first, "muted", str(muted).lower())
            await second.wait_for_timeout(300)
            [one] = (await host.get(seat)).json()["seats"]
            assert one["muted"] is muted


async def test_a_hosts_mute_right_after_ones_own_word_holds(
    web: Running, context: BrowserContext
) -> None:
    page, gate = context.pages[0], Gate(503)
    await gate.stand_before(page)
    async with web.host() as host:
        space = (await make_space(host))["id"]
        made = (await host.post(f"/api/spaces/{space}/seats", json={"name": "Amara"})).json()
        await page.goto(made["link"])
        await page.locator("#accept").click()
        await page.wait_for_selector("body[data-events=true]")
        await page.locator("#join").click()
        await has(page, "connected", "connecting")
        seat = f"/api/spaces/{space}/seats/{made['seat']}"
        for muted in (True, False):
            await page.locator("#mute").click()
            await until(partial(_is_muted, host, space, made["seat"], muted))
        assert (await host.post(f"{seat}/mute")).status_code == 200
        await has(page, "muted", "true")
        await expect(page.locator("#mic-words")).to_contain_text("The host has muted you")
        await page.wait_for_timeout(1_500)
        assert await _is_muted(host, space, made["seat"], True)


async def _is_muted(host: httpx.AsyncClient, space: str, seat: str, muted: bool) -> bool:
    seats = (await host.get(f"/api/spaces/{space}")).json()["seats"]
    return any(one["id"] == seat and one["muted"] is muted for one in seats)


@pytest.mark.timeout(90)
async def test_silence_is_noticed_and_the_seat_taken_again(
    tmp_path: Path, context: BrowserContext
) -> None:
    page = context.pages[0]
    offers: list[float] = []
    page.on("request", _when(offers))
    async with Installation(tmp_path / "installation") as installation:
        await page.goto((installation.folder / "first-link").read_text().strip())
        await page.get_by_label("Your name").fill("Hanna Host")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Make the account").click()
        await page.goto(f"{installation.studio_url}/new")
        await page.get_by_label("Title").fill("An evening")
        await page.locator("#create-space").click()
        await page.wait_for_selector("body[data-events=true]")
        await page.locator("#join").click()
        await has(page, "connected", "true")
        await page.wait_for_timeout(1_000)
        assert len(offers) == 1, "a line that sounds is left alone"
        stages = [pid for name, pid in installation.processes().items() if name.startswith("stage")]
        for pid in stages:
            os.kill(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            async with asyncio.timeout(5):
                while len(offers) < 2:
                    await page.wait_for_timeout(10)
        finally:
            for pid in stages:
                os.kill(pid, signal.SIGCONT)
        # 300 ms without a packet, seen within 100 ms; then a pause of 150-300 ms.
        assert 0.4 <= offers[1] - stopped <= 0.7 + SLACK_S
        await has(page, "connected", "true")


def _when(times: list[float]) -> Callable[[Request], None]:
    def note(request: Request) -> None:
        if request.method == "POST" and WHIP.search(request.url):
            times.append(time.monotonic())

    return note
