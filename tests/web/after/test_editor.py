"""The editor in a browser: choose, hear, cut, put right, erase; by pointer and by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.web.after.finished import Finished
from tests.web.running import until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WIDE = "() => document.documentElement.scrollWidth <= innerWidth"


async def _opened(space: Finished, page: Page) -> None:
    for cookie in space.host.cookies.jar:
        await page.context.add_cookies(
            [{"name": cookie.name, "value": cookie.value or "", "url": f"{space.web.url}/"}]
        )
    await page.goto(f"{space.web.url}/s/{space.id}/recording")
    await page.wait_for_selector("body[data-events=true]")
    await page.wait_for_selector("#sentences li")


async def _drag(page: Page, first: float, last: float) -> None:
    """From one part of the waveform to another."""
    box = await page.locator("#wave").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + first * box["width"], y)
    await page.mouse.down()
    await page.mouse.move(box["x"] + last * box["width"], y, steps=4)
    await page.mouse.up()


async def test_drag_hear_and_cut(space: Finished, page: Page) -> None:
    await _opened(space, page)
    await _drag(page, 0.25, 0.3)  # of 40 s
    await expect(page.locator("#widened")).to_contain_text("0:09.92 \u2013 0:12.16, 2.24 s")
    await page.locator("#play-stretch").click()
    await page.wait_for_function("() => document.getElementById('audio').currentTime > 10.2")
    await page.wait_for_function("() => document.getElementById('audio').paused")
    at = await page.evaluate("() => document.getElementById('audio').currentTime")
    assert 11.9 < at < 12.6, "it ends by itself"
    await page.locator("#edit-reason").fill("A telephone rang.")
    await page.get_by_role("button", name="Cut it out").click()
    edit = page.locator("[data-edit]")
    await expect(edit).to_have_attribute("data-state", "making")
    await expect(edit).to_contain_text("A telephone rang.")
    await expect(page.locator("#edit-reason")).to_have_value("")
    await expect(page.locator("#start")).not_to_have_value("")  # the stretch stays chosen
    # Another stretch, chosen before the archive is ready, moves along with what is published.
    await page.locator(".cue-text").nth(4).click()
    await expect(page.locator("#start")).to_have_value("0:20.00")
    await space.carries_out()
    await expect(edit).to_have_attribute("data-state", "made")
    await expect(page.locator("#lasts")).to_have_text("0:37.76")
    await expect(page.locator("#start")).to_have_value("0:17.76")
    await edit.get_by_role("button", name="Undo").click()
    await expect(edit).to_have_attribute("data-state", "undoing")
    await space.carries_out()
    await expect(edit).to_have_attribute("data-state", "undone")
    await expect(page.locator("#start")).to_have_value("0:20.00")


async def test_by_keyboard_alone(space: Finished, page: Page) -> None:
    await _opened(space, page)
    wave = page.locator("#wave")
    await wave.focus()
    for _ in range(2):
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(page.locator("#start")).to_have_value("0:10.00")
    await expect(page.locator("#end")).to_have_value("0:15.00")
    await expect(wave).to_have_attribute("aria-valuetext", "0:15.00, Jonas Weber speaks")
    await page.keyboard.press("+")
    await expect(page.locator("#seen")).not_to_be_empty()
    await page.keyboard.press("Escape")
    await expect(page.locator("#start")).to_have_value("")
    await page.keyboard.press("i")
    await expect(page.locator("#start")).to_have_value("0:15.00")
    # Sentences: the arrows lead on, with Shift they choose.
    await page.locator(".cue-text").first.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Shift+ArrowDown")
    await expect(page.locator("[aria-pressed=true]")).to_have_count(2)
    await expect(page.locator("#start")).to_have_value("0:05.00")
    await page.locator("#clip-title").fill("The old bridge")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.locator("#clip-title").press("Enter")
    clip = page.locator("[data-clip]")
    await expect(clip).to_contain_text("The old bridge")
    (made,) = (await space.state()).replay.clips.values()
    assert made.shapes == ("square", "wide")
    # While one writes, no key does anything else.
    await page.locator("#edit-reason").focus()
    await page.keyboard.type("i o m + k")
    await expect(page.locator("#edit-reason")).to_have_value("i o m + k")
    await space.carries_out()
    await expect(clip).to_have_attribute("data-state", "made")
    await expect(page.locator("#edit-reason")).to_have_value("i o m + k")


async def test_a_sentence_is_put_right_and_back(space: Finished, page: Page) -> None:
    await _opened(space, page)
    row = page.locator("[data-cue=c3]")
    await row.locator(".cue-edit").click()
    await row.locator("textarea").fill("Why was there no second gauge?")
    await page.keyboard.press("Enter")
    await expect(row.locator(".cue-text")).to_have_text("Why was there no second gauge?")
    await expect(page.locator("#saving")).to_have_text("Saved.")
    await expect(row.locator(".cue-state")).to_have_text("being published")
    await space.carries_out()
    await expect(row.locator(".cue-state")).to_have_text("corrected once")
    await row.locator(".cue-edit").click()
    await expect(row.locator(".cue-history")).to_contain_text("Hanna Host")
    await row.get_by_role("button", name="Go back to: Why was there no second gorge?").click()
    await expect(row.locator(".cue-text")).to_have_text("Why was there no second gorge?")

    async def saved() -> bool:
        return (await space.state()).replay.corrections == 2

    await until(saved)
    await row.locator(".cue-edit").click()
    await row.get_by_role("button", name="Leave it out").click()
    await expect(page.locator("#left-out")).to_be_visible()
    await page.locator("#left-out summary").click()
    await page.get_by_role("button", name="Put back").click()
    await expect(page.locator("#left-out")).to_be_hidden()
    await expect(page.locator("[data-cue=c3] .cue-text")).to_have_text(
        "Why was there no second gorge?"
    )


async def test_two_hosts_at_one_sentence(space: Finished, page: Page) -> None:
    await _opened(space, page)
    row = page.locator("[data-cue=c1]")
    await row.locator(".cue-edit").click()
    await row.locator("textarea").fill("Good night.")
    path = f"/api/spaces/{space.id}/recording/transcript"
    other = {"corrections": [{"id": "c1", "text": "Good evening, all of you."}]}
    assert (await space.cohost.patch(path, json=other)).status_code == 200
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-part=said]")).to_contain_text("Somebody else has changed")
    await expect(row.locator(".cue-text")).to_have_text("Good evening, all of you.")
    assert (await space.state()).replay.corrections == 1


async def test_erasing_asks_for_a_word(space: Finished, page: Page) -> None:
    await _opened(space, page)
    await expect(page.locator("#erase-open")).to_be_disabled()
    await page.locator(".cue-text").nth(1).click()
    await page.locator("#erase-open").click()
    await expect(page.locator("#erase-span")).to_have_text("0:04.80 \u2013 0:09.60, 4.80 s")
    await page.locator("#erase-seat").select_option(label="Only those of Jonas Weber")
    await page.locator("#erase-word").fill("yes")
    await page.locator("#erase button.primary").click()
    await expect(page.locator("#erase")).to_be_visible()  # the word is another one
    await page.locator("#erase-word").fill("erase")
    await page.keyboard.press("Enter")
    await expect(page.locator("#erase")).to_be_hidden()
    await expect(page.locator("[data-erasure]")).to_contain_text("4.80 s of")
    await expect(page.locator("[data-part=said]")).to_contain_text("destroyed everywhere")
    (erased,) = (await space.state()).replay.erasures
    assert erased.seat == space.seats["Jonas Weber"]


async def test_chapters_at_the_playhead(space: Finished, page: Page) -> None:
    await _opened(space, page)
    await page.locator("#wave").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("m")
    await page.keyboard.type("The old bridge")
    await page.keyboard.press("Enter")
    rows = page.locator(".chapter-row [name=title]")
    await expect(rows).to_have_count(4)
    await expect(rows.nth(1)).to_have_value("The old bridge")
    await expect(page.locator(".chapter-row [name=at]").nth(1)).to_have_value("0:05.00")
    await page.get_by_role("button", name="Remove the chapter").first.click()
    # What is not saved yet stays, whatever the archive does meanwhile.
    await space.carries_out()
    await expect(page.locator("[data-making]")).to_have_count(0)
    await expect(rows).to_have_count(3)
    await page.get_by_role("button", name="Save the chapters").click()
    await expect(page.locator("[data-part=said]")).to_contain_text("The chapters are saved.")
    chapters = (await space.state()).replay.chapters
    assert chapters is not None
    assert [(one.at_ms, one.title) for one in chapters] == [
        (5_000, "The old bridge"),
        (20_480, "Amara Okafor"),
    ]


async def test_nothing_that_axe_forbids_and_nothing_too_wide(space: Finished, page: Page) -> None:
    edit: dict[str, Any] = {"kind": "cut", "from_ms": 0, "to_ms": 640, "revision": 2}
    await space.does("POST", "/edits", edit | {"reason": "A cough."})
    await space.does(
        "POST", "/clips", {"from_ms": 0, "to_ms": 640, "title": "B" * 120, "revision": 2}
    )
    await space.carries_out()
    await _opened(space, page)
    await page.locator(".cue-text").nth(2).click()
    await page.locator(".cue-edit").nth(2).click()
    await page.locator("details.shortcuts summary").click()
    found = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (360, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate(WIDE), width
            found += (await Axe().run(page)).response["violations"]
    await page.locator("#erase-open").click()
    found += (await Axe().run(page)).response["violations"]
    assert [(one["id"], [n["html"][:90] for n in one["nodes"]]) for one in found] == []
