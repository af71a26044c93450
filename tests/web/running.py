"""A studio that runs: the real role on a real port, on real NATS servers, with SQLite."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hustings import keys
from hustings.config import Settings
from hustings.log.contract import Live, Log
from hustings.log.follow import read_state
from hustings.log.server import NatsServer
from hustings.role import Context
from hustings.run import listen
from hustings.space import Space
from hustings.web import database, service
from tests import postgres
from tests.servers import connect_as, nats_servers, settings_as

# Read once: the machine's roots take a client 25 ms.
ROOTS = ssl.create_default_context()
EMAIL = "host@example.org"
PASSWORD = "a long enough password"


@dataclass(frozen=True, slots=True)
class Engines:
    """The two NATS servers of a test."""

    live: NatsServer
    log: NatsServer
    passwords: dict[str, str]


@dataclass(frozen=True, slots=True)
class Running:
    """One web role. `record` and `live` are its own connections."""

    url: str
    folder: Path
    record: Log
    live: Live
    engines: Engines
    database_url: str

    async def space(self, space: str) -> Space:
        """The space as its log tells it."""
        found, _ = await read_state(self.record, space)
        assert found is not None
        return found

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client with cookies of its own."""
        async with httpx.AsyncClient(base_url=self.url, timeout=10, verify=ROOTS) as client:
            yield client

    @asynccontextmanager
    async def host(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client that is signed in; the first call makes the owner's account."""
        async with self.browser() as client:
            file = self.folder / "first-link"
            if file.exists():
                form = {"name": "Hanna Host", "email": EMAIL, "password": PASSWORD}
                answer = await client.post(file.read_text().strip(), data=form)
            else:
                answer = await client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield client

    @asynccontextmanager
    async def speaker(
        self, host: httpx.AsyncClient, space: str, *, name: str = "Amara", role: str = "speaker"
    ) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
        """A client that took a seat by invitation, and the seat."""
        answer = await host.post(f"/api/spaces/{space}/seats", json={"name": name, "role": role})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        async with self.browser() as client:
            answer = await client.post(made["link"], data={"name": name})
            assert answer.status_code == 303, answer.text
            yield client, made["seat"]


@asynccontextmanager
async def engines(folder: Path) -> AsyncIterator[Engines]:
    """Both servers."""
    async with nats_servers(folder) as (live, log, passwords):
        yield Engines(live, log, passwords)


@asynccontextmanager
async def studio(
    folder: Path,
    servers: Engines,
    *,
    instance: str = "web-0",
    at: str = "127.0.0.1",
    **options: Any,
) -> AsyncIterator[Running]:
    """A web role with its data in `folder`; several may share one. `at` is the name it is
    called by: browsers take passkeys for localhost, not for an address."""
    with listen(Settings(host="127.0.0.1", studio_port=0), "studio") as listener:
        scheme = "https" if "studio_tls_cert" in options else "http"
        url = f"{scheme}://{at}:{listener.getsockname()[1]}"
        settings = msgspec.structs.replace(
            settings_as("web", servers.live, servers.log, servers.passwords),
            **{
                "data": str(folder),
                "studio_url": url,
                "database_url": postgres.session.url(folder),
                **options,
            },
        )
        record, live, close = await connect_as("web", servers.live, servers.log, servers.passwords)
        ready, stopping = asyncio.Event(), asyncio.Event()
        context = Context(
            settings=settings,
            instance=instance,
            log=record,
            live=live,
            keys=keys.ensure(folder),
            listener=listener,
            ready=ready.set,
            stopping=stopping,
        )
        try:
            role = asyncio.create_task(service.serve(context))
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((role, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if role.done():
                await role
            yield Running(url, folder, record, live, servers, database.address(settings))
            stopping.set()
            await asyncio.wait_for(role, 5)
        finally:
            await close()


async def make_space(host: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A space made through the API."""
    answer = await host.post("/api/spaces", json={"title": "An evening", **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def until(condition: Callable[[], Awaitable[Any]], *, within_s: float = 5) -> Any:
    """Wait until `condition` gives something true, and return that."""
    async with asyncio.timeout(within_s):
        while True:
            if found := await condition():
                return found
            await asyncio.sleep(0.01)


async def server_events(answer: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    """Name and data of each server-sent event."""
    name = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that the answer is this problem, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == code, body
    assert body["title"]
    assert body["detail"].endswith((".", "!"))
    return body
