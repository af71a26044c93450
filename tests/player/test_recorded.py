"""The replay's page over a real recording: in step with its sound, by hand, by key and by ear."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from hustings.space import replay_event as r
from hustings.store import layout
from tests.archive.script import SPACE
from tests.player.browser import until
from tests.player.recorded import SPOKEN, Recorded, recorded, transcript_of
from tests.words.reading import english_on, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SHOWN: Final = "document.documentElement.dataset.replay === 'shown'"
SECOND: Final = "document.getElementById('record').currentTime"
NOW: Final = "document.querySelector('.cue[aria-current] .text')?.textContent"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def evening(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recorded]:
    async with recorded(tmp_path_factory.mktemp("recorded")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser) -> AsyncIterator[Any]:
    """Opens pages; one that throws or breaks its content policy fails the test."""
    errors: list[str] = []
    contexts = []

    async def opened(address: str, **options: Any) -> Page:
        context = await browser.new_context(**options)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda one: errors.append(one.text) if "Policy" in one.text else None)
        await page.goto(address)
        if options.get("java_script_enabled", True):
            await until(page, f"{SHOWN} && document.getElementById('record').readyState >= 1")
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert errors == []


async def faults(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


async def go(page: Page, ms: float) -> None:
    await page.evaluate("(s) => { document.getElementById('record').currentTime = s; }", ms / 1000)


async def test_the_waveform_says_and_goes(evening: Recorded, tab: Any) -> None:
    cue = evening.cues[5]
    page = await tab(f"{evening.page}?t={cue['at_ms'] / 1000 + 0.8}")
    told = "document.getElementById('wave').getAttribute('aria-valuetext')"
    await until(page, f"{told}.endsWith('Chiara Ricci speaks')")
    assert await page.get_attribute("#wave", "aria-valuenow") == str(int(cue["at_ms"] / 1000 + 0.8))
    box = await page.locator("#wave").bounding_box()
    assert box is not None
    lasts = await page.evaluate("() => document.getElementById('record').duration")
    part = (evening.cues[11]["at_ms"] + 900) / 1000 / lasts
    await page.mouse.move(box["x"] + box["width"] * part, box["y"] + 20)
    tip = await page.inner_text(".tip")
    assert "Chiara Ricci" in tip
    assert "The valley pays twice" in tip
    await page.mouse.click(box["x"] + box["width"] * part, box["y"] + 20)
    await until(page, f"Math.abs({SECOND} - {part * lasts}) < 0.5")
    await page.keyboard.press("Home")
    await until(page, f"{SECOND} === 0")
    drawn = "() => { const c = document.querySelector('#wave canvas');"
    drawn += " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
    drawn += " return new Set(Array.from({length: d.length / 4}, (_, i) =>"
    drawn += " d[4 * i + 3] > 250 ? d.slice(4 * i, 4 * i + 3).join() : '')).size; }"
    assert await page.evaluate(drawn) >= 4  # three speakers, and what has no colour


async def test_in_german_on_a_telephone(evening: Recorded, tab: Any) -> None:
    page = await tab(evening.page, locale="de-DE", viewport={"width": 360, "height": 740})
    await page.fill("#find", "river")
    await expect(page.get_by_text("Treffer")).to_be_attached()
    await page.get_by_role("button", name="Tasten").click()
    await expect(page.get_by_text("Leertaste")).to_be_visible()
    assert await english_on(page) == []
    assert await too_wide(page) == 0
    # The page to be read; chapters that the archive numbers are numbered in German.
    await page.goto(f"{evening.page}/transcript")
    await expect(page.get_by_role("heading", name="Teil 2")).to_be_visible()
    assert await english_on(page) == []


async def test_sentences_go_along_with_the_sound(evening: Recorded, tab: Any) -> None:
    cue = evening.cues[3]
    page = await tab(f"{evening.page}?t={cue['at_ms'] // 1000 + 1}", reduced_motion="reduce")
    await page.click("#play")
    await until(page, f"{NOW} === {json.dumps(cue['text'])}")
    word = "[...(CSS.highlights.get('word') ?? [])].map(String).join()"
    await until(page, f"{json.dumps(cue['text'])}.split(' ').includes({word})")
    await until(page, f"{NOW} === {json.dumps(evening.cues[4]['text'])}")
    await page.click("#play")
    link = page.locator(".cue").nth(8).locator("a.time")
    assert (await link.get_attribute("href") or "").endswith(
        f"/s/{SPACE}?t={evening.cues[8]['at_ms'] // 1000}"
    )
    await page.locator(".cue").nth(8).locator(".text").click()
    await until(page, f"Math.abs({SECOND} - {evening.cues[8]['at_ms'] / 1000}) < 1.5")
    # Who reads elsewhere is left there, and led back.
    box = page.locator("#transcript .scroll")
    await box.hover()
    await page.mouse.wheel(0, -4000)
    await page.wait_for_selector("#transcript .fresh:visible")
    await page.click("#transcript .fresh")
    seen = "document.querySelector('.cue[aria-current]').getBoundingClientRect().top"
    frame = "document.querySelector('#transcript .scroll').getBoundingClientRect()"
    await until(page, f"{seen} > {frame}.top && {seen} < {frame}.bottom")
    assert await page.locator("#transcript .fresh").is_hidden()


async def test_what_was_said_is_found(evening: Recorded, tab: Any) -> None:
    page = await tab(evening.page)
    await page.keyboard.press("/")
    assert await page.evaluate("() => document.activeElement.id") == "find"
    await page.keyboard.type("CAFE")  # the accent is no matter
    await page.wait_for_selector("text=1 hit")
    await page.keyboard.press("Enter")
    place = next(one for one in evening.cues if "café" in one["text"])
    await until(page, f"Math.abs({SECOND} - {place['at_ms'] / 1000}) < 0.3")
    await until(page, f"{NOW} === {json.dumps(place['text'])}")
    await page.fill("#find", "gauge")
    await page.wait_for_selector("text=3 hits")
    for count in ("1 of 3", "2 of 3"):
        await page.click("[aria-label='Next hit']")
        await page.wait_for_selector(f"text={count}")
    marked = "() => [...CSS.highlights.get('hits')].map(String)"
    assert await page.evaluate(marked) == ["gauge"] * 3
    await page.fill("#find", "tram")
    await page.wait_for_selector("text=Nothing found")


async def test_silence_is_skipped_and_told(evening: Recorded, tab: Any) -> None:
    page = await tab(evening.page)
    begin, end = evening.silence_ms[0], evening.gap_ms[1]
    assert "0:0" in await page.inner_text("#silence")
    await page.click("#silence")
    await go(page, begin - 500)
    await page.click("#play")
    await until(page, f"{SECOND} * 1000 > {end - 800}", seconds=3)
    await page.click("#play")
    assert "skipped" in await page.inner_text("#silence")
    skipped = await page.evaluate("() => JSON.parse(localStorage.getItem('silence'))")
    assert skipped is True


async def test_captions_and_speed(evening: Recorded, tab: Any) -> None:
    page = await tab(evening.page)
    await page.click("#captions")
    await page.wait_for_selector("#subtitles:visible")
    await page.evaluate("() => document.getElementById('record').textTracks[0].cues ?? 0")
    await until(page, "document.getElementById('record').textTracks[0].cues?.length > 0")
    await go(page, evening.cues[7]["at_ms"] + 500)
    text = "document.getElementById('subtitles').textContent"
    await until(page, f"{text} === {json.dumps(evening.cues[7]['text'])}")
    await page.keyboard.press(">")
    assert await page.evaluate("() => document.getElementById('record').playbackRate") == 1.25
    await page.keyboard.press("<")
    await page.keyboard.press("c")
    await page.wait_for_selector("#subtitles", state="hidden")


async def test_keys_chapters_and_notes(evening: Recorded, tab: Any) -> None:
    page = await tab(evening.page)
    chapters = await page.locator(".chapters a").all_inner_texts()
    assert len(chapters) >= 2
    hold_s = evening.gap_ms[1] / 1000
    await page.keyboard.press("]")
    await until(page, f"Math.abs({SECOND} - {hold_s}) < 1")
    await page.keyboard.press("[")
    await until(page, f"{SECOND} < 1")
    await page.keyboard.press("l")
    await until(page, f"Math.abs({SECOND} - 10) < 0.2")
    await page.keyboard.press("k")
    await until(page, "!document.getElementById('record').paused")
    await page.keyboard.press("Space")
    await until(page, "document.getElementById('record').paused")
    await page.keyboard.press("5")
    await until(page, f"Math.abs({SECOND} * 2 - document.getElementById('record').duration) < 1")
    await page.click("#notes summary")
    notes = await page.inner_text("#notes")
    assert "The kettle boils." in notes
    assert "the server that mixed the sound was replaced" in notes
    await page.keyboard.press("?")
    await page.wait_for_selector("dialog[open]")
    await page.click("text=Use these keys")
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")
    before = await page.evaluate(f"() => {SECOND}")
    await page.locator("h1").click()
    await page.keyboard.press("l")
    assert await page.evaluate(f"() => {SECOND}") == before
    session = "() => [navigator.mediaSession.metadata.title, navigator.mediaSession.metadata.album]"
    assert (await page.evaluate(session))[1] == "Replay"


async def test_the_audience_and_the_floor(evening: Recorded, tab: Any) -> None:
    page = await tab(f"{evening.page}?t=15")
    told = "[...document.querySelectorAll('.told:not(.later) b')].map((b) => b.textContent).join()"
    await until(page, f"{told} === 'Mina,Jonas Weber'")
    rows = await page.locator("#floor tbody tr").all_inner_texts()
    assert len(rows) == 3
    shares = await page.locator("#floor tbody td.strip").all_inner_texts()
    assert sum(int(share.split()[0]) for share in shares) in (99, 100, 101)
    turns = await page.locator("#floor tbody td.turns").all_inner_texts()
    assert all(one.startswith("longest turn ") for one in turns)
    assert "Nobody spoke for " in await page.locator("#floor table + p").inner_text()
    assert await page.locator("#people").is_hidden()
    assert await page.locator(".told").count() == 7


async def test_everything_can_be_taken_along(evening: Recorded, tab: Any) -> None:
    page = await tab(evening.page)
    async with page.expect_download() as waiting:
        await page.click("#links .all a")
    download = await waiting.value
    assert download.suggested_filename.endswith("give it back.zip")
    with zipfile.ZipFile(await download.path()) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert any(name.endswith("Chiara Ricci.opus") for name in names)
    assert any(name.endswith(".vtt") for name in names)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (390, "dark"), (1280, "light")])
async def test_no_rule_is_broken(evening: Recorded, tab: Any, width: int, scheme: str) -> None:
    options = {"viewport": {"width": width, "height": 760}, "color_scheme": scheme}
    page = await tab(f"{evening.page}?t=20", reduced_motion="reduce", **options)
    await page.fill("#find", "gauge")
    await page.click("#captions")
    await page.wait_for_selector("text=3 hits")
    assert await faults(page) == []
    assert await page.evaluate("() => document.documentElement.scrollWidth") == width
    await page.evaluate("() => document.getElementById('floor').scrollIntoView()")
    await page.wait_for_selector(".dock:visible")
    await page.click(".dock .primary")
    await until(page, "!document.getElementById('record').paused")
    assert await faults(page) == []
    await page.evaluate("() => (document.documentElement.dir = 'rtl')")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == width


async def test_without_scripts_it_is_read_and_heard(evening: Recorded, tab: Any) -> None:
    page = await tab(
        evening.page, java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    assert await page.locator("audio[controls]").is_visible()
    assert await page.locator("main ol a").count() >= 2
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.click("main a[href$='/transcript']")
    assert SPOKEN[-1][1] in await page.inner_text("article")
    assert await page.locator("article a").first.get_attribute("href") == f"/s/{SPACE}?t=0"
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_in_a_frame_there_is_the_waveform(evening: Recorded, tab: Any) -> None:
    page = await tab(f"{evening.page}/embed?t=9", viewport={"width": 480, "height": 220})
    await until(page, f"{SECOND} === 9")
    assert await page.locator("#wave").is_visible()
    assert await page.locator("#transcript").count() == 0
    assert await page.evaluate("() => document.documentElement.scrollHeight") <= 220
    assert await faults(page) == []


async def test_a_transcript_appears_when_it_is_made(evening: Recorded, tab: Any) -> None:
    """This test comes last: it makes the transcript another one."""
    objects = evening.objects
    for form in ("json", "vtt", "txt"):
        await objects.delete(layout.transcript(SPACE, form))
    made = r.Transcribed(at_ms=9, by="captions", sha256="ef" * 32, engine="x", language="en")
    await evening.house.event(made)
    await evening.revise(2)
    await evening.house.until(lambda s: s["replay"]["transcript_follows"])
    page = await tab(evening.page)
    await page.wait_for_selector("text=The transcript is being made.")
    many = transcript_of(evening, 3_000)
    await objects.put(layout.transcript(SPACE), json.dumps(many).encode())
    await evening.revise(3)
    await until(page, "document.querySelectorAll('.cue').length === 3000", seconds=12)
    assert await page.locator("text=The transcript is being made.").is_hidden()
    # The browser's own search finds what is not drawn.
    assert await page.evaluate("() => window.find('Sentence number 2999')")
    await page.fill("#find", "number 2998")
    await page.keyboard.press("Enter")
    row = "document.querySelectorAll('.cue')[2998].getBoundingClientRect().top"
    frame = "document.querySelector('#transcript .scroll').getBoundingClientRect()"
    await until(page, f"{row} >= {frame}.top && {row} < {frame}.bottom")
