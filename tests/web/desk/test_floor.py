"""Floor time, clocks, lines and troubles: what host and speaker see of what the stage observes."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from hustings.space.line import Line
from tests.web.desk.evening import Evening, Stage, at_desk, evening
from tests.web.running import Running

pytestmark = pytest.mark.browser
GOOD = Line(loss=0.0, loss_back=0.0, jitter_ms=2.0, rtt_ms=31.0, buffer_ms=40.0)
POOR = Line(loss=0.12, loss_back=0.01, jitter_ms=30.0, rtt_ms=90.0, buffer_ms=80.0)


async def as_speaker(space: Evening, context: BrowserContext, name: str) -> Page:
    """A speaker's page, in a browser of its own."""
    browser = context.browser
    assert browser is not None
    page = await (await browser.new_context()).new_page()
    made = await space.does("POST", f"/seats/{space.seats[name]}/link")
    await page.goto(made["link"])
    await page.get_by_role("button", name="Take your seat").click()
    await page.wait_for_selector("body[data-events=true]")
    return page


async def talked(stage: Stage, space: Evening) -> None:
    """Amara for 100 chunks, Jonas into her last 10 and for 50, then silence: 150 chunks in all."""
    amara, jonas = space.seats["Amara"], space.seats["Jonas"]
    for seat in (amara, jonas):
        await stage.sits(space.id, seat)
    await stage.on_air(space.id, 0)
    await stage.speaks(space.id, amara, n=0)
    await stage.speaks(space.id, jonas, n=90)
    await stage.speaks(space.id, amara, speaking=False, n=100)
    await stage.speaks(space.id, jonas, speaking=False, n=140)
    await stage.levels(space.id, {}, n=150, lines={amara: GOOD, jonas: POOR})


async def test_the_host_sees_the_floor_and_a_reload_sees_the_same(
    web: Running, page: Page, stage: Stage
) -> None:
    async with evening(web) as space:
        await talked(stage, space)
        await at_desk(web, page, space)
        await stage.levels(space.id, {}, n=150, lines={})
        rows = page.locator("#floor-rows tr")
        for again in (False, True):
            if again:
                await page.reload()
            await expect(rows).to_have_count(2)
            cells = rows.first.locator("td")
            await expect(rows.first.locator("th")).to_have_text("Amara Okafor")
            await expect(cells).to_have_text(
                ["00:32", "67 %", "Longest turn 00:32", "Interrupted others 0", "Was interrupted 1"]
            )
            await expect(rows.last.locator("td").first).to_have_text("00:16")
            await expect(rows.last.locator(".floor-made b")).to_have_text("1")
        assert await page.locator("#floor [role=columnheader]").count() == 6


async def test_lines_are_the_hosts_to_see(
    web: Running, page: Page, stage: Stage, context: BrowserContext
) -> None:
    async with evening(web) as space:
        speaker = await as_speaker(space, context, "Jonas")
        await at_desk(web, page, space)
        await talked(stage, space)
        line = page.locator(f"[data-seat='{space.seats['Jonas']}'] .seat-line")
        await expect(line).to_have_attribute("data-quality", "poor")
        await expect(line).to_have_attribute("title", "90 ms there and back, 12.0 % lost")
        await expect(line.locator(".visually-hidden")).to_have_text("poor line")
        own = f"[data-seat='{space.seats['Amara']}']"
        await expect(speaker.locator(f"{own} .seat-floor")).to_have_text("spoke 00:32, 67 %")
        assert await speaker.locator(".seat-line:visible").count() == 0
        assert await speaker.locator("#floor").count() == 0


async def test_a_warning_has_words_for_each_and_ends_when_it_is_over(
    web: Running, page: Page, stage: Stage, context: BrowserContext
) -> None:
    async with evening(web) as space:
        seat = space.seats["Jonas"]
        await stage.sits(space.id, seat)
        await at_desk(web, page, space)
        speaker = await as_speaker(space, context, "Jonas")
        row = f"[data-seat='{seat}']"
        await stage.warns(
            space.id, seat, "seat_echo", "Jonas Weber sends back what the others say."
        )
        await expect(page.locator(f"{row} .seat-trouble")).to_have_text(
            "Jonas Weber sends back what the others say."
        )
        await expect(speaker.locator(f"{row} .seat-trouble")).to_contain_text("use headphones")
        await page.reload()  # and it is there still
        await expect(page.locator(row)).to_have_attribute("data-trouble", "seat_echo")
        await stage.warns(space.id, seat, "line_loss", "Jonas Weber has a poor connection.")
        await expect(speaker.locator(f"{row} .seat-trouble")).to_contain_text(
            "closer to the router"
        )
        await stage.clears(space.id, seat, "line_loss")
        await expect(speaker.locator(row)).to_have_attribute("data-trouble", "seat_echo")
        await stage.clears(space.id, seat, "seat_echo")
        for shown in (page, speaker):
            await expect(shown.locator(f"{row} .seat-trouble")).to_be_hidden()
        await page.reload()
        await expect(page.locator(f"{row} .seat-trouble")).to_be_hidden()


async def test_dead_air_stands_above_until_it_is_over(
    web: Running, page: Page, stage: Stage
) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        await stage.warns(space.id, "", "dead_air", "Listeners have heard nothing.")
        await expect(page.locator("#notice")).to_have_text("Listeners have heard nothing.")
        await stage.clears(space.id, "", "dead_air")
        await expect(page.locator("#notice")).to_be_hidden()


async def test_a_speaker_sees_the_own_clock_and_the_host_all(
    web: Running, page: Page, stage: Stage, context: BrowserContext
) -> None:
    async with evening(web) as space:
        await at_desk(web, page, space)
        speaker = await as_speaker(space, context, "Amara")
        clock = speaker.locator("#own-clock")
        await expect(clock).to_be_hidden()
        await page.locator("#room-fold summary").click()
        await page.locator("#equal-time").check()
        await page.locator("#speaker-s").select_option("120")
        await expect(clock).to_be_visible()
        amara = space.seats["Amara"]
        await stage.sits(space.id, amara)
        await stage.on_air(space.id, 0)
        await stage.speaks(space.id, amara, n=0)
        host = page.locator(f"[data-seat='{amara}'] .seat-floor")
        for n, level, words in (
            (250, "", "01:20 of 02:00"), (300, "near", "01:36 of 02:00"),
            (375, "over", "02:00 of 02:00"), (420, "over", "02:14 of 02:00"),
        ):  # fmt: skip
            await stage.levels(space.id, {}, n=n, lines={})
            await expect(clock.locator(".clock-time")).to_have_text(words)
            await expect(clock).to_have_attribute("data-level", level)
            await expect(host).to_have_text(f"spoke {words}")
            await expect(host).to_have_attribute("data-level", level)
            if level == "near":
                await expect(speaker.locator("#news")).to_contain_text("80 % of your time is used.")
        await expect(speaker.locator("#news")).to_contain_text("Your time is used up.")
        seat = next(one for one in (await space.state())["seats"] if one["id"] == amara)
        assert not seat["muted"]
        await page.locator("#equal-time").uncheck()
        await expect(clock).to_be_hidden()
