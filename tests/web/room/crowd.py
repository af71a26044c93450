"""The crowd of the tests: guests who came through the join page, and rooms that are open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from hustings import ticket
from hustings.log.subjects import Kind
from hustings.talk import Asked, Said, decode
from tests.web.running import Running, make_space

LISTEN = "http://localhost:8001"


@dataclass(frozen=True, slots=True)
class Listener:
    """A page of the listen origin with a ticket to talk."""

    client: httpx.AsyncClient
    space: str
    person: str
    token: str

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Post to the space's API as that page does."""
        return await self.request("POST", path, body)

    async def request(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Ask the space's API as that page does: without cookies, from another origin."""
        return await self.client.request(
            method,
            f"/api/spaces/{self.space}/{path}",
            json=body,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Origin": LISTEN,
                "Sec-Fetch-Site": "same-site",
            },
        )


async def opened(host: httpx.AsyncClient, **fields: Any) -> str:
    """A space whose doors are open."""
    made: str = (await make_space(host, **fields))["id"]
    answer = await host.post(f"/api/spaces/{made}/doors")
    assert answer.status_code == 200, answer.text
    return made


def fragment(answer: httpx.Response) -> dict[str, str]:
    """What the join page hands over behind `#`."""
    assert answer.status_code == 303, answer.text
    place = urlsplit(answer.headers["location"])
    return {key: values[0] for key, values in parse_qs(place.fragment).items()}


async def joined(client: httpx.AsyncClient, space: str, name: str = "Gil Guest") -> str:
    """Join by name; the ticket."""
    return fragment(await client.post(f"/s/{space}/join", data={"name": name}))["talk"]


@asynccontextmanager
async def guest(web: Running, space: str, name: str = "Gil Guest") -> AsyncIterator[Listener]:
    """A guest with a name."""
    async with web.browser() as joining, web.browser() as client:
        token = await joined(joining, space, name)
        yield Listener(client, space, read(web, token).person, token)


def read(web: Running, token: str) -> ticket.Ticket:
    """What a ticket says."""
    key = (web.folder / "keys" / "ticket.pub.pem").read_bytes()
    return ticket.verify(token, public_key=key, now=0)


async def written(web: Running, space: str) -> list[list[Said | Asked]]:
    """The entries of the crowd's log."""
    return [
        [piece for piece in decode(entry.data) if isinstance(piece, Said | Asked)]
        async for entry in web.record.read(space, (Kind.TALK,))
    ]
