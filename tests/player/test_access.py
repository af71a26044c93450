"""Everybody can use the people's side: axe's rules, the keyboard, other scripts, other sights."""

from __future__ import annotations

import time
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.player.browser import FURNISHED, Visit, listen, until
from tests.player.crowd import GUEST, Crowd, said
from tests.player.server import Edge, door, replay
from tests.player.test_page import STATES, state
from tests.player.test_people import AS_MINA, POLL, question

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RICH: Final = (
    "<p>Two <strong>neighbours</strong>.</p><ul><li>One</li></ul>"
    '<p><a href="https://example.org/">Report</a><a href="javascript:bad()">no</a></p>'
    '<script>window.bad = 1</script><img src="x"><h1>Head</h1>'
)


@pytest.fixture
def crowd(edge: Edge) -> Crowd:
    studio = edge.page.split("/s/")[0]
    more = {"description_html": RICH, "publishing": "review", "studio": studio}
    edge.door = door("live", retry_ms=60_000, **more)
    made = Crowd(edge)
    made.chat = [said(number, role="host" if number == 2 else "") for number in range(5)]
    made.chat[1]["text"] = "مرحبا بالجميع"
    made.questions = [question(1, 4), question(2, 9), question(3, 4, answered=True)]
    made.polls = [POLL | {"id": "p0", "closed": True}, POLL]
    made.room["pins"] = [{"id": "a", "text": "The report", "url": "https://example.org/"}]
    made.room["asking"] = {"id": "q1", "name": "Jonas Weber", "text": "Question number 1?"}
    return made


async def faults(page: Page) -> list[str]:
    """What axe finds, as rule and place."""
    found = await Axe().run(page)
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_rule_is_broken_while_live(visit: Visit, crowd: Crowd, scheme: Any) -> None:
    page = await visit(color_scheme=scheme, reduced_motion="reduce", script=AS_MINA)
    await until(page, f"{FURNISHED} && document.querySelectorAll('.message').length === 5")
    await until(page, "!document.querySelector('.hand')?.hidden")
    assert await faults(page) == []
    await page.click("#tab-questions")
    await page.wait_for_selector(".question")
    assert await faults(page) == []
    await page.click("#tab-polls")
    await page.wait_for_selector(".ballot")
    await page.click(".hand")
    assert await faults(page) == []
    await page.click("text=The state")
    await page.click(".ballot >> text=Vote")
    await page.wait_for_selector("text=Change my vote")
    assert await faults(page) == []
    crowd.room["invited"] = [GUEST]
    await page.reload()
    await page.wait_for_selector(".invitation", state="visible")
    assert await faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_rule_is_broken_in_dialogs(visit: Visit, crowd: Crowd, scheme: Any) -> None:
    page = await visit(color_scheme=scheme, reduced_motion="reduce")
    await until(page, f"{FURNISHED} && document.querySelectorAll('.message').length === 5")
    for opener in ("#pass", ".message .tool", "text=Report something"):
        await page.click(opener)
        await page.wait_for_selector("dialog[open]")
        assert await faults(page) == [], opener
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")
    soon = {"status": "scheduled", "starts_at_ms": time.time_ns() // 1_000_000 + 3_600_000}
    crowd.edge.door |= soon
    await page.reload()
    await page.click("#remind")
    await page.wait_for_selector("dialog[open]")
    assert await faults(page) == []
    await page.goto(f"{crowd.edge.page.split('/s/')[0]}/offline.html")
    assert await faults(page) == []


async def test_after_the_end_no_rule_is_broken(visit: Visit, crowd: Crowd) -> None:
    crowd.edge.door |= {"status": "posted", "replay": replay(40)}
    page = await visit(reduced_motion="reduce")
    await until(page, f"{FURNISHED} && document.querySelectorAll('.message').length === 5")
    assert await faults(page) == []


async def test_the_keyboard_alone_suffices(visit: Visit, crowd: Crowd) -> None:
    page = await visit(script=AS_MINA)
    await until(page, f"{FURNISHED} && document.querySelector('#panel-chat .composer')")
    await page.focus("#tab-chat")
    await page.keyboard.press("ArrowRight")
    assert await page.evaluate("() => document.activeElement.id") == "tab-questions"
    await page.keyboard.press("End")
    assert await page.evaluate("() => document.activeElement.id") == "tab-polls"
    await page.wait_for_selector(".ballot")
    for _ in range(2):  # the panel's region, then its first choice
        await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Change my vote")
    assert crowd.votes == {"p1": [1]}
    focused = await page.evaluate("() => document.activeElement.textContent")
    assert focused == "Change my vote"
    await page.focus("#pass")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("dialog[open]")
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")
    assert await page.evaluate("() => document.activeElement.id") == "pass"


@pytest.mark.parametrize("width", [320, 1280])
async def test_from_right_to_left(visit: Visit, crowd: Crowd, width: int) -> None:
    page = await visit(viewport={"width": width, "height": 760})
    await until(page, f"{FURNISHED} && document.querySelectorAll('.message').length === 5")
    await page.evaluate("() => (document.documentElement.dir = 'rtl')")
    sizes = "() => [document.documentElement.scrollWidth, document.body.scrollWidth]"
    assert await page.evaluate(sizes) == [width, width]
    await page.focus("#tab-chat")
    await page.keyboard.press("ArrowLeft")
    assert await page.evaluate("() => document.activeElement.id") == "tab-questions"
    if width > 1000:
        left = "document.querySelector('.people').getBoundingClientRect().left"
        assert await page.evaluate(left) < 100


async def test_text_is_as_large_as_one_likes(visit: Visit, crowd: Crowd) -> None:
    page = await visit(viewport={"width": 360, "height": 760})
    await until(page, FURNISHED)
    size = "() => getComputedStyle(document.documentElement).fontSize"
    assert await page.evaluate(size) == "16px"
    await page.click("#textsize")
    await page.click("#textsize")
    assert await page.evaluate(size) == "22px"
    assert await page.inner_text("#textsize") == "Largest text"
    await page.reload()
    await until(page, FURNISHED)
    assert await page.evaluate(size) == "22px"
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 360


async def test_the_description_keeps_only_what_it_needs(visit: Visit, crowd: Crowd) -> None:
    page = await visit()
    await until(page, FURNISHED)
    inside = await page.inner_html("#description")
    link = '<a href="https://example.org/" target="_blank" rel="noopener nofollow ugc">Report</a>'
    assert inside == (
        f"<p>Two <strong>neighbours</strong>.</p><ul><li>One</li></ul><p>{link}no</p><h3>Head</h3>"
    )
    assert await page.evaluate("() => window.bad") is None
    assert "The hosts decide whether" in await page.inner_text(".publishing")


async def test_motion_and_colours_may_be_the_systems(visit: Visit, crowd: Crowd) -> None:
    page = await visit(reduced_motion="reduce", forced_colors="active", script=AS_MINA)
    await listen(page)
    await page.click("#tab-polls")
    await page.click("text=The state")
    await page.click(".ballot >> text=Vote")
    await page.wait_for_selector("text=Change my vote")
    style = "getComputedStyle(document.querySelectorAll('.poll .fill')[0])"
    assert await page.evaluate(f"{style}.transitionDuration") == "0s"
    colours = "[getComputedStyle(document.querySelector('.bar')).backgroundColor,"
    colours += f" {style}.backgroundColor]"
    ground, filled = await page.evaluate(colours)
    assert ground != filled


@pytest.mark.parametrize("name", STATES)
async def test_in_no_state_is_a_rule_broken(visit: Visit, edge: Edge, name: str) -> None:
    edge.door = state(name)
    page = await visit(color_scheme="light", reduced_motion="reduce")
    await until(page, FURNISHED)
    assert await faults(page) == []
    assert await page.evaluate("() => document.querySelectorAll('h1').length") == 1
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate("() => axe.run(document, {runOnly: ['color-contrast']})")
    assert dark["violations"] == []


async def test_a_closed_door_breaks_no_rule(visit: Visit, edge: Edge) -> None:
    edge.ticket = "shown by nobody"
    page = await visit(color_scheme="dark")
    await page.wait_for_selector("text=This conversation is by invitation")
    assert await faults(page) == []
