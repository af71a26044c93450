"""The crowd on the desk: hands, chat, questions, polls, pins, blocks, and the undo of each."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from hustings import limits
from hustings.log.subjects import Kind
from hustings.talk import Asked, Said, encode
from tests.web.desk.evening import Stage, at_desk, evening
from tests.web.running import Running, until

pytestmark = pytest.mark.browser


async def test_hands_stand_in_order_and_are_invited(web: Running, page: Page) -> None:
    async with evening(web, guests=("Noor", "Piet")) as space:
        await at_desk(web, page, space)
        noor, piet = space.guests
        await noor.post("hand", {"note": "About the last stop"})
        await piet.post("hand", {})
        first, second = (
            page.locator("#hands [data-person]").nth(0),
            page.locator(f"#hands [data-person='{piet.person}']"),
        )
        await expect(first).to_contain_text("About the last stop")
        await expect(page.locator("#news")).to_contain_text("Noor raises a hand")
        await second.locator("[data-act=invite]").click()
        await expect(second).to_have_attribute("data-invited", "true")
        await expect(second.locator("[data-act=uninvite]")).to_be_focused()
        await second.locator("[data-act=uninvite]").click()
        await expect(second).to_have_attribute("data-invited", "false")
        await first.locator("[data-act=lower]").click()
        await expect(page.locator("#hands [data-person]")).to_have_count(1)
        await expect(page.locator("#hands-badge")).to_have_text("1")


async def test_why_there_is_no_hand_is_said_in_each_state(web: Running, page: Page) -> None:
    async with evening(web, status="scheduled") as space:
        await at_desk(web, page, space)
        none = page.locator("#hands-none")
        await expect(none).to_have_text("Hands can be raised once the doors are open.")
        await space.does("POST", "/doors")
        await expect(none).to_have_text("No hand is up.")
        await space.does("PUT", "/room", {"hands_open": False})
        await expect(none).to_contain_text("you have closed them")
        await space.does("POST", "/live")
        await space.does("POST", "/end")
        await expect(none).to_have_text("No hands are taken any more.")


async def test_a_message_is_removed_and_put_back(web: Running, page: Page) -> None:
    async with evening(web, guests=("Noor",)) as space:
        await at_desk(web, page, space)
        said = (await space.guests[0].post("chat", {"text": "Rubbish!"})).json()["id"]
        row = page.locator(f"[data-message='{said}']")
        await row.locator("[data-act=more]").click()
        await page.locator("#sheet-reason").fill("An insult.")
        await page.locator("#sheet [data-act=remove]").click()
        await expect(row).to_have_attribute("data-removed", "true")
        assert said in (await space.state())["removed"]
        await page.keyboard.press("u")
        await expect(row).to_have_attribute("data-removed", "false")
        assert said not in (await space.state())["removed"]


async def test_who_is_blocked_is_let_in_again(web: Running, page: Page) -> None:
    async with evening(web, guests=("Noor",)) as space:
        await at_desk(web, page, space)
        noor = space.guests[0]
        said = (await noor.post("chat", {"text": "Rubbish!"})).json()["id"]
        await page.locator(f"[data-message='{said}'] [data-act=more]").click()
        await page.locator("#sheet [data-act=both]").click()
        await expect(page.locator("#toast-words")).to_contain_text("Noor is blocked")
        assert (await noor.post("chat", {"text": "Again!"})).status_code == 403
        await page.locator("#order-fold > summary").click()
        await expect(page.locator("#blocked [data-person]")).to_have_count(1)
        await page.locator("#blocked [data-act=unblock]").click()
        await expect(page.locator("#blocked [data-person]")).to_have_count(0)
        assert (await noor.post("chat", {"text": "Again!"})).status_code == 201


async def test_the_host_writes_and_slows_the_chat_down(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.keyboard.press("c")
        await page.keyboard.type("Good evening, m and g!")
        await page.keyboard.press("Enter")
        await expect(page.locator("#chat-list .message-text")).to_have_text(
            "Good evening, m and g!"
        )
        await page.locator("#room-fold > summary").click()
        await page.locator("#slow").select_option("30")
        await page.locator("#hands-open").uncheck()

        async def changed() -> bool:
            found = await space.state()
            return (found["slow_s"], found["hands_open"]) == (30, False)

        await until(changed)


async def test_questions_are_put_on_stage_and_taken_down(
    web: Running, page: Page, stage: Stage
) -> None:
    async with evening(web, guests=("Noor", "Piet")) as space:
        await at_desk(web, page, space)
        ids = [
            (await one.post("questions", {"text": text})).json()["id"]
            for one, text in zip(space.guests, ("At night?", "Who pays?"), strict=True)
        ]
        await stage.counts(space.id, {f"q-{ids[1]}": [3]})
        first = page.locator("#questions [data-question]").first
        await expect(first).to_have_attribute("data-question", ids[1])
        await first.locator("[data-act=asking]").click()
        await expect(first).to_have_attribute("data-state", "asking")
        await first.locator("[data-act=answered]").click()
        row = page.locator(f"[data-question='{ids[1]}']")
        await expect(row).to_have_attribute("data-state", "answered")
        other = page.locator(f"[data-question='{ids[0]}']")
        await other.locator("[data-act=more]").click()
        await page.locator("#sheet [data-act=remove]").click()
        await expect(other).to_have_attribute("data-state", "removed")
        await other.locator("[data-act=restore]").click()
        await expect(other).to_have_attribute("data-state", "open")


async def test_a_poll_is_made_counted_and_closed(web: Running, page: Page, stage: Stage) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.locator("#poll-fold > summary").click()
        await page.locator("#poll-question").fill("Which stop comes first?")
        for index, text in enumerate(("The market", "The harbour")):
            await page.locator("[name=option]").nth(index).fill(text)
        await page.get_by_role("button", name="Open the poll").click()
        poll = page.locator("#polls [data-poll]")
        await poll.wait_for()
        key = await poll.get_attribute("data-poll") or ""
        await stage.counts(space.id, {key: [3, 1]})
        await expect(poll.locator("[data-option='0'] .poll-count")).to_have_text("3 · 75 %")
        await poll.locator("[data-act=close]").click()
        await expect(poll).to_have_attribute("data-closed", "true")


async def test_a_pin_is_put_up_and_taken_off(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await page.locator("#pins-fold > summary").click()
        await page.locator("#pin-text").fill("The plan")
        await page.locator("#pin-url").fill("https://example.org/plan")
        await page.get_by_role("button", name="Pin it above the chat").click()
        await expect(page.locator("#pinned a")).to_have_attribute(
            "href", "https://example.org/plan"
        )
        await page.locator("#pins [data-act=unpin]").click()
        await expect(page.locator("#pins [data-pin]")).to_have_count(0)
        await page.locator("#toast-undo").click()
        await expect(page.locator("#pins [data-pin]")).to_have_count(1)


async def _written(web: Running, space: str, first: int, count: int) -> None:
    """Messages as the studio writes them down, without the pace that it keeps."""
    messages: list[Said | Asked] = [
        Said(
            id=f"m{n:09}",
            person="g-aaaaaaaaaaaaaaaa",
            name="Noor",
            text=f"Message {n}",
            at_ms=1_900_000_000_000 + n,
        )
        for n in range(first, first + count)
    ]
    await web.record.append(space, Kind.TALK, encode(messages), message_id=f"test.{first}")


async def test_a_message_stays_while_a_host_acts_on_it(web: Running, page: Page) -> None:
    """At 200 messages a second the whole list is another one within a second."""
    async with evening(web) as space:
        await at_desk(web, page, space)
        rows = page.locator("#chat-list [data-message]")
        await expect(page.locator("body")).to_have_attribute("data-events", "true")
        await _written(web, space.id, 0, 200)
        await expect(rows).to_have_count(200)
        row = page.locator("[data-message=m000000199]")
        await row.locator("[data-act=more]").focus()
        for first in range(200, 500, 100):
            await _written(web, space.id, first, 100)
        await expect(page.locator("#chat-newest")).to_be_visible()
        await expect(row).to_be_attached()
        await row.locator("[data-act=more]").click()
        await expect(page.locator("#sheet-words")).to_have_text("Message 199")
        await page.locator("#sheet [data-act=remove]").click()
        await expect(row).to_have_attribute("data-removed", "true")
        await page.locator("#chat-newest").click()
        await expect(page.locator("[data-message=m000000499]")).to_be_in_viewport()
        await expect(rows).to_have_count(200)


async def test_what_was_removed_long_ago_is_removed_still(web: Running, page: Page) -> None:
    async with evening(web, guests=("Noor",)) as space:
        await at_desk(web, page, space)
        said = (await space.guests[0].post("chat", {"text": "Rubbish!"})).json()["id"]
        row = page.locator(f"[data-message='{said}']")
        await space.does("DELETE", f"/chat/{said}")
        await expect(row).to_have_attribute("data-removed", "true")
        for n in range(limits.REMOVED_SHOWN_COUNT):
            await space.does("DELETE", f"/chat/another{n:03}")
        assert said not in (await space.state())["removed"]
        # The newest state has come when what was said after it has.
        await space.does("POST", "/chat", {"text": "So much for that."})
        await expect(page.locator("#chat-list")).to_contain_text("So much for that.")
        await expect(row).to_have_attribute("data-removed", "true")


async def test_what_is_said_while_the_chat_loads_comes_after_it(web: Running, page: Page) -> None:
    loading = asyncio.Event()

    async def late(route: Route) -> None:
        await loading.wait()
        await route.continue_()

    async with evening(web, guests=("Noor",)) as space:
        await space.guests[0].post("chat", {"text": "First"})
        await page.route("**/talk", late)
        await at_desk(web, page, space)
        await expect(page.locator("body")).to_have_attribute("data-events", "true")
        await _written(web, space.id, 0, 1)
        await asyncio.sleep(0.5)  # it is here, or about to be
        loading.set()
        texts = page.locator("#chat-list .message-text")
        await expect(texts).to_have_text(["First", "Message 0"])
