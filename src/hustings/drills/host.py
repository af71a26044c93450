"""People at the studio, by program: a host with an account, a speaker with an invitation.

Plain HTTP with cookies, as a browser would send it; the calls block, so they run in threads.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hustings.errors import HustingsError

HTTP_S = 15.0
EVENT_S = 30.0


class Refused(HustingsError):
    """The studio said no; carries status and words."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        super().__init__(f"the studio says {status}: {words}")


@dataclass(frozen=True, slots=True)
class Seat:
    """What a speaker needs to be on stage."""

    id: str
    ticket: str


class Person:
    """A browser's worth of cookies at one studio."""

    def __init__(self, studio_url: str) -> None:
        self.cookies = http.cookiejar.CookieJar()
        self._url = studio_url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    async def form(self, address: str, fields: Mapping[str, str]) -> str:
        """Send a form, follow where it leads, return the page."""
        data = urllib.parse.urlencode(fields).encode()
        return await asyncio.to_thread(self._send, "POST", address, data, "")

    async def page(self, address: str) -> str:
        """Open a page."""
        return await asyncio.to_thread(self._send, "GET", address, None, "")

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the API; `Refused` when it does not answer with success."""
        data = json.dumps(body).encode() if body is not None else None
        text = await asyncio.to_thread(
            self._send, method, f"{self._url}/api{path}", data, "application/json"
        )
        return json.loads(text) if text else None

    async def seat(self, space: str) -> Seat:
        """A ticket for one's own seat."""
        made = await self.call("POST", f"/spaces/{space}/ticket")
        return Seat(id=made["seat"], ticket=made["ticket"])

    def first_event(self, path: str, kind: str) -> Any:
        """Wait for the first event of a kind on one of the API's event streams. Blocks."""
        request = urllib.request.Request(f"{self._url}/api{path}")  # noqa: S310 - our own studio
        with self._opener.open(request, timeout=EVENT_S) as stream:
            found = False
            for line in stream:
                if found and line.startswith(b"data:"):
                    return json.loads(line.removeprefix(b"data:"))
                found = found or line.strip() == f"event: {kind}".encode()
        raise HustingsError(f"the event stream ended without {kind}")

    def _send(self, method: str, address: str, data: bytes | None, kind: str) -> str:
        headers = {"Origin": self._url, "Accept": "application/json, text/html"}
        if data is not None:
            headers["Content-Type"] = kind or "application/x-www-form-urlencoded"
        request = urllib.request.Request(  # noqa: S310 - our own studio on loopback
            address, data=data, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=HTTP_S) as response:
                text: str = response.read().decode()
                return text
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode(errors="replace")[:500]) from error
        except urllib.error.URLError as error:
            raise HustingsError(f"the studio cannot be reached: {error.reason}") from error


class Host(Person):
    """The person with the first account."""

    async def sign_up(self, first_link: str, *, name: str) -> None:
        """Make the first account with the one-time link."""
        password = secrets.token_urlsafe(12)
        fields = {"name": name, "email": "host@example.org", "password": password}
        await self.form(first_link, fields)

    async def create(self, title: str) -> str:
        """Make a space for now; returns its id."""
        made = await self.call("POST", "/spaces", {"title": title})
        space: str = made["id"]
        return space

    async def step(self, space: str, verb: str, body: Mapping[str, Any] | None = None) -> Any:
        """doors, live, hold, resume, end, cancel or delay."""
        return await self.call("POST", f"/spaces/{space}/{verb}", body)

    async def invite(self, space: str, name: str) -> Person:
        """Invite a speaker; returns the person, who has opened the link and taken the seat."""
        made = await self.call("POST", f"/spaces/{space}/seats", {"name": name})
        guest = Person(self._url)
        await guest.form(made["link"], {"name": name})
        return guest
