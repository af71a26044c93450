"""How often one may try, and that nobody is shut out by others' guesses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from hustings import limits
from hustings.web.database import Database
from hustings.web.people import throttle
from hustings.web.people.throttle import Throttle, Throttled
from tests.web.running import EMAIL, PASSWORD, Running

WRONG = {"email": EMAIL, "password": "not the password"}
RIGHT = {"email": EMAIL, "password": PASSWORD}


async def test_strangers_guesses_do_not_shut_out_a_browser_that_signed_in_before(
    web: Running, owner: httpx.AsyncClient
) -> None:
    await owner.post("/sign-out")
    async with web.browser() as stranger:
        for _ in range(limits.SIGN_IN_TRIES_COUNT):
            assert (await stranger.post("/sign-in", data=WRONG)).status_code == 403
        assert (await stranger.post("/sign-in", data=RIGHT)).status_code == 429
    # Even from the same address.
    assert (await owner.post("/sign-in", data=RIGHT)).status_code == 303


async def test_a_known_browser_is_throttled_by_its_own_guesses(owner: httpx.AsyncClient) -> None:
    await owner.post("/sign-out")
    for _ in range(limits.SIGN_IN_TRIES_COUNT):
        assert (await owner.post("/sign-in", data=WRONG)).status_code == 403
    assert (await owner.post("/sign-in", data=RIGHT)).status_code == 429


async def test_the_cookie_is_for_one_account_and_cannot_be_forged(
    web: Running, owner: httpx.AsyncClient
) -> None:
    device = owner.cookies["hustings-device"]
    async with web.browser() as stranger:
        for _ in range(limits.SIGN_IN_TRIES_COUNT):
            await stranger.post("/sign-in", data=WRONG)
        stranger.cookies.set("hustings-device", device[:-2] + "xx")
        assert (await stranger.post("/sign-in", data=RIGHT)).status_code == 429


async def test_an_account_tried_from_everywhere_is_slow_and_never_closed(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    await database.migrate()
    counted = Throttle(database)
    now_ms = 1_000_000
    for guess in range(limits.SIGN_IN_ACCOUNT_COUNT):
        bounds = throttle.stranger(EMAIL, f"192.0.2.{guess}")
        assert await counted.take(bounds, now_ms=now_ms) is None
    late = await counted.take(throttle.stranger(EMAIL, "192.0.2.99"), now_ms=now_ms + 1000)
    assert late == Throttled(4)
    slow_ms = now_ms + int(limits.SIGN_IN_SLOW_S * 1000)
    other = throttle.stranger(EMAIL, "192.0.2.98")
    assert await counted.take(other, now_ms=slow_ms) is None
    assert await counted.take(other, now_ms=slow_ms + 1) is not None
    # What was refused was not counted, and a right password takes its own count back.
    await counted.give_back(other, now_ms=slow_ms)
    assert await counted.take(other, now_ms=slow_ms + 1) is None
    await database.close()


async def test_counts_are_forgotten_after_their_window(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    await database.migrate()
    counted = Throttle(database)
    bounds = throttle.asked("somebody@example.org")
    for _ in range(limits.ASKED_COUNT):
        assert await counted.take(bounds, now_ms=5) is None
    assert await counted.take(bounds, now_ms=6) == Throttled(limits.ASKED_WINDOW_S)
    assert await counted.take(bounds, now_ms=5 + limits.ASKED_WINDOW_S * 1000) is None
    await database.close()


def test_waits_in_words() -> None:
    assert Throttled(5).words.endswith("in 5 seconds.")
    assert Throttled(60).words.endswith("in 1 minute.")
    assert Throttled(200).words.endswith("in 4 minutes.")


async def test_attempts_made_at_once_are_all_counted(web: Running) -> None:
    database = Database(web.database_url)
    tries = Throttle(database)
    bounds = throttle.stranger(EMAIL, "192.0.2.7")
    waits = await asyncio.gather(
        *(tries.take(bounds, now_ms=1_000) for _ in range(limits.SIGN_IN_TRIES_COUNT * 3))
    )
    assert waits.count(None) == limits.SIGN_IN_TRIES_COUNT
    await database.close()
