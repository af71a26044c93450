"""Debian's Firefox, driven by its own remote protocol (Marionette): no driver in between is needed.

A message is its length in decimal, a colon, and JSON: [0, number, command, parameters] there,
[1, number, error, result] back. The microphone is Firefox's own fake one, a tone of `TONE_HZ`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

FIREFOX: Final = "/usr/bin/firefox-esr"
TONE_HZ: Final = 1_000
START_S: Final = 30.0
_PREFERENCES: Final = {
    "marionette.port": 0,
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.navigator.audio.fake_frequency": TONE_HZ,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class Unloaded(Exception):
    """The page went while a script of ours ran in it."""


class Firefox:
    """One window. Scripts run in its page, as if they were the page's own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._number = 0

    async def goto(self, address: str) -> None:
        """Open a page and wait until it is loaded."""
        await self._command("WebDriver:Navigate", {"url": address})

    async def run(self, script: str, *arguments: Any) -> Any:
        """What the body of an async function returns; its arguments are in `given`."""
        wrapped = f"""const done = arguments[arguments.length - 1];
            const work = async (...given) => {{ {script} }};
            work(...arguments).then(done, (error) => done(String(error)));"""
        parameters = {"script": wrapped, "args": arguments, "sandbox": None, "newSandbox": False}
        return (await self._command("WebDriver:ExecuteAsyncScript", parameters))["value"]

    async def click(self, selector: str) -> None:
        """Press what the selector names."""
        await self.run("document.querySelector(given[0]).click()", selector)

    async def until(self, condition: str, *, seconds: float = 15.0) -> None:
        """Wait until an expression of the page is true, whatever page that is by then."""
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(Unloaded):
                    if await self.run(f"return Boolean({condition});"):
                        return
                await asyncio.sleep(0.05)

    async def _command(self, name: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        data = json.dumps([0, self._number, name, parameters]).encode()
        self._writer.write(b"%d:%b" % (len(data), data))
        kind, number, error, result = json.loads(await self._message())
        assert (kind, number) == (1, self._number)
        if error is not None and "unloaded" in error["message"]:
            raise Unloaded
        assert error is None, error
        return result

    async def _message(self) -> bytes:
        async with asyncio.timeout(60):
            length = await self._reader.readuntil(b":")
            return await self._reader.readexactly(int(length[:-1]))

    async def begin(self) -> None:
        """Greet, and make a session."""
        await self._message()
        await self._command("WebDriver:NewSession", {"capabilities": {}})
        await self._command("WebDriver:SetTimeouts", {"script": 50_000, "pageLoad": 30_000})


@asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[Firefox]:
    """A Firefox of its own, without a screen."""
    profile.mkdir(parents=True)
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in _PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    process = await asyncio.create_subprocess_exec(
        *(FIREFOX, "--headless", "--no-remote", "--marionette", "--profile", str(profile)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        reader, writer = await _connected(profile / "MarionetteActivePort")
        try:
            window = Firefox(reader, writer)
            await window.begin()
            yield window
        finally:
            writer.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        async with asyncio.timeout(START_S):
            await process.wait()


async def _connected(port: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(START_S):
        while True:
            with contextlib.suppress(OSError, ValueError):
                return await asyncio.open_connection("127.0.0.1", int(port.read_text()))
            await asyncio.sleep(0.1)
