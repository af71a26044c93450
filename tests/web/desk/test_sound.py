"""Noise suppression on the desk and at one's own microphone, and the word that there is no room."""

from __future__ import annotations

import sys

import pytest
from playwright.async_api import Page, expect

from hustings import extra
from hustings.log import subjects
from tests.web.desk.evening import Stage, at_desk, evening
from tests.web.desk.test_seats import as_speaker
from tests.web.running import Running, is_problem

pytestmark = pytest.mark.browser
installed = pytest.mark.skipif(bool(extra.missing("denoise")), reason="needs the extra `denoise`")


@installed
async def test_a_host_suppresses_the_noise_of_a_seat(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        seat = space.seats["Amara"]
        row = page.locator(f"[data-seat='{seat}']")
        await row.locator("[data-act=more]").click()
        choice = page.locator("#sheet [data-act=denoise]")
        await expect(choice).to_have_text("Suppress background noise")
        await choice.click()
        await expect(row).to_have_attribute("data-denoised", "true")
        await row.locator("[data-act=more]").click()
        await expect(choice).to_have_text("Leave the noise in")
        assert next(s for s in (await space.state())["seats"] if s["id"] == seat)["denoised"]


@installed
async def test_a_speaker_suppresses_their_own(web: Running, page: Page) -> None:
    async with evening(web) as space:
        await as_speaker(space, page, "Amara")
        await page.locator("#mic-more summary").click()
        box = page.get_by_label("Suppress background noise")
        await expect(box).not_to_be_checked()
        await box.check()
        await expect(box).to_be_checked()
        seat = space.seats["Amara"]
        assert next(s for s in (await space.state())["seats"] if s["id"] == seat)["denoised"]
        await space.does("PUT", f"/seats/{seat}/denoise", {"on": False})
        await expect(box).not_to_be_checked()  # the host had a word


async def test_what_is_not_installed_is_not_offered(
    web: Running, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in extra.MODULES["denoise"]:
        monkeypatch.setitem(sys.modules, name, None)
    async with evening(web) as space:
        await at_desk(web, page, space)
        seat = space.seats["Amara"]
        await page.locator(f"[data-seat='{seat}'] [data-act=more]").click()
        await expect(page.locator("#sheet [data-act=role]")).to_be_visible()
        await expect(page.locator("#sheet [data-act=denoise]")).to_have_count(0)
        await expect(page.locator("#own-denoise")).to_have_count(0)
        path = f"/api/spaces/{space.id}/seats/{seat}/denoise"
        is_problem(await space.host.put(path, json={"on": True}), 409, "missing")
        text = (await space.host.get("/installation")).text
        assert "pip install 'hustings[denoise]'" in text


async def test_the_desk_says_that_there_is_no_room_until_there_is(
    web: Running, page: Page, stage: Stage
) -> None:
    async with evening(web, status="doors") as space:
        await at_desk(web, page, space)
        await stage.live.publish(subjects.full("stage-0-1"), space.id.encode())
        notice = page.locator("#notice")
        await expect(notice).to_contain_text("no room on this server's stages")
        await stage.levels(space.id, {space.seats["Amara"]: -30.0})
        await expect(notice).to_be_hidden()
