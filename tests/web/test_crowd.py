"""The crowd on the desk: figures side by side, for hosts only, gone with those who told them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, expect

from hustings import limits
from hustings.crowd import Rung
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.web.crowd import Crowd, Figures
from tests.servers import connected
from tests.web.running import EMAIL, PASSWORD, Running, make_space

SPACE = "abcdefghij"


def _gauge(edge: str, **here: Any) -> Message:
    return Message(subjects.crowd(edge), json.dumps({"spaces": {SPACE: here}}).encode())


def _whole(**figures: int) -> Message:
    return Message(subjects.crowd_whole(SPACE), json.dumps(figures).encode())


def test_what_is_told_is_shown_and_forgotten_when_it_is_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd = Crowd()
    assert crowd.figures(SPACE) == Figures()
    crowd.take(_gauge("edge-0", listening=5, rungs={"live": 5}))
    crowd.take(_gauge("edge-1", listening=2, rungs={"slow": 2}, waiting=9, turned_away=1))
    crowd.take(_gauge("edge-1", listening="many"))
    crowd.take_whole(_whole(peak=8, distinct=11, listener_minutes=70))
    crowd.take_whole(_whole(peak=9))
    assert crowd.figures(SPACE) == Figures(
        listening=7,
        rungs={Rung.LIVE: 5, Rung.SLOW: 2},
        waiting=9,
        turned_away=1,
        peak=8,
        distinct=11,
        listener_minutes=70,
    )
    for edge, rung in (("edge-0", "slow"), ("edge-1", "text"), ("edge-2", "live")):
        crowd.take(Message(subjects.crowd(edge), json.dumps({"rung": rung}).encode()))
    assert crowd.figures(SPACE).rung is Rung.TEXT
    monkeypatch.setattr(limits, "CROWD_FRESH_S", -1.0)
    assert crowd.figures(SPACE).peak is None


@pytest.mark.browser
async def test_the_desk_shows_it_to_the_host(web: Running, context: BrowserContext) -> None:
    page, servers = context.pages[0], web.engines
    async with (
        web.host() as host,
        connected("edge", servers.live, servers.log, servers.passwords) as (_, edge),
        connected("archive", servers.live, servers.log, servers.passwords) as (_, archive),
    ):
        made = await make_space(host)
        await page.goto(f"{web.url}/sign-in")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{web.url}/")
        await page.goto(made["stage_url"])
        await page.wait_for_selector("body[data-events=true]")
        crowd = page.locator("#crowd")
        await expect(crowd).to_be_hidden()
        whole = {"peak": 1234, "distinct": 2100, "listener_minutes": 5}
        await archive.publish(subjects.crowd_whole(made["id"]), json.dumps(whole).encode())
        here = {"listening": 1007, "rungs": {"live": 1000, "slow": 7}, "waiting": 3}
        gauge = json.dumps({"spaces": {made["id"]: here}}).encode()
        await edge.publish(subjects.crowd("edge-0"), gauge)
        await expect(crowd).to_be_visible()
        await expect(crowd).to_contain_text("waiting in line3")
        words = await crowd.inner_text()
        assert [line for line in words.splitlines() if line.strip()] == [
            *("live", "1,000", "a second behind", "7", "waiting in line", "3"),
            *("most at one time", "1,234", "different visitors", "about 2,100"),
        ]
        door = page.locator("#door")
        await expect(door).to_be_hidden()
        gauge = json.dumps({"rung": "text", "spaces": {made["id"]: here}}).encode()
        await edge.publish(subjects.crowd("edge-0"), gauge)
        await expect(door).to_have_text("New listeners read along and wait for a place: 3 waiting.")
        await edge.publish(subjects.crowd("edge-0"), b'{"rung": "slow"}')
        await expect(door).to_have_text("New listeners now get sound every second.")
        await edge.publish(subjects.crowd("edge-0"), b'{"rung": "live"}')
        await expect(door).to_be_hidden()
