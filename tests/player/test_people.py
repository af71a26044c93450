"""The people's side of the page: chat, questions, polls, the hand, and who one is."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import pytest
from playwright.async_api import Page

from tests.player.browser import FURNISHED, Visit, listen, until
from tests.player.crowd import GUEST, Crowd, pass_of, said
from tests.player.server import Edge, door, seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

POLL: Final[dict[str, Any]] = {
    "id": "p1", "question": "Who should pay for the dyke?", "options": ["The valley", "The state"],
    "multiple": False, "show": "live", "closed": False, "counts": [3, 1], "voters": 4,
}  # fmt: skip
AS_MINA: Final = f"localStorage.setItem('talk.space00001', '{{\"ticket\":\"{pass_of()}\"}}');"
END: Final = (
    "(() => { const box = document.querySelector('#panel-chat .scroll');"
    " return box.scrollHeight - box.scrollTop - box.clientHeight < 2; })()"
)
# What moved without anybody having pressed anything (web.dev/cls), from now on.
SHIFTS: Final = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.fixture
def crowd(edge: Edge) -> Crowd:
    edge.door = door("live", studio=edge.page.split("/s/")[0], retry_ms=60_000)
    return Crowd(edge)


def question(number: int, votes: int, **more: Any) -> dict[str, Any]:
    made = {"id": f"q{number}", "name": "Jonas Weber", "text": f"Question number {number}?"}
    return made | {"votes": votes, "answered": False} | more


async def voted(crowd: Crowd, votes: dict[str, list[int]]) -> None:
    """What a press has made is shown at once; the vote is on its way."""
    async with asyncio.timeout(8):
        while crowd.votes != votes:
            await asyncio.sleep(0.02)


async def chat(visit: Visit, **options: Any) -> Page:
    page = await visit(**options)
    await until(page, f"{FURNISHED} && document.querySelector('#panel-chat .composer')")
    return page


async def test_the_chat_stays_at_its_end_until_one_reads_back(visit: Visit, crowd: Crowd) -> None:
    crowd.chat = [said(number) for number in range(60)]
    page = await chat(visit)
    await until(page, f"document.querySelectorAll('.message').length === 60 && {END}")
    await listen(page)
    crowd.edge.say({"type": "chat", "messages": [said(60), said(61)], "more": 0})
    await until(page, f"document.querySelectorAll('.message').length === 62 && {END}")
    await page.evaluate("() => (document.querySelector('#panel-chat .scroll').scrollTop = 0)")
    crowd.edge.say({"type": "chat", "messages": [said(62, role="host")], "more": 12})
    await page.wait_for_selector(".fresh", state="visible")
    assert await page.inner_text(".fresh") == "13 new messages"
    assert await page.evaluate("() => document.querySelector('#panel-chat .scroll').scrollTop") < 5
    await page.click(".fresh")
    await until(page, f"{END} && document.querySelector('.fresh').hidden")
    assert await page.inner_text(".gap") == "12 more were written here than can be read"
    assert await page.inner_text(".badge") == "Host"


async def test_what_is_removed_goes_and_may_come_back(visit: Visit, crowd: Crowd) -> None:
    crowd.chat = [said(0), said(1, "Something rude")]
    page = await chat(visit)
    await until(page, "document.body.textContent.includes('Something rude')")
    await listen(page)
    crowd.tell_room(removed=["m0001"])
    await until(page, "document.querySelector('.gone')")
    assert "Something rude" not in await page.inner_text("body")
    crowd.tell_room(removed=[])
    await until(page, "document.body.textContent.includes('Something rude')")


async def test_an_old_message_comes_back_where_it_is_shown_still(
    visit: Visit, crowd: Crowd
) -> None:
    """Older than what talk.json lists: the hosts' word alone brings it back."""
    crowd.chat = [said(0, "Something rude")]
    page = await chat(visit)
    await until(page, "document.body.textContent.includes('Something rude')")
    await listen(page)
    crowd.tell_room(removed=["m0000"])
    await until(page, "document.querySelector('.gone')")
    crowd.chat = [said(number) for number in range(1, 110)]
    crowd.tell_room(removed=[], restored=["m0000"])
    await until(page, "document.body.textContent.includes('Something rude')")
    await until(page, "document.querySelectorAll('.message').length === 101", seconds=12)
    assert not await page.query_selector(".gone")


async def test_messages_stand_in_the_order_of_the_log(visit: Visit, crowd: Crowd) -> None:
    """Not by the clocks of the studios, one of which is wrong."""
    crowd.chat = [said(0, number=0), said(9000, number=1)]
    page = await chat(visit, script=AS_MINA)
    await until(page, "document.querySelectorAll('.message').length === 2")
    await listen(page)
    await page.fill("input[placeholder='Your message']", "Mine")
    await page.keyboard.press("Enter")
    await until(page, "document.querySelectorAll('.message').length === 3")
    mine = said(5, "Mine", id="mine1", person=GUEST, number=3)
    crowd.edge.say({"type": "chat", "messages": [said(1, number=2), mine], "more": 0})
    order = "[...document.querySelectorAll('.message')].map((one) => one.dataset.id)"
    await until(page, "document.querySelectorAll('.message').length === 4")
    assert await page.evaluate(order) == ["m0000", "m9000", "m0001", "mine1"]
    crowd.chat += [said(1, number=2), mine, said(2, number=4)]
    await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await until(page, "document.querySelectorAll('.message').length === 5")
    assert await page.evaluate(order) == ["m0000", "m9000", "m0001", "mine1", "m0002"]


async def test_an_announced_end_is_counted_down_and_told_once(visit: Visit, crowd: Crowd) -> None:
    page = await chat(visit)
    await listen(page)
    await page.evaluate(
        "() => { window.told = []; new MutationObserver(() => window.told.push("
        "document.getElementById('announce').textContent))"
        ".observe(document.getElementById('announce'), {childList: true}); }"
    )
    await page.evaluate(SHIFTS)
    ends_at_ms = time.time_ns() // 1_000_000 + 8_000
    crowd.edge.door["ends_at_ms"] = ends_at_ms
    crowd.tell_room(ends_at_ms=ends_at_ms)
    ends = "/^Ends in (\\d+) s\\.$/.test(document.getElementById('note').textContent)"
    await until(page, ends)
    left = await page.inner_text("#note")
    await until(page, f"document.getElementById('note').textContent !== {left!r} && {ends}")
    assert await page.inner_text("#headline") == "Ending soon"
    assert await page.inner_text("#pill") == "Live"
    told = [one.strip() for one in await page.evaluate("() => window.told")]
    assert told == ["Ending soon."]
    crowd.edge.door["ends_at_ms"] = None
    del crowd.room["ends_at_ms"]
    crowd.edge.say(crowd.room)
    await until(page, "document.getElementById('headline').textContent === 'Live now'")
    assert "Began" in await page.inner_text("#note")
    assert await page.evaluate("() => window.shifts") < 0.02


async def test_a_name_never_turns_the_words_beside_it(visit: Visit, crowd: Crowd) -> None:
    name, other = "\u05d3\u05d5\u05d3", "Ada \u202etcejbo"
    crowd.edge.door |= {"host": other, "seats": [seat("s1", name, "host", connected=True)]}
    crowd.chat = [said(1, name=name, role="host")]
    crowd.room["asking"] = {"id": "q1", "name": name, "text": "Why?"}
    page = await chat(visit)
    await page.wait_for_selector(".asking", state="visible")
    assert await page.text_content("#host") == f"Hosted by \u2068{other}\u2069"
    assert f"by \u2068{name}\u2069" in (await page.text_content(".asking small") or "")
    flag = await page.get_attribute(".message .tool", "aria-label")
    assert flag == f"Report the message of \u2068{name}\u2069"
    assert await page.text_content(".seats bdi") == await page.text_content(".by bdi") == name


async def test_who_has_no_name_gets_one_beside_the_sound(visit: Visit, crowd: Crowd) -> None:
    page = await chat(visit)
    await listen(page)
    async with page.context.expect_page() as opened:
        await page.click("text=Join the chat")
    studio = await opened.value
    await studio.click("#go")
    await until(page, "document.querySelector('.me')?.textContent.includes('Mina')")
    await page.wait_for_selector("input[placeholder='Your message']:focus")
    assert await page.evaluate("() => document.documentElement.dataset.playing") == "true"
    for one in page.context.pages:
        assert "talk=" not in one.url
    await page.keyboard.type("Hello, all")
    await page.keyboard.press("Enter")
    await until(page, "document.querySelector('.message .text')?.textContent === 'Hello, all'")
    assert ("POST", "chat", {"text": "Hello, all"}) in crowd.told
    await page.click("[aria-label='Delete your message']")
    await page.click("dialog .danger")
    await until(page, "document.querySelector('.gone')")
    assert crowd.told[-1][:2] == ("DELETE", "chat/mine1")
    await page.click("text=Leave")
    await page.wait_for_selector("text=Join the chat")
    assert await page.evaluate("() => localStorage.getItem('talk.space00001')") is None


async def test_a_refusal_stands_beside_the_field_and_slow_mode_counts_down(
    visit: Visit, crowd: Crowd
) -> None:
    crowd.room["slow_s"] = 30
    page = await chat(visit, script=AS_MINA)
    await until(page, "document.body.textContent.includes('one message every 30 s')")
    crowd.refuse("chat", 403, "You cannot write here.")
    await page.fill("input[placeholder='Your message']", "Hm")
    await page.click("#panel-chat >> text=Send")
    await page.wait_for_selector("#panel-chat .refused >> text=You cannot write here.")
    assert await page.input_value("input[placeholder='Your message']") == "Hm"
    await page.click("#panel-chat >> text=Send")
    await until(
        page, "/^(30|29|28) s$/.test(document.querySelector('.write .primary').textContent)"
    )
    assert await page.is_disabled("#panel-chat .write .primary")
    crowd.room["chat_open"] = False
    await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await until(page, "document.body.textContent.includes('closed the chat')", seconds=12)
    assert not await page.is_visible("input[placeholder='Your message']")


async def test_messages_are_told_seldom_and_only_inside(visit: Visit, crowd: Crowd) -> None:
    page = await chat(visit)
    await listen(page)
    await page.evaluate(
        "() => { window.told = []; new MutationObserver(() => window.told.push("
        "document.getElementById('announce').textContent))"
        ".observe(document.getElementById('announce'), {childList: true}); }"
    )
    crowd.edge.say({"type": "chat", "messages": [said(1)], "more": 0})
    await until(page, "document.querySelectorAll('.message').length === 1")
    await page.wait_for_timeout(1200)
    assert await page.evaluate("() => window.told") == []
    await page.focus("#panel-chat .scroll")
    for number in (2, 3, 4):
        crowd.edge.say({"type": "chat", "messages": [said(number)], "more": 0})
        await until(page, f"document.querySelectorAll('.message').length === {number}")
        await page.wait_for_timeout(400)
    await until(page, "window.told.length")
    assert len(await page.evaluate("() => window.told")) == 1


async def test_questions_stand_by_their_votes(visit: Visit, crowd: Crowd) -> None:
    crowd.questions = [question(1, 4), question(2, 9), question(3, 40, answered=True)]
    crowd.room["asking"] = {"id": "q1", "name": "Jonas Weber", "text": "Question number 1?"}
    page = await chat(visit)
    await page.wait_for_selector(".asking", state="visible")
    assert "Being asked now, by Jonas Weber" in await page.inner_text(".asking")
    await page.click("#tab-questions")
    await until(page, "document.querySelectorAll('.question').length === 3")
    order = "[...document.querySelectorAll('.question')].map((one) => one.dataset.id)"
    assert await page.evaluate(order) == ["q1", "q2", "q3"]
    states = "[...document.querySelectorAll('.state')].map((one) => one.textContent)"
    assert await page.evaluate(states) == ["Being asked now", "", "Answered"]
    vote = "[data-id=q2] .vote"
    assert await page.get_attribute(vote, "aria-label") == "Vote for this question, 9 votes"
    await page.click(vote)
    await until(page, "document.querySelector('[data-id=q2] .sum').textContent === '10'")
    assert await page.get_attribute(vote, "aria-pressed") == "true"
    await voted(crowd, {"q-q2": [0]})
    await page.click(vote)
    await until(page, "document.querySelector('[data-id=q2] .sum').textContent === '9'")
    await voted(crowd, {"q-q2": []})
    crowd.refuse("say", 429, "That was too fast.")
    await page.click(vote)
    await page.wait_for_selector("#panel-questions .refused >> text=too fast", state="attached")
    assert await page.get_attribute(vote, "aria-pressed") == "false"


async def test_a_question_is_asked_and_taken_back(visit: Visit, crowd: Crowd) -> None:
    page = await chat(visit, script=AS_MINA)
    await page.click("#tab-questions")
    await page.fill("input[placeholder='Your question to the stage']", "Who pays?")
    await page.keyboard.press("Enter")
    await until(page, "document.querySelector('#panel-questions input').value === ''")
    crowd.questions = [question(1, 0, id="mine1", text="Who pays?")]
    await page.wait_for_selector("[aria-label='Delete your question']", timeout=8000)
    await page.click("[aria-label='Delete your question']")
    await page.click("dialog .danger")
    await until(page, "!document.querySelector('.question')")
    assert crowd.told[-1][:2] == ("DELETE", "questions/mine1")


async def test_a_poll_is_voted_in_and_the_vote_changed(visit: Visit, crowd: Crowd) -> None:
    crowd.polls = [POLL]
    page = await chat(visit)
    await page.click(".pin >> text=Vote")
    await page.wait_for_selector("#panel-polls .ballot")
    await page.click(".ballot >> text=Vote")
    await page.wait_for_selector("text=Choose an answer first.")
    await page.click("text=The state")
    await page.click(".ballot >> text=Vote")
    await page.wait_for_selector(".bars")
    assert crowd.votes == {"p1": [1]}
    shares = "[...document.querySelectorAll('.share')].map((one) => one.textContent)"
    assert await page.evaluate(shares) == ["3 · 75%", "1 · 25%"]
    assert "your choice" in (await page.text_content(".own .words") or "")
    await page.reload()
    await until(page, FURNISHED)
    await page.click("#tab-polls")
    await page.click("text=Change my vote")
    assert await page.is_checked("input[value='1']")
    await page.click("text=The valley")
    await page.click(".ballot >> text=Vote")
    await page.wait_for_selector(".bars")
    assert crowd.votes == {"p1": [0]}


async def test_a_hidden_result_is_shown_at_the_end(visit: Visit, crowd: Crowd) -> None:
    crowd.polls = [POLL | {"show": "after", "counts": None, "multiple": True}]
    page = await chat(visit)
    await listen(page)
    await page.click("#tab-polls")
    await page.click("text=The valley")
    await page.click("text=The state")
    await page.click(".ballot >> text=Vote")
    await page.wait_for_selector("text=The result is shown when the poll is closed.")
    assert crowd.votes == {"p1": [0, 1]}
    crowd.edge.say({"type": "polls", "polls": [POLL | {"closed": True, "counts": [1, 3]}]})
    await until(page, "document.querySelector('.share')?.textContent === '1 · 25%'")
    assert await page.inner_text("#panel-polls .sum") == "4 people voted · Closed"


async def test_a_hand_is_raised_and_invited(visit: Visit, crowd: Crowd) -> None:
    page = await chat(visit, script=AS_MINA)
    await listen(page)
    await page.click("text=Raise your hand")
    await page.keyboard.type("I live there")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Your hand is up, number 3 in line")
    assert ("POST", "hand", {"note": "I live there"}) in crowd.told
    crowd.tell_room(hands=1, invited=[GUEST])
    await page.wait_for_selector(".invitation", state="visible")
    assert "The host invites you to speak" in await page.inner_text(".invitation")
    link = await page.get_attribute(".invitation a", "href")
    assert link == f"{crowd.edge.page.replace('/s/', '/s/')}/take?ticket={pass_of()}" or (
        link is not None and "/s/space00001/take?ticket=" in link
    )
    await page.click(".invitation >> text=Not now")
    await page.wait_for_selector(".invitation", state="hidden")
    assert crowd.told[-1][:2] == ("DELETE", "hand")


async def test_something_is_reported(visit: Visit, crowd: Crowd) -> None:
    crowd.chat = [said(1, "Buy my coins")]
    page = await chat(visit)
    await page.click("[aria-label^='Report the message']")
    await page.click("dialog >> text=Spam or advertising")
    await page.fill("dialog textarea", "Again and again")
    await page.click("dialog >> text=Send the report")
    await page.wait_for_selector("dialog >> text=The report is with the moderators.")
    body = {"about": "message", "id": "m0001", "reason": "Spam or advertising: Again and again"}
    assert crowd.told == [("POST", "reports", body)]


async def test_without_sound_the_page_is_worth_reading(visit: Visit, crowd: Crowd) -> None:
    page = await chat(visit)
    await until(page, "document.body.textContent.includes('Nobody has written yet')")
    crowd.chat = [said(1)]
    await until(page, "document.querySelectorAll('.message').length === 1", seconds=12)
    assert crowd.edge.pushes() == []


async def test_what_was_said_stays_to_be_read(visit: Visit, crowd: Crowd) -> None:
    crowd.chat = [said(1)]
    crowd.edge.door |= {"status": "ended"}
    page = await visit()
    await until(page, "document.querySelectorAll('.message').length === 1")
    await until(page, "document.body.textContent.includes('The chat stays to be read')")
    assert not await page.is_visible(".hand")


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_moves_when_news_arrives(visit: Visit, crowd: Crowd, width: int) -> None:
    page = await chat(visit, viewport={"width": width, "height": 760}, script=AS_MINA)
    await page.evaluate(SHIFTS)
    await listen(page)
    for number in range(4):
        crowd.edge.say({"type": "chat", "messages": [said(number)], "more": 3})
        await until(page, f"document.querySelectorAll('.message').length === {number + 1}")
    asking = {"id": "q1", "name": "Jonas", "text": "What happens to the old mill? " * 4}
    pins = [{"id": "a", "text": "The report", "url": "https://example.org/report"}]
    crowd.tell_room(asking=asking, pins=pins, hands=2, invited=[GUEST], slow_s=10)
    crowd.edge.say({"type": "polls", "polls": [POLL]})
    await page.wait_for_selector(".invitation", state="visible")
    await page.wait_for_selector(".pin >> text=Vote")
    await page.wait_for_timeout(300)
    assert await page.evaluate("() => window.shifts") < 0.02
    assert await page.evaluate("() => document.documentElement.scrollWidth") == width
