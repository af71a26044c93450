"""Firefox without a screen, driven by WebDriver BiDi over a WebSocket of our own (RFC 6455).

async with firefox(folder) as page:
    await page.goto(address)
    title = await page.evaluate("document.title")
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = shutil.which("firefox-esr") or shutil.which("firefox")

_ADDRESS: Final = re.compile(rb"WebDriver BiDi listening on ws://([\d.]+):(\d+)")
_START_S: Final = 40.0
_TEXT: Final = 1
_PREFERENCES: Final = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}


class Page:
    """One tab."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._count = 0
        self._context = ""

    async def begin(self) -> None:
        """Open a session and take its tab."""
        await self._call("session.new", capabilities={})
        tree = await self._call("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def goto(self, address: str) -> None:
        """Load a page."""
        await self._call(
            "browsingContext.navigate", context=self._context, url=address, wait="complete"
        )

    async def evaluate(self, code: str) -> Any:
        """The value of an expression, or of its promise; what JSON can hold."""
        answer = await self._call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({code})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        value = answer["result"].get("value")
        return None if value is None else json.loads(value)

    async def click(self, selector: str) -> None:
        """Press an element with the mouse, as a person does."""
        where = await self.evaluate(
            f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        x, y = (round(at) for at in where)
        steps = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": steps}
        await self._call("input.performActions", context=self._context, actions=[mouse])

    async def until(self, condition: str, *, seconds: float = 15) -> None:
        """Wait until an expression is true."""
        async with asyncio.timeout(seconds):
            while not await self.evaluate(f"Boolean({condition})"):
                await asyncio.sleep(0.05)

    async def _call(self, method: str, **params: Any) -> Any:
        self._count += 1
        self._send(json.dumps({"id": self._count, "method": method, "params": params}).encode())
        await self._writer.drain()
        while True:
            message = json.loads(await self._receive())
            if message.get("id") == self._count:
                assert message["type"] == "success", message
                return message["result"]

    def _send(self, data: bytes) -> None:
        mask = os.urandom(4)
        size = len(data)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        assert size < 1 << 16
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self._writer.write(bytes([0x80 | _TEXT]) + length + mask + masked)

    async def _receive(self) -> bytes:
        """The next whole text message."""
        data = b""
        while True:
            first, second = await self._reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            part = await self._reader.readexactly(size)
            if first & 0x0F in (0, _TEXT):
                data += part
                if first & 0x80:
                    return data


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Page]:
    """A running Firefox with a profile of its own below `folder`."""
    assert PROGRAM is not None, "firefox-esr is needed"
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--headless", "--no-remote", "--profile", str(profile),
        "--remote-debugging-port", "0", "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
    )  # fmt: skip
    assert process.stderr is not None
    draining = None
    try:
        async with asyncio.timeout(_START_S):
            while not (found := _ADDRESS.search(await process.stderr.readline())):
                assert process.returncode is None, "Firefox has ended"
        draining = asyncio.create_task(_drain(process.stderr))
        reader, writer = await _connect(found[1].decode(), int(found[2]))
        page = Page(reader, writer)
        await page.begin()
        yield page
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if draining is not None:
            await draining


async def _connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 24)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /session HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket",
        "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "",
    ]  # fmt: skip
    writer.write("\r\n".join(lines).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head.split(b"\r\n")[0], head
    return reader, writer


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 16):
        pass
