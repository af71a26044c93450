"""A receiver of webhooks and push messages: a real HTTP server that keeps what it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h11


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """What came in; `statuses` are the answers to come, then 200 for ever."""

    url: str
    came: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)
    statuses: list[int] = field(default_factory=list)

    async def next(self, *, within_s: float = 8) -> Received:
        """The next request."""
        return await asyncio.wait_for(self.came.get(), within_s)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A server on a free port of this machine."""
    found = Receiver("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = h11.Connection(h11.SERVER)
        head, body = None, b""
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                break
        if head is not None:
            headers = {name.decode(): value.decode() for name, value in head.headers}
            found.came.put_nowait(Received(head.target.decode(), headers, body))
            status = found.statuses.pop(0) if found.statuses else 200
            fields = "Location: http://127.0.0.1:9/\r\n" if status == 302 else ""
            writer.write(f"HTTP/1.1 {status} X\r\n{fields}Content-Length: 0\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
        await server.wait_closed()
