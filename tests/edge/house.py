"""An edge in this process against real NATS servers, a stage that feeds it, and a raw HTTP client.

async with house(tmp_path) as h:
    await h.schedule(); await h.doors()
    await h.chunk(0)
    answer = await h.get("/live/<space>/door.json")
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from hustings.chunk import Chunk, pack
from hustings.clock import CHUNK_SAMPLES
from hustings.config import Settings
from hustings.edge import service
from hustings.formats.boxes import walk
from hustings.keys import Keys
from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.log.server import NatsServer
from hustings.log.subjects import Kind
from hustings.role import Context
from hustings.space import Event, Role, encode
from hustings.space import event as e
from tests import programme
from tests.servers import connect_as, nats_servers

SPACE = "abcdefghij"


@dataclass
class Answer:
    """A whole answer. Field names are in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stream:
    """An endless answer, being read. `chunks` are the body's pieces, one per write of the edge."""

    status: int
    fields: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def piece(self) -> bytes:
        """The next chunk of a chunked body; empty at its true end."""
        size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
        data = await self.reader.readexactly(size + 2)
        return data[:-2]

    async def upto(self, wanted: Callable[[bytes], bool]) -> bytes:
        """All pieces joined, until they are as wanted."""
        data = b""
        while not wanted(data):
            data += await self.piece()
        return data

    async def rest(self) -> bytes:
        """All pieces to the true end."""
        data = b""
        while piece := await self.piece():
            data += piece
        return data

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@dataclass
class Edge:
    """A running edge."""

    port: int
    listener: socket.socket
    stopping: asyncio.Event
    hurry: asyncio.Event
    task: asyncio.Task[None]
    close: Callable[[], Any]

    async def stop(self) -> None:
        """As SIGINT does: nobody is waited for."""
        self.hurry.set()
        self.stopping.set()
        await self.task
        await self.close()


@dataclass
class House:
    """Servers, an edge, a stage and a web role."""

    folder: Path
    live_server: NatsServer
    log_server: NatsServer
    passwords: dict[str, str]
    stage: tuple[Log, Live]
    web: tuple[Log, Live]
    edges: list[Edge] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    space: str = SPACE
    count: int = 0

    @property
    def port(self) -> int:
        return self.edges[-1].port

    async def start_edge(self, **settings: Any) -> Edge:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        listener.setblocking(False)
        theirs = listener.dup()  # as a supervisor hands it down, and keeps its own
        theirs.setblocking(False)
        values = {
            "data": str(self.folder / "data"),
            "listen_url": "https://listen.example",
            "studio_url": "https://studio.example",
            **settings,
        }
        log, live, close = await connect_as(
            "edge", self.live_server, self.log_server, self.passwords
        )
        ready, stopping, hurry = asyncio.Event(), asyncio.Event(), asyncio.Event()
        context = Context(
            settings=Settings(**values),
            instance=f"edge-{len(self.edges)}-test",
            log=log,
            live=live,
            keys=Keys(self.folder / "keys"),
            listener=theirs,
            ready=ready.set,
            stopping=stopping,
            hurry=hurry,
        )
        task = asyncio.create_task(service.serve(context))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            listener.close()
            theirs.close()
            await close()
            task.result()
        edge = Edge(listener.getsockname()[1], listener, stopping, hurry, task, close)
        self.edges.append(edge)
        return edge

    async def stop_edge(self, edge: Edge) -> None:
        self.edges.remove(edge)
        await edge.stop()
        edge.listener.close()

    async def get(
        self, target: str, *, method: str = "GET", port: int | None = None, **fields: str
    ) -> Answer:
        """One request on a connection of its own. `range_="…"` becomes the field `Range`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.port)
        try:
            writer.write(request(target, method, fields))
            status, got = await head(reader)
            body = b""
            if method != "HEAD" and status not in (204, 304):
                length = got.get("content-length")
                body = await (reader.readexactly(int(length)) if length else reader.read())
            return Answer(status, got, body)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def open(self, target: str, *, port: int | None = None, **fields: str) -> Stream:
        """Begin to read an endless answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.port)
        writer.write(request(target, "GET", fields))
        status, got = await head(reader)
        stream = Stream(status, got, reader, writer)
        self.streams.append(stream)
        return stream

    async def push(self, query: str = "") -> Stream:
        return await self.open(f"/live/{self.space}/push{query}")

    async def door(self) -> Any:
        answer = await self.get(f"/live/{self.space}/door.json")
        assert answer.status == 200, answer
        return answer.json()

    async def event(self, event: Event, *, kind: Kind = Kind.EV) -> None:
        """Append an event, as web or stage would."""
        self.count += 1
        log = self.stage[0] if kind is Kind.OBS else self.web[0]
        number = subjects.message_id(self.space, kind, epoch=0, number=self.count)
        await log.append(self.space, kind, encode(event), message_id=number)

    async def schedule(self, **values: Any) -> None:
        await self.web[0].create(self.space)
        given = {"title": "Evening <talk>", "host": "Ada", "starts_at_ms": 1_900_000_000_000}
        await self.event(e.Scheduled(at_ms=1, by="web", **{**given, **values}))
        await self.event(e.SeatGranted(at_ms=2, by="web", seat="s1", name="Ada", role=Role.HOST))

    async def doors(self) -> None:
        await self.event(e.DoorsOpened(at_ms=3, by="web"))

    async def go_live(self, n: int) -> None:
        await self.event(e.WentLive(at_ms=4, by="web"))
        await self.event(e.OnAir(at_ms=4, n=n, live=True), kind=Kind.OBS)

    async def end(self, last_n: int) -> None:
        await self.event(e.Ended(at_ms=5, by="web"))
        await self.event(e.OnAir(at_ms=5, n=last_n + 1, live=False), kind=Kind.OBS)

    async def open_with(self, count: int) -> None:
        """Doors open, and the first `count` chunks made."""
        await self.schedule()
        await self.doors()
        for n in range(count):
            await self.chunk(n)

    async def chunk(
        self, n: int, *, epoch: int = 1, live: bool = True, log: bool = True, on_air: bool = True
    ) -> Chunk:
        """Make a chunk: publish it, and append it. It is hold sound if it is not `on_air`."""
        one = programme.chunk(n, epoch=epoch, live=on_air)
        if live:
            await self.stage[1].publish(subjects.live(self.space, "mix"), pack(one))
        if log:
            number = subjects.message_id(self.space, Kind.MIX, epoch=epoch, number=n)
            await self.stage[0].append(self.space, Kind.MIX, pack(one), message_id=number)
        return one

    async def until(self, true: Callable[[Any], bool]) -> Any:
        """The door's state, once it is as wanted."""
        async with asyncio.timeout(8):
            while True:
                state = await self.door()
                if true(state):
                    return state
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def house(folder: Path, *, edge: bool = True, **settings: Any) -> AsyncIterator[House]:
    """Servers and roles; one edge unless told otherwise. Everything is stopped at the end."""
    async with nats_servers(folder / "nats") as (live, log, passwords):
        stage_log, stage_live, close_stage = await connect_as("stage", live, log, passwords)
        web_log, web_live, close_web = await connect_as("web", live, log, passwords)
        h = House(folder, live, log, passwords, (stage_log, stage_live), (web_log, web_live))
        try:
            if edge:
                await h.start_edge(**settings)
            yield h
        finally:
            for stream in h.streams:
                await stream.close()
            for one in list(h.edges):
                await h.stop_edge(one)
            await close_web()
            await close_stage()


def request(target: str, method: str = "GET", fields: dict[str, str] | None = None) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: listen.example"]
    lines += [
        f"{name.strip('_').replace('_', '-')}: {value}" for name, value in (fields or {}).items()
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines[1:] if line)
    return int(lines[0].split(" ")[1]), {name.lower(): value for name, _, value in pairs}


def events_in(data: bytes) -> list[Any]:
    """All payloads in the `emsg` boxes of a stream that begins and ends with whole boxes."""
    told: list[Any] = []
    for kind, body in walk(data):
        if kind == b"emsg":
            told += msgspec.json.decode(body[24:].split(b"\0", 2)[2])
    return told


def numbers_in(data: bytes) -> list[int]:
    """The chunk numbers of all fragments of a push stream (Opus or AAC)."""
    numbers = []
    for kind, body in walk(data):
        if kind == b"moof":
            tfdt = dict(walk(dict(walk(body))[b"traf"]))[b"tfdt"]
            numbers.append(int.from_bytes(tfdt[4:12], "big") // CHUNK_SAMPLES)
    return numbers
