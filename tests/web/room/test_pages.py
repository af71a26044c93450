"""Joining and taking a seat in a real browser: the policy lets it lead back, keys alone do it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import BrowserContext, expect

from tests.web.room.crowd import fragment, opened
from tests.web.running import Engines, studio

NARROW = {"width": 360, "height": 640}


@asynccontextmanager
async def listening() -> AsyncIterator[str]:
    """An origin that answers everything with a page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\nHere")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_guest_joins_and_takes_a_seat(
    tmp_path: Path, servers: Engines, context: BrowserContext
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with (
        listening() as listen,
        studio(folder, servers, listen_url=listen) as web,
        web.host() as host,
    ):
        space = await opened(host)
        page = await context.new_page()
        await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        await page.goto(f"{web.url}/s/{space}/join?for=hand")
        await page.get_by_label("Your name").fill("Noor")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= NARROW["width"]
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{listen}/s/{space}#*")
        token = await page.evaluate("new URLSearchParams(location.hash.slice(1)).get('talk')")
        assert await page.evaluate("document.referrer") == ""
        authorization = {"Authorization": f"Bearer {token}"}
        raised = await host.post(f"/api/spaces/{space}/hand", headers=authorization)
        person = raised.json()["person"]
        await host.post(f"/api/spaces/{space}/hands/{person}/invite")
        await page.goto(f"{web.url}/s/{space}/take?ticket={token}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "The host invites you to speak"
        )
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= NARROW["width"]
        await page.locator("#take").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{web.url}/s/{space}/stage")
        assert fragment(await host.post(f"/s/{space}/join"))["for"] == "chat"
