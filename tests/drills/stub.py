"""An edge that does what a test tells it to, wrong things included, on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from hustings.edge.broadcast import LAST_CHUNK, framed
from hustings.formats import fmp4
from tests import programme

SPACE = "abcdefghij"


@dataclass
class Asked:
    """A request, and when it came. `index` counts requests for this name from 0."""

    name: str
    query: dict[str, str]
    body: Any
    at: float
    index: int


@dataclass
class Pipe:
    """The other side of a connection."""

    writer: asyncio.StreamWriter

    async def answer(self, status: int, document: Any, **fields: str) -> None:
        body = msgspec.json.encode(document)
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        await self.raw("\r\n".join((*lines, "", "")).encode() + body)

    async def endless(self, **fields: str) -> None:
        lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        await self.raw("\r\n".join((*lines, "", "")).encode())

    async def piece(self, data: bytes) -> None:
        await self.raw(framed(data))

    async def end(self) -> None:
        await self.raw(LAST_CHUNK)

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Answer = Callable[[Asked, Pipe], Awaitable[None]]


@dataclass
class Stub:
    """The edge. `asked` is everything that was asked of it."""

    answers: dict[str, Answer]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/s/{SPACE}"

    def named(self, name: str) -> list[Asked]:
        return [one for one in self.asked if one.name == name]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pipe = Pipe(writer)
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            while True:
                asked = await self._read(reader)
                await self.answers.get(asked.name, nothing)(asked, pipe)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the listener has left, or the test is over
        finally:
            self.serving.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        at = time.monotonic()
        lines = head.split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        target = urlsplit(lines[0].split(" ")[1])
        name = target.path.rsplit("/", 1)[1]
        query = {key: values[0] for key, values in parse_qs(target.query).items()}
        document = msgspec.json.decode(body) if body else None
        asked = Asked(name, query, document, at, len(self.named(name)))
        self.asked.append(asked)
        return asked


async def nothing(_: Asked, pipe: Pipe) -> None:
    await pipe.answer(404, {"code": "address"})


async def door(_: Asked, pipe: Pipe) -> None:
    await pipe.answer(200, {"space": SPACE, "status": "live", "n": 10})


@contextlib.asynccontextmanager
async def stub(**answers: Answer) -> AsyncIterator[Stub]:
    """A running one. `door` is `door.json`; the other names are the last of an address."""
    known = {"door.json": door, **answers}
    if "door" in answers:
        known["door.json"] = known.pop("door")
    one = Stub(known)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        for task in list(one.serving):
            task.cancel()
        await asyncio.gather(*one.serving)


def opening(codec: fmp4.Codec = "opus") -> bytes:
    return fmp4.init_segment(codec)


def sound(n: int, *, codec: fmp4.Codec = "opus", of: int | None = None, **more: Any) -> bytes:
    """Chunk `n`, with the sound of chunk `of`."""
    one = programme.chunk(n if of is None else of)
    return fmp4.fragment(codec, n, one.opus if codec == "opus" else one.aac, **more)


def burst(first: int, after: int, codec: fmp4.Codec = "opus") -> bytes:
    return opening(codec) + b"".join(sound(n, codec=codec) for n in range(first, after))


async def listen(pipe: Pipe, *, first: int, after: int, every_s: float = 0.02) -> None:
    """An endless answer that begins with a burst of three."""
    await pipe.endless()
    await pipe.piece(burst(first, first + 3))
    for n in range(first + 3, after):
        await asyncio.sleep(every_s)
        await pipe.piece(sound(n))
