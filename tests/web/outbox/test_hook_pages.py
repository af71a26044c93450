"""Webhooks by their page: made, tried out, looked at and removed, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hustings import limits
from hustings.web.outbox.hook_pages import EVENT_WORDS
from hustings.web.outbox.hooks import EVENTS, PING
from tests.web import running
from tests.web.order.people import account
from tests.web.outbox.receiver import receiver
from tests.web.outbox.test_hooks import checked
from tests.web.running import Engines, Running, make_space, until

PAGE = "/account/hooks"
ACCEPT = {"accept": "text/html"}


@pytest.fixture
async def open_web(tmp_path: Path, servers: Engines) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers, fetch_private=True) as found:
        yield found


def test_every_event_has_words() -> None:
    assert set(EVENT_WORDS) == {*EVENTS, PING}


async def test_a_webhook_is_made_tried_out_and_removed(open_web: Running) -> None:
    async with receiver() as found, open_web.host() as host:
        form = {"url": found.url, "events": ["space.scheduled", "space.live"]}
        made = (await host.post(PAGE, data=form)).text
        secret = re.search(r'value="(whsec_[^"]+)"', made)
        assert secret
        assert secret[1] not in (await host.get(PAGE)).text, "it is shown once"
        [hook] = (await host.get("/api/hooks")).json()
        assert (hook["url"], hook["events"]) == (found.url, form["events"])
        assert "Nothing has been sent yet." in (await host.get(PAGE)).text
        sent = await host.post(f"{PAGE}/{hook['id']}/ping")
        assert sent.status_code == 303
        assert checked(await found.next(), secret[1])["type"] == "ping"
        await make_space(host)
        assert checked(await found.next(), secret[1])["type"] == "space.scheduled"

        async def arrived() -> Any:
            return (await host.get(PAGE)).text.count("Arrived") == 2

        await until(arrived)
        page = (await host.get(sent.headers["location"])).text
        assert "A test is on its way." in page
        assert "answer 200" in page
        assert (await host.post(f"{PAGE}/{hook['id']}/remove")).status_code == 303
        assert found.url not in (await host.get(PAGE)).text


async def test_what_goes_wrong_stands_on_the_page(open_web: Running) -> None:
    async with receiver() as found, open_web.host() as host:
        found.statuses = [500]
        form = {"url": found.url, "events": ["space.live"]}
        await host.post(PAGE, data=form)
        [hook] = (await host.get("/api/hooks")).json()
        await host.post(f"{PAGE}/{hook['id']}/ping")
        await found.next()

        async def refused() -> Any:
            page = (await host.get(PAGE)).text
            return "Is tried again" in page and "answer 500" in page

        await until(refused)


async def test_what_cannot_be_used_is_said_beside_the_field(web: Running) -> None:
    async with web.host() as host:
        for url in ("", "nonsense", "http://example.org/", "ftp://example.org/", "https://"):
            wrong = await host.post(PAGE, data={"url": url, "events": ["space.live"]})
            assert wrong.status_code == 422, url
            assert 'id="url-error"' in wrong.text
        good = "https://example.org/hooks"
        for events in ([], ["space.invented"]):
            wrong = await host.post(PAGE, data={"url": good, "events": events})
            assert wrong.status_code == 422
            assert 'id="events-error"' in wrong.text
            assert f'value="{good}"' in wrong.text, "what was typed stays"
        assert (await host.get("/api/hooks")).json() == []
        for _ in range(limits.HOOKS_COUNT):
            await host.post(PAGE, data={"url": good, "events": ["space.live"]})
        full = await host.post(PAGE, data={"url": good, "events": ["space.live"]})
        assert full.status_code == 422
        assert "Remove one" in full.text


async def test_nobody_else_reaches_them(web: Running) -> None:
    async with web.host() as host, web.browser() as nobody:
        answer = await nobody.get(PAGE)
        assert (answer.status_code, answer.headers["location"]) == (
            303, "/sign-in?next=/account/hooks"
        )  # fmt: skip
        good = {"url": "https://its.example/", "events": ["space.live"], "everywhere": "on"}
        assert (await nobody.post(PAGE, data=good, headers=ACCEPT)).status_code == 401
        await host.post(PAGE, data=good)
        [hook] = (await host.get("/api/hooks")).json()
        assert hook["everywhere"] is True
        async with account(web, "Mem Ber", "member") as (member, _):
            for act in ("ping", "remove"):
                gone = await member.post(f"{PAGE}/{hook['id']}/{act}", headers=ACCEPT)
                assert gone.status_code == 404
            assert "its.example" not in (await member.get(PAGE)).text
            await member.post(PAGE, data=good)
            [own] = (await member.get("/api/hooks")).json()
            assert own["everywhere"] is False, "only owners hear of all spaces"
