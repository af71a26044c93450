"""Signing out: whoever sits down at the browser next has no sign-in, no seat and no name here."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hustings import limits
from tests.web.order.people import account
from tests.web.people.joined import member
from tests.web.running import Running, is_problem, make_space


async def _seated(web: Running, owner: httpx.AsyncClient, client: httpx.AsyncClient) -> str:
    """A space in which `client` has taken a seat by a link."""
    space: str = (await make_space(owner))["id"]
    made = (await owner.post(f"/api/spaces/{space}/seats", json={"name": "Ann"})).json()
    assert (await client.post(made["link"], data={"name": "Ann"})).status_code == 303
    assert (await client.post(f"/api/spaces/{space}/ticket")).status_code == 200
    return space


async def _own(client: httpx.AsyncClient) -> str:
    listed: list[dict[str, Any]] = (await client.get("/api/me/sign-ins")).json()
    return next(str(one["reference"]) for one in listed if one["current"])


async def test_nothing_that_speaks_is_left_in_the_browser(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with member(web, owner, "Ann") as ann:
        space = await _seated(web, owner, ann)
        kept = dict(ann.cookies)
        assert (await ann.post("/sign-out")).status_code == 303
        assert [name for name in ann.cookies if "device" not in name] == []
        is_problem(await ann.post(f"/api/spaces/{space}/ticket"), 401, "sign-in")
        # Nor does a copy of the cookies help.
        ann.cookies.update(kept)
        is_problem(await ann.post(f"/api/spaces/{space}/ticket"), 401, "sign-in")
        # The seat is the account's, and waits for it.
        form = {"email": "ann@example.org", "password": "a long enough password"}
        ann.cookies.clear()
        assert (await ann.post("/sign-in", data=form)).status_code == 303
        assert (await ann.post(f"/api/spaces/{space}/ticket")).status_code == 200


async def test_a_listen_page_that_stays_open_talks_no_more(
    web: Running, owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ticket is another origin's, and ends with the sign-in that it was given for."""
    monkeypatch.setattr(limits, "SIGNED_IN_FRESH_S", 0.0)
    async with member(web, owner, "Ann") as ann, web.browser() as page:
        space = (await make_space(owner))["id"]
        assert (await owner.post(f"/api/spaces/{space}/doors")).status_code == 200
        tokens = []
        for _ in range(2):
            place = (await ann.post(f"/s/{space}/join")).headers["location"]
            tokens.append(place.partition("#talk=")[2].partition("&")[0])
        held, renewed = ({"Authorization": f"Bearer {token}"} for token in tokens)
        again = await page.post("/api/talk-tickets/renew", headers=renewed)
        renewed = {"Authorization": f"Bearer {again.json()['ticket']}"}
        chat = f"/api/spaces/{space}/chat"
        for bearer in (held, renewed):
            said = await page.post(chat, json={"text": "Good evening"}, headers=bearer)
            assert said.status_code == 201, said.text
        assert (await ann.post("/sign-out")).status_code == 303
        for bearer in (held, renewed):
            said = await page.post(chat, json={"text": "Who is it now?"}, headers=bearer)
            is_problem(said, 401, "ticket")
            is_problem(await page.post("/api/talk-tickets/renew", headers=bearer), 401, "ticket")


async def test_ending_a_sign_in_elsewhere_ends_its_seats(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with member(web, owner, "Ann") as lost, web.browser() as here:
        space = await _seated(web, owner, lost)
        form = {"email": "ann@example.org", "password": "a long enough password"}
        assert (await here.post("/sign-in", data=form)).status_code == 303
        answer = await here.post(f"/account/sign-ins/{await _own(lost)}/revoke")
        assert answer.status_code == 303
        is_problem(await lost.post(f"/api/spaces/{space}/ticket"), 401, "sign-in")
        is_problem(await lost.post(f"/api/spaces/{space}/chat", json={"text": "x"}), 401, "sign-in")
        assert (await here.post(f"/api/spaces/{space}/ticket")).status_code == 200


async def test_a_seat_is_not_the_next_accounts(web: Running, owner: httpx.AsyncClient) -> None:
    async with member(web, owner, "Ann") as browser, account(web, "Ben", "member") as (ben, _):
        space = await _seated(web, owner, browser)
        for name in ("hustings-session", "hustings-device"):
            browser.cookies.delete(name)
            browser.cookies.set(name, ben.cookies[name])
        is_problem(await browser.post(f"/api/spaces/{space}/ticket"), 403, "stranger")


async def test_a_guest_keeps_the_seat_without_an_account(
    web: Running, owner: httpx.AsyncClient
) -> None:
    async with web.browser() as guest, account(web, "Ben", "member") as (ben, _):
        space = await _seated(web, owner, guest)
        guest.cookies.update(ben.cookies)
        assert (await guest.post(f"/api/spaces/{space}/ticket")).status_code == 200
        assert (await guest.post("/sign-out")).status_code == 303
        is_problem(await guest.post(f"/api/spaces/{space}/ticket"), 401, "sign-in")
