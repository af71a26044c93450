"""A studio in which every page has something to show: people, spaces in all states, cases, links.

Names, titles and reasons are as long as they may be and without a place to break them.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from hustings.log.propose import Proposals
from hustings.space import Space
from hustings.space.command import Withhold
from hustings.store.layout import crowd, replay_aac
from tests.servers import connected
from tests.web.order.people import account, says
from tests.web.outbox.postbox import Postbox
from tests.web.people.joined import invite, words
from tests.web.room.crowd import joined, read
from tests.web.running import Running, make_space, until

TITLE: Final = "Donaudampfschifffahrtsgesellschaftskapitänsversammlung" * 3
LONG: Final = TITLE[:120]
NAME: Final = ("Hubertus" * 8)[:60]
WORDS: Final = f"**What** does it cost?\n\n- {LONG}\n- https://example.org/{'a' * 90}\n\n> Who?"
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Site:
    """Whose browser is whose, and where everything is. `places` fills the holes of routes."""

    people: dict[str, httpx.AsyncClient]
    places: dict[str, str]


async def first_page(web: Running) -> str:
    """The path of the first account's page; it is gone once somebody has used it."""
    link = (web.folder / "first-link").read_text().strip()
    return link.removeprefix(web.url)


@asynccontextmanager
async def furnished(web: Running, box: Postbox) -> AsyncIterator[Site]:
    """Everything, made the way people make it. The studio sends its mail to `box`."""
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(web.host())
        nobody = await stack.enter_async_context(web.browser())
        member, _ = await stack.enter_async_context(account(web, NAME, "member"))
        mia, _ = await stack.enter_async_context(account(web, "Mia", "host"))
        await _good(mia.post("/account/profile", data={"name": NAME, "handle": "mia"}))
        people = {"host": host, "nobody": nobody, "member": member}
        starts = time.time_ns() // 1_000_000 + 30 * HOUR_MS
        form = {"name": "Hanna Host", "handle": "hanna", "biography": LONG}
        await _good(host.post("/account/profile", data=form))
        series = await _good(host.post("/api/series", json={"title": LONG, "slug": "evenings"}))
        coming = await make_space(host, title=LONG, description=WORDS, starts_at_ms=starts,
                                  language="de", series=series["id"])  # fmt: skip
        places = {"coming": coming["id"], "slug": "evenings", "handle": "hanna"}
        private = await make_space(host, title="Budget", private=True, starts_at_ms=starts)
        await _good(host.post(f"/s/{private['id']}/members", data={"who": "mia"}))
        places |= {"private": private["id"], "live": await _live(web, stack, people, places)}
        places["over"] = await _over(web, host)
        places["ended"] = (await make_space(host, title="Just over"))["id"]
        for verb in ("doors", "live", "end"):
            await _good(host.post(f"/api/spaces/{places['ended']}/{verb}"))
        await _links(web, box, people, places)
        await _cases(web, people, places)
        suspended, whose = await stack.enter_async_context(account(web, "Sus Pended", "host"))
        await _good(host.put(f"/api/suspensions/a-{whose}", json={"reason": LONG}))
        people["suspended"] = suspended
        yield Site(people, places)


async def _live(
    web: Running,
    stack: AsyncExitStack,
    people: dict[str, httpx.AsyncClient],
    places: dict[str, str],
) -> str:
    """A space that is live: a speaker sits, an invited one does not yet, a hand is invited."""
    host = people["host"]
    made = await make_space(host, title=LONG)
    space: str = made["id"]
    for verb in ("doors", "live"):
        await _good(host.post(f"/api/spaces/{space}/{verb}"))
    speaker, _ = await stack.enter_async_context(web.speaker(host, space, name=NAME))
    people["speaker"] = speaker
    seat = await _good(host.post(f"/api/spaces/{space}/seats", json={"name": "Amara"}))
    places["invitation"] = seat["link"].rpartition("/")[2]
    guest = await stack.enter_async_context(web.browser())
    ticket = await joined(guest, space, NAME)
    bearer = {"Authorization": f"Bearer {ticket}"}
    api = f"/api/spaces/{space}"
    await _good(people["nobody"].post(f"{api}/hand", json={"note": LONG}, headers=bearer))
    await _good(host.post(f"{api}/hands/{read(web, ticket).person}/invite"))
    await _good(host.post(f"{api}/chat", json={"text": LONG}))
    people["guest"] = guest
    return space


async def _over(web: Running, host: httpx.AsyncClient) -> str:
    """A space whose recording waits to be published."""
    space: str = (await make_space(host, title=LONG, publishing="review"))["id"]
    for verb in ("doors", "live", "end"):
        await _good(host.post(f"/api/spaces/{space}/{verb}"))
    kept = web.folder / "store" / replay_aac(space)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bytes(1000))
    (web.folder / "store" / crowd(space)).write_text(
        '{"peak":{"listening":41},"distinct":{"estimate":73},'
        '"listener_minutes":{"value":900},"turned_away":{"value":2}}'
    )
    servers = web.engines
    async with connected("archive", servers.live, servers.log, servers.passwords) as (log, live):
        done = Withhold(by="system", recording_seconds=3725.0, receipt_sha256="ab" * 32)
        result = await Proposals(log, live).propose(space, done, now_ms=time.time_ns() // 1_000_000)
    assert isinstance(result, Space)
    return space


async def _links(
    web: Running, box: Postbox, people: dict[str, httpx.AsyncClient], places: dict[str, str]
) -> None:
    """What comes by mail, and what a host passes on."""
    nobody, host = people["nobody"], people["host"]
    made = await invite(host, role="host", email="new@example.org")
    places["join"] = made["link"].rpartition("/")[2]
    await invite(host, role="member")
    await _good(nobody.post("/forgot", data={"email": "host@example.org"}))
    places["reset"] = await _mailed(box, web, "reset")
    reminder = {"kind": "mail", "email": "listener@example.org"}
    await _good(nobody.post(f"/api/spaces/{places['coming']}/reminders", json=reminder))
    places["reminder"] = await _mailed(box, web, "r")
    hook = {"url": f"https://{'hooks.' * 12}invalid/{LONG[:50]}", "events": ["space.live"]}
    made = await _good(host.post("/api/hooks", json=hook))
    await _good(host.post(f"/api/hooks/{made['id']}/ping"))
    await _good(host.post("/api/tokens", json={"name": NAME, "scopes": ["spaces:read"]}))


async def _cases(
    web: Running, people: dict[str, httpx.AsyncClient], places: dict[str, str]
) -> None:
    """Reports that wait and reports that are decided."""
    path = f"/api/spaces/{places['live']}/reports"
    for text in (LONG, "Another"):
        message = await says(web, places["live"], text, name=NAME)
        report = {"about": "message", "id": message, "reason": LONG}
        await _good(people["nobody"].post(path, json=report))
    case = (await people["host"].get("/api/reports")).json()[0]
    outcome = {"outcome": "removed", "reason": LONG}
    await _good(people["host"].put(f"/api/reports/{case['id']}", json=outcome))


async def _mailed(box: Postbox, web: Running, kind: str) -> str:
    """The token in the newest mail with a link of this kind."""

    async def found() -> str:
        for _, _, content in reversed(box.came):
            if link := re.search(rf"{re.escape(web.url)}/{kind}/(\S+)", words(content)):
                return link[1]
        return ""

    token: str = await until(found)
    return token


async def _good(asking: Any) -> Any:
    answer: httpx.Response = await asking
    assert answer.status_code < 400, answer.text
    kind = answer.headers.get("content-type", "")
    return answer.json() if kind.startswith("application/json") and answer.content else None
