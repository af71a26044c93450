"""An evening for the desk to show: seats that are taken, a crowd that writes."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from playwright.async_api import Page

from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.log.subjects import Kind
from hustings.space import encode
from hustings.space.event import Cleared, Observed, OnAir, SeatJoined, SeatLeft, Spoke, Warned
from hustings.space.line import Line
from tests.web.room.crowd import Listener, guest
from tests.web.running import EMAIL, PASSWORD, Running, make_space

_numbers = itertools.count(1)
TITLE = "An evening on the new tram line"


@dataclass(frozen=True, slots=True)
class Stage:
    """Observations and tallies, as the real stage and archive send them."""

    record: Log
    live: Live
    archive: Live

    async def sits(self, space: str, seat: str) -> None:
        """Somebody's sound arrives."""
        event = SeatJoined(at_ms=1, seat=seat, join=1, n=0)
        await self.record.append(space, Kind.OBS, encode(event), message_id=f"joined-{seat}")

    async def loses(self, space: str, seat: str, *, cause: str = "lost") -> None:
        """Nothing is heard of somebody any more."""
        event = SeatLeft(at_ms=time.time_ns() // 1_000_000, seat=seat, cause=cause, n=1)
        await self._observes(space, event)

    async def regains(self, space: str, seat: str) -> None:
        """Somebody is back."""
        await self._observes(space, SeatJoined(at_ms=1, seat=seat, join=2, n=2))

    async def _observes(self, space: str, event: SeatJoined | SeatLeft) -> None:
        data = encode(event)
        number = next(_numbers)
        await self.live.publish(subjects.live(space, "obs"), data)
        await self.record.append(space, Kind.OBS, data, message_id=f"observed-{number}")

    async def on_air(self, space: str, n: int, *, live: bool = True) -> None:
        """The programme is live from a chunk on, or is not."""
        event = OnAir(at_ms=1, n=n, live=live)
        await self.record.append(space, Kind.OBS, encode(event), message_id=f"air-{n}")

    async def speaks(self, space: str, seat: str, *, speaking: bool = True, n: int = 2) -> None:
        """Somebody begins or ends to speak."""
        event = Spoke(at_ms=1, seat=seat, speaking=speaking, n=n)
        await self.record.append(
            space, Kind.OBS, encode(event), message_id=f"spoke-{seat}-{speaking}-{n}"
        )

    async def levels(
        self,
        space: str,
        levels: dict[str, float],
        *,
        n: int = 1,
        lines: dict[str, Line] | None = None,
    ) -> None:
        """How loud they are, and once a second how good their lines are."""
        told = {"n": n, "levels": levels} | ({} if lines is None else {"lines": lines})
        await self.live.publish(subjects.live(space, "levels"), msgspec.json.encode(told))

    async def warns(self, space: str, seat: str, code: str, advice: str) -> None:
        """The watch has found something."""
        event = Warned(at_ms=1, code=code, advice=advice, n=3, seat=seat)
        await self._observed(space, event, f"warned-{code}-{seat}")

    async def clears(self, space: str, seat: str, code: str) -> None:
        """It is over."""
        event = Cleared(at_ms=1, code=code, n=4, seat=seat)
        await self._observed(space, event, f"cleared-{code}-{seat}")

    async def _observed(self, space: str, event: Observed, name: str) -> None:
        await self.live.publish(subjects.live(space, "obs"), encode(event))
        await self.record.append(space, Kind.OBS, encode(event), message_id=name)

    async def counts(self, space: str, ballots: dict[str, list[int]]) -> None:
        """Votes were counted."""
        told = {key: {"counts": one, "voters": sum(one)} for key, one in ballots.items()}
        data = json.dumps({"ballots": told}).encode()
        await self.archive.publish(f"archive.tally.{space}", data)


@dataclass(frozen=True, slots=True)
class Evening:
    """A space, its host's client, its seats by name, and its guests."""

    host: httpx.AsyncClient
    id: str
    made: dict[str, Any]
    seats: dict[str, str]
    guests: tuple[Listener, ...]

    async def does(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The host calls the API."""
        answer = await self.host.request(method, f"/api/spaces/{self.id}{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def state(self) -> dict[str, Any]:
        """The space now."""
        found: dict[str, Any] = await self.does("GET", "")
        return found


@asynccontextmanager
async def evening(
    web: Running, *, status: str = "live", guests: tuple[str, ...] = (), **fields: Any
) -> AsyncIterator[Evening]:
    """A space with two invited speakers, as far as `status`, and guests with a name."""
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(web.host())
        made = await make_space(host, title=TITLE, **fields)
        seats = {"host": made["seats"][0]["id"]}
        for name in ("Amara Okafor", "Jonas Weber"):
            answer = await host.post(f"/api/spaces/{made['id']}/seats", json={"name": name})
            seats[name.split()[0]] = answer.json()["seat"]
        for verb in ("doors", "live", "hold"):
            if status == "scheduled":
                break
            answer = await host.post(f"/api/spaces/{made['id']}/{verb}")
            assert answer.is_success, answer.text
            if answer.json()["status"] == status:
                break
        crowd = [await stack.enter_async_context(guest(web, made["id"], name)) for name in guests]
        yield Evening(host, made["id"], made, seats, tuple(crowd))


async def at_desk(web: Running, page: Page, space: Evening) -> None:
    """The host's browser at the desk."""
    await page.goto(f"{web.url}/sign-in?next=/s/{space.id}/stage")
    await page.locator("[name=email]").fill(EMAIL)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_selector("body[data-events=true]")
