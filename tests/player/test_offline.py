"""The service worker, the page without a network, reminders, and what is shared."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from playwright.async_api import Page, Worker

from tests.player.browser import FURNISHED, Visit, listen, until
from tests.player.crowd import Crowd
from tests.player.server import Edge, door, replay

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Writes down what the worker opens: only a finger may really open or focus a window.
OPENED = """() => {
  self.went = [];
  WindowClient.prototype.focus = async function () { self.went.push(`focus ${this.url}`); };
  self.clients.openWindow = async (url) => self.went.push(`open ${url}`);
}"""
CLICK = """async () => {
  const [notification] = await registration.getNotifications();
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""
TOLD = """async () => (await registration.getNotifications())
  .map(({ title, body, tag, data }) => [title, body, tag, data.url])"""
READY = "async () => { await navigator.serviceWorker.ready; return caches.keys(); }"


@pytest.fixture
def crowd(edge: Edge) -> Crowd:
    edge.door = door("scheduled", studio=edge.page.split("/s/")[0], retry_ms=60_000)
    edge.door["starts_at_ms"] = time.time_ns() // 1_000_000 + 7_200_000
    return Crowd(edge)


async def test_without_a_network_there_is_what_one_means_to_hear(
    visit: Visit, crowd: Crowd, edge: Edge
) -> None:
    page = await visit()
    await until(page, FURNISHED)
    await page.click("#play")  # "Listen when it starts"
    await until(page, "localStorage.getItem('coming')")
    await until(page, "navigator.serviceWorker.controller", seconds=15)
    await edge.stop()
    await page.reload()
    await until(page, "document.querySelector('#coming a')")
    assert await page.inner_text("h1") == "No connection"
    assert edge.door["title"] in await page.inner_text("#coming")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(ground) == "rgb(250, 248, 244)"
    await edge.start()
    await page.click("#retry")
    await page.wait_for_selector("#remind")


async def test_an_upgrade_is_never_missed_and_sound_passes_by(
    visit: Visit, crowd: Crowd, edge: Edge
) -> None:
    edge.door |= door("live", studio=edge.door["studio"])
    page = await visit()
    await until(page, "navigator.serviceWorker.controller", seconds=15)
    assert await page.evaluate(READY) == ["offline /assets/0/"]
    await listen(page)
    kept = "async () => (await (await caches.open('offline /assets/0/')).keys()).map((r) => r.url)"
    paths = [url.split(edge.page.split("/s/")[0])[1] for url in await page.evaluate(kept)]
    assert not [path for path in paths if path.startswith(("/live/", "/s/"))]
    edge.assets, edge.door["title"] = "/assets/1", "Another title"
    await page.reload()
    await until(page, f"{FURNISHED} && document.title.includes('Another title')")
    assert "/assets/1/main.js" in edge.requests
    await page.evaluate("async () => (await navigator.serviceWorker.ready).update()")
    await page.wait_for_function(
        "async () => String(await caches.keys()) === 'offline /assets/1/'", timeout=8000
    )


async def test_a_reminder_by_mail(visit: Visit, crowd: Crowd) -> None:
    page = await visit()
    await page.click("#remind")
    await page.fill("dialog input", "not an address")
    await page.click("dialog >> text=Send me a mail")
    await page.wait_for_selector("dialog .refused >> text=Write an address")
    crowd.refuse("reminders", 429, "That is enough for now.")
    await page.fill("dialog input", "mina@example.org")
    await page.click("dialog >> text=Send me a mail")
    await page.wait_for_selector("dialog .refused >> text=That is enough for now.")
    await page.click("dialog >> text=Send me a mail")
    await page.wait_for_selector("dialog >> text=Open the link in the mail")
    assert crowd.told[-1] == ("POST", "reminders", {"kind": "mail", "email": "mina@example.org"})
    assert "space00001" in await page.evaluate("() => localStorage.getItem('coming')")
    href = await page.get_attribute("dialog a", "href")
    assert href == "/s/space00001/event.ics"


async def test_the_moment_of_a_recording_is_shared(visit: Visit, crowd: Crowd, edge: Edge) -> None:
    edge.door |= door("posted", replay=replay(40))
    page = await visit()
    await until(page, f"{FURNISHED} && document.getElementById('record').readyState > 0")
    await page.evaluate("() => (document.getElementById('record').currentTime = 12)")
    await until(page, "document.getElementById('record').currentTime > 11")
    await page.click("#pass")
    assert await page.input_value("dialog input[readonly]") == edge.page
    await page.click("text=Begin at 0:12")
    assert await page.input_value("dialog input[readonly]") == f"{edge.page}?t=12"
    mail = await page.get_attribute("dialog a", "href")
    assert mail is not None
    assert mail.startswith("mailto:?subject=What%20the%20river")


async def test_it_can_be_installed(visit: Visit, crowd: Crowd) -> None:
    page = await visit()
    await until(page, "document.querySelector('link[rel=manifest]')", seconds=15)
    session = await page.context.new_cdp_session(page)
    found = await session.send("Page.getInstallabilityErrors")
    faults = [one["errorId"] for one in found["installabilityErrors"]]
    assert [one for one in faults if one != "in-incognito"] == []


class Pushed:
    """The worker of a page, and messages that its browser's push service brings."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.worker: Worker
        self._session: Any = None
        self._registration = ""

    async def ready(self, edge: Edge) -> None:
        await self.page.context.grant_permissions(["notifications"])
        await until(self.page, "navigator.serviceWorker.controller", seconds=15)
        self.worker = self.page.context.service_workers[0]
        self._session = await self.page.context.new_cdp_session(self.page)
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def registered(told: dict[str, Any]) -> None:
            for one in told["registrations"]:
                if one["scopeURL"].startswith(edge.page.split("/s/")[0]) and not found.done():
                    found.set_result(one["registrationId"])

        self._session.on("ServiceWorker.workerRegistrationUpdated", registered)
        await self._session.send("ServiceWorker.enable")
        self._registration = await asyncio.wait_for(found, 8)
        await self.worker.evaluate(OPENED)

    async def push(self, edge: Edge, data: str) -> None:
        origin = edge.page.split("/s/")[0]
        given = {"origin": origin, "registrationId": self._registration, "data": data}
        await self._session.send("ServiceWorker.deliverPushMessage", given)

    async def told(self, count: int) -> Any:
        async with asyncio.timeout(8):
            while len(told := await self.worker.evaluate(TOLD)) != count:
                await asyncio.sleep(0.05)
        return told

    async def clicked(self) -> Any:
        await self.worker.evaluate(CLICK)
        async with asyncio.timeout(8):
            while not (opened := await self.worker.evaluate("() => self.went.splice(0)")):
                await asyncio.sleep(0.05)
        await self.told(0)
        return opened


async def test_a_push_is_shown_and_leads_to_its_space(
    visit: Visit, crowd: Crowd, edge: Edge
) -> None:
    pushed = Pushed(await visit())
    await pushed.ready(edge)
    origin = edge.page.split("/s/")[0]
    # What the studio sends, of this space and of another.
    here = {"title": "Rivers", "sentence": "It begins in ten minutes.", "url": edge.page}
    there = here | {"title": "Mills", "url": f"{origin}/s/another001?lang=de"}
    await pushed.push(edge, json.dumps(here))
    assert await pushed.told(1) == [["Rivers", here["sentence"], edge.page, edge.page]]
    await pushed.push(edge, json.dumps(here | {"sentence": "It has begun."}))
    await pushed.page.wait_for_timeout(300)
    assert (await pushed.told(1))[0][1] == "It has begun."
    assert await pushed.clicked() == [f"focus {edge.page}"]
    # In another language it is the same page.
    await pushed.push(edge, json.dumps(here | {"url": f"{edge.page}?lang=de"}))
    await pushed.told(1)
    assert await pushed.clicked() == [f"focus {edge.page}"]
    await pushed.push(edge, json.dumps(there))
    await pushed.told(1)
    assert await pushed.clicked() == ["open /s/another001?lang=de"]


async def test_a_push_that_is_none_leads_nowhere_else(
    visit: Visit, crowd: Crowd, edge: Edge
) -> None:
    pushed = Pushed(await visit())
    await pushed.ready(edge)
    for data in ("no JSON", '{"title": "Win", "url": "https://evil.example/s/space00001"}', "{}"):
        await pushed.push(edge, data)
        await pushed.told(1)
        assert await pushed.clicked() == ["open /offline.html"]
