"""The studio in German, page for page in a real browser: no English is left; and from right to
left nothing sticks out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from hustings import words
from tests.web.after.finished import finished
from tests.web.desk.evening import Stage, evening
from tests.web.running import EMAIL, PASSWORD, Running, make_space
from tests.words.reading import english_on, left_in_english, too_wide

ACCEPTS: Final = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5", "Accept": "text/html"}
ABROAD: Final = (
    "/", "/sign-in", "/forgot", "/sign-up", "/new", "/search", "/search?q=Fluss",
    "/there-is-no-such-page",
)  # fmt: skip
INSIDE: Final = (
    "/", "/spaces", "/new", "/series/new", "/account", "/account/delete", "/account/hooks",
    "/account/tokens", "/people", "/moderation", "/reports", "/audit", "/suspensions", "/suspended",
    "/installation",
)  # fmt: skip


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page of a browser that likes German; nothing may go wrong on it."""
    await context.set_extra_http_headers({"Accept-Language": "de"})
    wrong: list[str] = []
    found = context.pages[0]
    found.on("pageerror", lambda error: wrong.append(str(error)))
    yield found
    assert wrong == []


def _texts(html: str) -> list[str]:
    """What stands between the tags of a page, and in what is read out of them."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    marks = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', bare)
    return [*re.findall(r">([^<]+)<", bare), *marks]


async def _is_german(client: httpx.AsyncClient, path: str) -> bool:
    answer = await client.get(path, headers=ACCEPTS, follow_redirects=True)
    if answer.status_code == 404:
        assert "An dieser Adresse ist nichts." in answer.text
        return False
    assert answer.headers["content-language"] == "de"
    assert '<html lang="de" dir="ltr">' in answer.text
    assert left_in_english(_texts(answer.text)) == [], path
    return True


async def test_every_page_over_http(web: Running) -> None:
    async with web.browser() as stranger:
        link = (web.folder / "first-link").read_text().strip()
        assert await _is_german(stranger, link.removeprefix(web.url))
    async with web.host() as host, web.browser() as stranger:
        made = await make_space(host, title="Ein Abend", language="de")
        for path in ABROAD:
            await _is_german(stranger, path)
        assert await _is_german(stranger, f"/s/{made['id']}/join?for=chat")
        for path in INSIDE:
            assert await _is_german(host, path), path
        for part in ("stage", "edit", "audit"):
            assert await _is_german(host, f"/s/{made['id']}/{part}"), part
        seat = await host.post(f"/api/spaces/{made['id']}/seats", json={"name": "Amara"})
        assert await _is_german(stranger, seat.json()["link"].removeprefix(web.url))
        ended = await host.post(f"/api/spaces/{made['id']}/cancel", json={"reason": "Sturm"})
        assert ended.is_success, ended.text
        for part in ("after", "keeping"):
            assert await _is_german(host, f"/s/{made['id']}/{part}"), part


async def test_refusals_and_forms_speak_german(web: Running) -> None:
    async with web.host() as host:
        answer = await host.post("/sign-in", data={"email": "x", "password": ""}, headers=ACCEPTS)
        assert "Das wird gebraucht." in answer.text or "Das ist zu kurz" in answer.text
        assert left_in_english(_texts(answer.text)) == []
        made = await make_space(host, title="Ein Abend")
        told = {"Accept-Language": "de"}
        answer = await host.post(f"/api/spaces/{made['id']}/resume", headers=told)
        assert answer.json()["detail"].startswith("Das ist nicht möglich")
        answer = await host.get("/api/spaces/abcdefghij", headers=told)
        assert answer.json()["detail"] == "An dieser Adresse ist nichts."
        nothing = await host.post("/api/spaces", json={"title": "   "}, headers=told)
        assert left_in_english([nothing.json()["errors"][0]["detail"]]) == []


async def test_the_language_is_kept_when_chosen_once(web: Running) -> None:
    async with web.browser() as client:
        assert 'lang="en"' in (await client.get("/sign-in")).text
        assert 'lang="de"' in (await client.get("/sign-in?lang=de")).text
        assert 'lang="de"' in (await client.get("/sign-in")).text


@pytest.mark.browser
async def test_an_evening_at_the_desk(
    web: Running, stage: Stage, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evening(web, status="live", guests=("Mina", "Ole")) as space:
        await page.goto(f"{web.url}/sign-in?next=/s/{space.id}/stage")
        assert await english_on(page) == []
        await page.locator("[name=email]").fill(EMAIL)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Anmelden", exact=True).click()
        await page.wait_for_selector("body[data-events=true]")
        await stage.sits(space.id, space.seats["Amara"])
        assert (await space.guests[0].post("hand", {"note": "Zum Lärm"})).is_success
        assert (await space.guests[1].post("chat", {"text": "Guten Abend!"})).is_success
        poll = {"question": "Wohin?", "options": ["Nord", "Süd"], "multiple": False, "show": "live"}
        await space.does("POST", "/polls", poll)
        advice = "Amara Okafor is too loud: the microphone distorts."
        await stage.warns(space.id, space.seats["Amara"], "seat_clipping", advice)
        await expect(page.get_by_text("ist zu laut").first).to_be_attached()
        await expect(page.get_by_text("Guten Abend!").first).to_be_attached()
        assert await english_on(page) == []
        await space.does("POST", "/hold")
        await page.wait_for_selector("body[data-status=held]")
        assert await english_on(page) == []
        monkeypatch.setattr(words, "RIGHT_TO_LEFT", frozenset({"de"}))
        await page.set_viewport_size({"width": 390, "height": 844})
        for path in (f"/s/{space.id}/stage", "/new", "/", "/account", f"/s/{space.id}/edit"):
            await page.goto(f"{web.url}{path}")
            assert await page.evaluate("getComputedStyle(document.body).direction") == "rtl"
            assert await too_wide(page) == 0, path


@pytest.mark.browser
async def test_a_finished_recording(web: Running, page: Page) -> None:
    async with finished(web) as space:
        cut = {"kind": "cut", "from_ms": 12_160, "to_ms": 14_080, "reason": "Ein Telefon."}
        await space.does("POST", "/edits", cut | {"revision": 2})
        clip = {"from_ms": 20_000, "to_ms": 26_000, "title": "Das Tal zahlt zweimal"}
        await space.does("POST", "/clips", clip | {"revision": 2})
        await space.carries_out()
        for cookie in space.host.cookies.jar:
            await page.context.add_cookies(
                [{"name": cookie.name, "value": cookie.value or "", "url": f"{web.url}/"}]
            )
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.goto(f"{web.url}/s/{space.id}/recording")
        await page.wait_for_selector("body[data-events=true]")
        await page.locator(".cue-text").nth(2).click()
        # Decimals as Germans write them.
        await expect(page.locator("#widened")).to_contain_text(re.compile(r" \d+,\d\d s lang\."))
        await page.locator("#erase-open").click()
        assert await english_on(page) == []
        assert await too_wide(page) == 0
        # The word that is typed is the language's own.
        await page.locator("#erase-word").fill("löschen")
        await page.locator("#erase .danger-yes").click()
        await expect(page.locator("[data-erasure]")).to_have_attribute("data-state", "making")
        await expect(page.locator("[data-making]")).to_contain_text("hört niemand die Aufzeichnung")
        assert await english_on(page) == []
