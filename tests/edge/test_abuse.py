"""Who only wants to take room, takes a bounded part of it, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hustings import limits
from hustings.edge import http, poll
from hustings.edge.connection import Connection
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import Reply
from tests.edge.house import head, request
from tests.edge.serving import Serving, serving

HALF = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
BIG = bytes(4_000_000)


class Parked:
    """A listener: it owns its socket and closes it when the other side has left."""

    def __init__(self, s: socket.socket, poller: poll.Poller) -> None:
        self.sock = s
        self.poller = poller
        poller.change(s.fileno(), poll.GONE_ONLY, self)

    def ready(self, mask: int) -> None:
        self.close()

    def close(self) -> None:
        if self.sock.fileno() >= 0:
            self.poller.forget(self.sock.fileno())
            self.sock.close()


class House:
    """Answers at once, or parks; its server comes later."""

    def __init__(self) -> None:
        self.s: Serving | None = None
        self.asked: list[Request] = []
        self.parked: list[Parked] = []

    def __call__(self, asked: Request) -> Outcome:
        self.asked.append(asked)
        if asked.path == "/park":
            return Handover(self.park)
        if asked.path == "/big":
            return Reply(body=BIG)
        return Reply(body=asked.path.encode())

    def park(self, connection: Connection) -> None:
        assert self.s is not None
        one = Parked(connection.hand_over(), self.s.server.poller)
        self.parked.append(one)
        one.sock.send(b"sound")


@contextlib.asynccontextmanager
async def house(**options: Any) -> AsyncIterator[tuple[Serving, House]]:
    answers = House()
    async with serving(answers, **options) as s:
        answers.s = s
        try:
            yield s, answers
        finally:
            for one in answers.parked:
                one.close()


@contextlib.asynccontextmanager
async def visitors(
    s: Serving, count: int, *, source: str = "127.0.0.1"
) -> AsyncIterator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    """Connections from one address."""
    made: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        while len(made) < count:
            one = await asyncio.open_connection("127.0.0.1", s.port, local_addr=(source, 0))
            made.append(one)
        yield made
    finally:
        for _, writer in made:
            writer.close()
        for _, writer in made:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():
            await asyncio.sleep(0.01)


async def is_answered(s: Serving, *, source: str = "127.0.0.1") -> bool:
    async with visitors(s, 1, source=source) as [(reader, writer)]:
        writer.write(request("/healthy"))
        status, _ = await head(reader)
        return status == 200


def text(*fields: bytes, line: bytes = b"GET / HTTP/1.1") -> bytes:
    return b"\r\n".join((line, b"Host: a", *fields, b"", b""))


SHAPES = {
    "length and coding": text(b"Content-Length: 4", b"Transfer-Encoding: chunked"),
    "coding and length": text(b"Transfer-Encoding: chunked", b"Content-Length: 4"),
    "post with both": text(
        b"Content-Length: 4", b"Transfer-Encoding: chunked", line=b"POST / HTTP/1.1"
    ),
    "two lengths": text(b"Content-Length: 4", b"Content-Length: 0", line=b"POST / HTTP/1.1"),
    "equal lengths": text(b"Content-Length: 4", b"Content-Length: 4", line=b"POST / HTTP/1.1"),
    "list of lengths": text(b"Content-Length: 4, 4", line=b"POST / HTTP/1.1"),
    "length with a sign": text(b"Content-Length: +4", line=b"POST / HTTP/1.1"),
    "length with a minus": text(b"Content-Length: -1", line=b"POST / HTTP/1.1"),
    "length in hex": text(b"Content-Length: 0x4", line=b"POST / HTTP/1.1"),
    "length with an underscore": text(b"Content-Length: 1_0", line=b"POST / HTTP/1.1"),
    "length in other digits": text(b"Content-Length: \xc2\xb2", line=b"POST / HTTP/1.1"),
    "empty length": text(b"Content-Length:", line=b"POST / HTTP/1.1"),
    "coding in capitals": text(b"TRANSFER-ENCODING: CHUNKED"),
    "coding twice": text(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    "coding with a tab": text(b"Transfer-Encoding:\tchunked"),
    "coding with a blank before the colon": text(b"Transfer-Encoding : chunked"),
    "coding behind a folded line": text(b"X: y", b" Transfer-Encoding: chunked"),
    "folded length": text(b"Content-Length:", b" 4", line=b"POST / HTTP/1.1"),
    "first field folded": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "coding behind a bare LF": text(b"X: y\nTransfer-Encoding: chunked"),
    "coding behind a bare CR": text(b"X: y\rTransfer-Encoding: chunked"),
    "bare LF at the end": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF in the middle": b"GET / HTTP/1.1\r\nHost: a\n\r\n",
    "NUL in a name": text(b"X\x00: y"),
    "NUL in a value": text(b"X: y\x00"),
    "NUL in the target": text(line=b"GET /\x00 HTTP/1.1"),
    "encoded NUL": text(line=b"GET /%00 HTTP/1.1"),
    "encoded line end": text(line=b"GET /%0d%0aX HTTP/1.1"),
    "empty name": text(b": y"),
    "no colon": text(b"Transfer-Encoding"),
    "two hosts": text(b"Host: b"),
    "blank in the target": text(line=b"GET / /smuggled HTTP/1.1"),
    "tab in the line": text(line=b"GET\t/\tHTTP/1.1"),
    "vertical tab in a value": text(b"X: \x0by"),
    "version of one digit": text(line=b"GET / HTTP/1"),
    "version with a blank": text(line=b"GET / HTTP/ 1.1"),
    "version in small letters": text(line=b"GET / http/1.1"),
    "no version": b"GET /\r\n\r\n",
    "relative target": text(line=b"GET x HTTP/1.1"),
    "absolute target without a path that begins with /": text(line=b"GET ftp://a/ HTTP/1.1"),
    "fragment": text(line=b"GET /#x HTTP/1.1"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
async def test_what_two_readers_could_cut_differently_ends_the_connection(shape: bytes) -> None:
    async with house() as (s, answers), visitors(s, 1) as [(reader, writer)]:
        writer.write(shape + b"0\r\n\r\n" + request("/smuggled"))
        status, fields = await head(reader)
        assert status == 400
        assert fields["connection"] == "close"
        body = await reader.readexactly(int(fields["content-length"]))
        assert json.loads(body)["code"] == "head"
        assert await reader.read() == b""
        assert answers.asked == []


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"GET http://elsewhere/a HTTP/1.1", "/a"),
        (b"GET HTTP://user@elsewhere:1/a?b HTTP/1.1", "/a"),
        (b"GET http://elsewhere HTTP/1.1", "/"),
        (b"GET //elsewhere/a HTTP/1.1", "//elsewhere/a"),
    ],
)
async def test_the_whole_address_as_target_is_its_path(line: bytes, path: str) -> None:
    async with house() as (s, answers), visitors(s, 1) as [(reader, writer)]:
        writer.write(text(line=line))
        assert (await head(reader))[0] == 200
        assert [one.path for one in answers.asked] == [path]


async def test_a_body_is_never_read_as_a_request() -> None:
    inner = request("/smuggled")
    async with house() as (s, answers), visitors(s, 1) as [(reader, writer)]:
        for _ in range(2):
            length = b"Content-Length: %d" % len(inner)
            writer.write(text(length, line=b"POST /a HTTP/1.1") + inner)
            status, fields = await head(reader)
            assert (status, await reader.readexactly(int(fields["content-length"]))) == (200, b"/a")
    assert [(one.path, one.body) for one in answers.asked] == [("/a", inner)] * 2


async def test_one_address_cannot_take_all_connections() -> None:
    async with house(address_max=5) as (s, _), visitors(s, 5) as held:
        held[0][1].write(request("/park"))
        assert await held[0][0].readexactly(5) == b"sound"
        async with visitors(s, 1) as [(reader, _)]:
            status, fields = await head(reader)
            assert (status, fields["connection"]) == (503, "close")
            assert int(fields["retry-after"]) > 0
        assert s.metrics.get("hustings_edge_address_refused_total") == 1
        assert await is_answered(s, source="127.0.0.2")
        # A listener who was parked is counted as long as it stays, and no longer.
        held[0][1].close()
        await until(lambda: len(s.server.addresses) == 4)
        assert await is_answered(s)
    await until(lambda: len(s.server.addresses) == 0)


async def test_a_proxy_is_believed_and_not_bounded() -> None:
    trusted = ("127.0.0.2/31",)
    forwarded = {"X-Forwarded-For": "192.0.2.1, 198.51.100.7"}
    async with house(address_max=2, trusted=trusted) as (s, answers):
        async with visitors(s, 9, source="127.0.0.3") as held:
            for reader, writer in held:
                writer.write(request("/", fields=forwarded))
                assert (await head(reader))[0] == 200
        async with visitors(s, 1) as [(reader, writer)]:
            writer.write(request("/", fields=forwarded))
            assert (await head(reader))[0] == 200
    assert [one.address for one in answers.asked] == ["198.51.100.7"] * 9 + ["127.0.0.1"]


async def test_half_heads_are_bounded_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READING_COUNT", 20)
    async with house() as (s, _), visitors(s, 50) as crowd:
        for _, writer in crowd:
            writer.write(HALF)
        await until(lambda: s.metrics.get("hustings_edge_put_out_total") == 30)
        assert await is_answered(s)
        for reader, _ in crowd[:29]:
            assert await reader.read() == b""
        # One that comes in time is answered, crowd or not.
        reader, writer = crowd[-1]
        writer.write(b"y\r\n\r\n")
        assert (await head(reader))[0] == 200


async def test_without_descriptors_who_only_holds_a_place_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "_GRACE_S", 0.0)
    async with house() as (s, _):
        monkeypatch.setattr(s.server, "descriptors_max", limits.DESCRIPTORS_SPARE_COUNT + 30)
        async with visitors(s, 10) as parked, visitors(s, 10) as resting, visitors(s, 10) as slow:
            for reader, writer in parked:
                writer.write(request("/park"))
                assert await reader.readexactly(5) == b"sound"
            for reader, writer in resting:
                writer.write(request("/"))
                assert (await head(reader))[0] == 200
            for _, writer in slow:
                writer.write(HALF)
            await until(lambda: len(s.server.addresses) == 30)
            for _ in range(5):
                assert await is_answered(s)
            # Slowloris first, and of it no more than there were newcomers at one time.
            assert 0 < s.metrics.get("hustings_edge_put_out_total") <= 5
            async with contextlib.AsyncExitStack() as more:
                for _ in range(15):
                    [(reader, writer)] = await more.enter_async_context(visitors(s, 1))
                    writer.write(request("/"))
                    assert (await head(reader))[0] == 200
                # Slowloris goes first, then who rested longest; who listens stays.
                assert all(reader.at_eof() for reader, _ in slow)
                assert not any(reader.at_eof() for reader, _ in parked)
            assert s.metrics.get("hustings_edge_turned_away_total") == 0


async def test_those_who_listen_are_never_put_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_GRACE_S", 0.0)
    async with house() as (s, _):
        monkeypatch.setattr(s.server, "descriptors_max", limits.DESCRIPTORS_SPARE_COUNT + 10)
        async with visitors(s, 10) as parked:
            for reader, writer in parked:
                writer.write(request("/park"))
                assert await reader.readexactly(5) == b"sound"
            async with visitors(s, 1) as [(reader, _)]:
                assert (await head(reader))[0] == 503
            assert len(s.server.addresses) == 10
    assert s.metrics.get("hustings_edge_put_out_total") == 0


async def test_a_second_request_that_drips_has_no_longer_than_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "HEAD_S", 0.3)
    async with house() as (s, _), visitors(s, 1) as [(reader, writer)]:
        writer.write(request("/a"))
        await reader.readuntil(b"/a")
        began = asyncio.get_running_loop().time()
        for byte in HALF:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.02)
        assert (await head(reader))[0] == 408
        assert asyncio.get_running_loop().time() - began < limits.KEEP_ALIVE_S / 2


async def test_a_body_that_drips_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEAD_S", 0.3)
    async with house() as (s, answers), visitors(s, 1) as [(reader, writer)]:
        writer.write(text(b"Content-Length: 100", line=b"POST / HTTP/1.1") + b"x")
        assert (await head(reader))[0] == 408
        assert answers.asked == []


async def test_an_answer_taken_byte_by_byte_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not enough to take something now and then."""
    monkeypatch.setattr(limits, "WRITE_S", 0.5)
    monkeypatch.setattr(limits, "WRITE_BYTES", len(BIG))
    async with house() as (s, _):
        with socket.create_connection(("127.0.0.1", s.port)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            sock.sendall(request("/big"))
            sock.setblocking(False)
            await until(lambda: len(s.server.addresses) == 1)
            async with asyncio.timeout(8):
                while len(s.server.addresses):
                    with contextlib.suppress(BlockingIOError):
                        sock.recv(2_000)
                    await asyncio.sleep(0.02)


async def test_a_flood_of_requests_on_one_connection_keeps_nobody_waiting() -> None:
    async with house() as (s, _), visitors(s, 1) as [(reader, writer)]:
        writer.write(request("/flood") * 2_000)
        assert await is_answered(s)
        first = await reader.readuntil(b"/flood")
        await reader.readexactly(len(first) * 1_999)
