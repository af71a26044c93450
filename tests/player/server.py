"""A small edge for the page's tests: the routes a page needs, and failures on request.

It keeps the programme's clock over its own restarts, as a real edge does. Everything a test wants
to be true stands in attributes: `door` is what door.json says, `quiet` keeps connections open
without sending, `refuse` answers push requests with that status, `ring` is how many chunks it
still has, `listening` how many push connections are open. `ticket` makes the space private: who
does not show it gets a page without state, and 401. The studio renews it as `ticket_next`. Files
in `missing` are not found once. `more` answers what this edge has no answer for: the crowd's side
(crowd.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from hustings import words
from hustings.clock import CHUNK_MS, chunk_at_ms
from hustings.formats import adts, fmp4
from hustings.limits import BURST_CHUNKS, RING_CHUNKS
from tests.player import programme

PLAYER: Final = Path(__file__).parents[2] / "src" / "hustings" / "player"
TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".html": "text/html",
    ".webmanifest": "application/manifest+json",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)

# Status, media type, body, and further lines of the head.
Answer = tuple[int, str, bytes, list[str]]
# What is asked: method, path, head, body.
More = Callable[[str, str, str, bytes], Answer | None]


class Edge:
    """Serves one space, "space00001"."""

    def __init__(self, folder: Path, *, first_n: int = 20) -> None:
        self.folder = folder
        self.first_n = first_n
        self.port = 0
        self.door: dict[str, Any] = {}
        self.quiet = False
        self.refuse = 0
        self.ring = RING_CHUNKS
        self.listening = 0
        self.door_status = 200
        self.missing: set[str] = set()
        self.assets = "/assets/0"
        self.words = words.load(words.ENGLISH)
        self.ticket = ""
        self.ticket_next = ""
        self.requests: list[str] = []
        self.more: More = lambda method, path, head, body: None
        self._began = time.monotonic()
        self._events: dict[int, list[dict[str, Any]]] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def n(self) -> int:
        """The newest chunk that is complete."""
        return self.first_n + int((time.monotonic() - self._began) * 1000) // CHUNK_MS

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/s/space00001"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Gone, as after kill -9: every connection breaks, the port refuses."""
        assert self._server is not None
        self._server.close()
        self.drop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def drop(self) -> None:
        """Break every connection there is."""
        for writer in self._writers:
            writer.transport.abort()

    def say(self, *items: dict[str, Any]) -> None:
        """Send events with the next chunk."""
        self._events.setdefault(self.n + 1, []).extend(items)

    def pushes(self) -> list[str]:
        """The push requests so far."""
        return [target for target in self.requests if "/push?" in target]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        lengths = [
            line for line in head.lower().split("\r\n") if line.startswith("content-length:")
        ]
        body = await reader.readexactly(int(lengths[0].split(":")[1]) if lengths else 0)
        self.requests.append(target)
        url = urlsplit(target)
        name = url.path.rsplit("/", 1)[-1]
        answer = self.more(method, url.path, head, body)
        if answer is not None:
            await self._write(writer, answer)
            return True
        if name == "renew":
            await self._write(writer, self._renewed(head))
            return True
        admitted = self._admitted(head, parse_qs(url.query))
        if url.path.startswith("/live/") and not admitted:
            await self._write(writer, (401, "text/plain", b"", []))
            return True
        if name == "push" and not self.refuse:
            self.listening += 1
            try:
                await self._push(writer, parse_qs(url.query))
            finally:
                self.listening -= 1
            return False
        if name == "listen.aac":
            await self._plain(writer)
            return False
        await self._write(writer, self._answer(url.path, head, admitted=admitted))
        return True

    async def _write(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        status, kind, body, more = answer
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
        writer.write("\r\n".join([*lines, *more, "", ""]).encode() + body)
        await writer.drain()

    def _admitted(self, head: str, query: dict[str, list[str]]) -> bool:
        if not self.ticket:
            return True
        shown = query.get("ticket", [""])[0]
        bearer = f"authorization: bearer {self.ticket}".lower()
        return shown == self.ticket or bearer in head.lower().split("\r\n")

    def _renewed(self, head: str) -> Answer:
        if not self._admitted(head, {}) or not self.ticket_next:
            return 401, "text/plain", b"", []
        self.ticket = self.ticket_next
        body = json.dumps({"ticket": self.ticket, "expires_in_s": 600}).encode()
        return 200, "application/json", body, []

    def _answer(self, path: str, head: str, *, admitted: bool) -> Answer:
        name = path.rsplit("/", 1)[-1]
        if path.startswith("/s/"):
            page = self._page("embed.html" if name == "embed" else "page.html", admitted=admitted)
            return 200, "text/html", page, [f"Content-Security-Policy: {POLICY}"]
        if path.startswith("/assets/"):
            file = PLAYER / path.split("/", 3)[3]
            if file.name in self.missing:
                self.missing.discard(file.name)
                return 404, "text/plain", b"", []
            return 200, TYPES[file.suffix], self._worded(file), []
        if path in ("/sw.js", "/manifest.webmanifest", "/offline.html"):
            file = PLAYER / name
            text = self._worded(file).decode().replace("{{assets}}", self.assets)
            return 200, TYPES[file.suffix], text.encode(), [f"Content-Security-Policy: {POLICY}"]
        if name == "door.json" and self.door_status == 200:
            return 200, "application/json", json.dumps(self.state()).encode(), []
        if name == "push":
            return self.refuse, "text/plain", b"", ["Retry-After: 1"]
        if name == "replay.m4a" and self.refuse:
            return self.refuse, "text/plain", b"", ["Retry-After: 1"]
        if name == "replay.m4a":
            return self._file(self.folder / name, head)
        return self.door_status if name == "door.json" else 404, "text/plain", b"", []

    def state(self) -> dict[str, Any]:
        sending = self.door["status"] in ("doors", "live", "held")
        moment = {"now_ms": time.time_ns() // 1_000_000, "n": self.n if sending else None}
        return self.door | moment

    def _page(self, template: str, *, admitted: bool) -> bytes:
        state = self.state() if admitted else None
        text = json.dumps(state).replace("<", "\\u003c")
        filled = {
            "{{assets}}": self.assets,
            "{{space}}": "space00001",
            "{{status}}": self.door["status"],
            "{{title}}": html.escape(self.door["title"]),
            "<!--hustings:head-->": "<title>Live</title>",
            "<!--hustings:state-->": f'<script type="application/json" id="door">{text}</script>',
        }
        page = self._worded(PLAYER / template).decode()
        for place, value in filled.items():
            page = page.replace(place, value)
        return page.encode()

    def _worded(self, file: Path) -> bytes:
        """A file in the language of this edge's pages."""
        if file.suffix in (".html", ".webmanifest"):
            return self.words.markup(file.read_text()).encode()
        if file.suffix == ".js":
            names = json.dumps({tag: words.load(tag).name for tag in words.languages()})
            return self.words.script(file.read_text().replace("{{languages}}", names)).encode()
        return file.read_bytes()

    @staticmethod
    def _file(file: Path, head: str) -> Answer:
        data = file.read_bytes()
        wanted = [line for line in head.split("\r\n") if line.lower().startswith("range: bytes=")]
        if not wanted:
            return 200, "audio/mp4", data, ["Accept-Ranges: bytes"]
        first, last = wanted[0].split("=")[1].split("-")
        start, end = int(first), min(int(last or len(data)), len(data) - 1)
        span = f"Content-Range: bytes {start}-{end}/{len(data)}"
        return 206, "audio/mp4", data[start : end + 1], ["Accept-Ranges: bytes", span]

    async def _chunks(self, writer: asyncio.StreamWriter, start: int) -> AsyncIterator[int]:
        n = start
        while not writer.is_closing():
            if n > self.n or self.quiet:
                await asyncio.sleep(0.01)
                continue
            yield n
            n += 1

    async def _push(self, writer: asyncio.StreamWriter, query: dict[str, list[str]]) -> None:
        codec: fmp4.Codec = "opus" if query["codec"] == ["opus"] else "aac"
        frames = programme.opus() if codec == "opus" else programme.aac()
        start = self.n - BURST_CHUNKS + 1
        if "from" in query:
            start = max(chunk_at_ms(int(query["from"][0])), self.n - self.ring + 1)
        fields = f"Content-Type: audio/mp4\r\nX-Cadence-Ms: {CHUNK_MS}\r\nConnection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode())
        writer.write(fmp4.init_segment(codec))
        async for n in self._chunks(writer, max(0, start)):
            items = self._events.get(n)
            events = json.dumps(items).encode() if items else None
            writer.write(fmp4.fragment(codec, n, frames[n % len(frames)], events=events))
            await writer.drain()

    async def _plain(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: audio/aac\r\nConnection: close\r\n\r\n")
        frames = programme.aac()
        async for n in self._chunks(writer, max(0, self.n - 60)):
            writer.write(adts.stream(frames[n % len(frames)]))
            await writer.drain()


def door(status: str, **more: Any) -> dict[str, Any]:
    """What a door says, with two on stage."""
    now_ms = time.time_ns() // 1_000_000
    on = status in ("live", "held", "doors")
    seats = [
        seat("ada", "Ada Obi", "host", connected=on),
        seat("ben", "Ben Calloway-Ferreira", "speaker", connected=on, muted=True),
    ]
    state = {
        "space": "space00001",
        "title": "What the river took, and who pays to give it back",
        "description": "Two neighbours of the Ahr valley on the flood and the five years since.\n\n"
        "Bring a question: the second half belongs to those who listen.",
        "language": "en",
        "host": "Ada Obi",
        "status": status,
        "reason": "",
        "starts_at_ms": now_ms,
        "now_ms": now_ms,
        "n": None,
        "live_n": 0 if status in ("live", "held", "ended", "posted") else None,
        "live_at_ms": now_ms - 23 * 60_000 if status in ("live", "held", "posted") else None,
        "seats": seats,
        "listening": 1284,
        "retry_ms": 500,
        "studio": "http://127.0.0.1:1",
        "replay": None,
    }
    return state | more


def seat(name_id: str, name: str, role: str, **more: bool) -> dict[str, Any]:
    marks = {"muted": False, "connected": False, "speaking": False, "hand": False}
    return {"id": name_id, "name": name, "role": role} | marks | more


def replay(seconds: float) -> dict[str, Any]:
    """The door's word on a recording."""
    base = "/live/space00001"
    return {
        "seconds": seconds,
        "m4a": f"{base}/replay.m4a",
        "opus": f"{base}/replay.opus",
        "receipt": f"{base}/receipt.json",
        "timeline": f"{base}/timeline.json",
        "stems": {"ada": f"{base}/stems/ada.opus", "ben": f"{base}/stems/ben.opus"},
        "revision": 1,
        "version": 0,
        "files": {
            "receipt.json": 3_000,
            "replay.m4a": 640_000,
            "replay.opus": 320_000,
            "stems/ada.opus": 120_000,
            "stems/ben.opus": 100_000,
            "timeline.json": 4_000,
        },
        "transcript_follows": False,
        "clips": [{"id": "k1", "title": "Who owns the river?", "at_ms": 12_160, "end_ms": 14_080}],
    }
