"""The server keeps HTTP's rules and its own deadlines, whatever a visitor does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings import limits
from hustings.certificate import Certificate
from hustings.edge import poll
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import Reply
from hustings.errors import BadInput, LogAway
from tests.edge.house import head, request
from tests.edge.serving import Serving, make_certificate, name_of, serving, trusting

BIG = bytes(range(256)) * 8_000  # 2 MB


async def blocks() -> AsyncIterator[bytes]:
    for at in range(0, len(BIG), 100_000):
        await asyncio.sleep(0)
        yield BIG[at : at + 100_000]


async def later() -> Outcome:
    await asyncio.sleep(0.01)
    return Reply(body=b"later")


async def never() -> Outcome:
    await asyncio.Event().wait()
    return Reply()


def answer(asked: Request) -> Outcome:
    match asked.path:
        case "/big":
            return Reply(body=BIG)
        case "/stream":
            return Reply(stream=blocks(), length=len(BIG))  # type: ignore[arg-type]
        case "/short":
            return Reply(stream=blocks(), length=len(BIG) + 1)  # type: ignore[arg-type]
        case "/bad":
            raise BadInput("codec", expected="opus or aac", got="mp3")
        case "/away":
            raise LogAway("secret details")
        case "/bug":
            raise ZeroDivisionError("secret details")
        case "/later":
            return later()  # type: ignore[return-value]
        case "/never":
            return never()  # type: ignore[return-value]
    return Reply(body=asked.path.encode())


@pytest.fixture
async def s() -> AsyncIterator[Serving]:
    async with serving(answer) as running:
        yield running


@contextlib.asynccontextmanager
async def connection(
    s: Serving,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", s.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def body(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    status, fields = await head(reader)
    length = int(fields.get("content-length", "0"))
    return status, fields, await reader.readexactly(length)


async def test_one_connection_serves_many_requests(s: Serving) -> None:
    async with connection(s) as (reader, writer):
        for name in ("/a", "/later", "/stream", "/big", "/b"):
            writer.write(request(name))
            status, fields, data = await body(reader)
            assert status == 200
            assert "connection" not in fields
            assert data in (name.encode(), BIG, b"later")
    assert s.metrics.get("hustings_edge_accepted_total") == 1
    assert s.metrics.get("hustings_edge_requests_total") == 5


async def test_pipelined_requests_are_answered_in_order(s: Serving) -> None:
    names = ["/a", "/later", "/b", "/stream", "/c", "/big", "/d"] * 3
    async with connection(s) as (reader, writer):
        writer.write(b"".join(map(request, names)))
        answers = [(await body(reader))[2] for _ in names]
    expected = {"/later": b"later", "/stream": BIG, "/big": BIG}
    assert answers == [expected.get(name, name.encode()) for name in names]


async def test_pipelining_is_bounded(s: Serving) -> None:
    """While an answer is not taken, no further request is read."""
    async with connection(s) as (_, writer):
        for _ in range(200):
            writer.write(request("/big"))
        await asyncio.sleep(0.3)
        asked = s.metrics.get("hustings_edge_requests_total")
        assert asked < 5


async def test_head_has_the_fields_and_no_body(s: Serving) -> None:
    async with connection(s) as (reader, writer):
        for name in ("/stream", "/big"):
            writer.write(request(name, "HEAD"))
            status, fields = await head(reader)
            assert (status, fields["content-length"]) == (200, str(len(BIG)))
        writer.write(request("/a"))
        assert (await body(reader))[2] == b"/a"


async def test_close_and_http_1_0_end_the_connection(s: Serving) -> None:
    for text in (request("/a", fields={"Connection": "close"}), b"GET /a HTTP/1.0\r\n\r\n"):
        async with connection(s) as (reader, writer):
            writer.write(text)
            assert (await reader.read()).endswith(b"\r\n\r\n/a")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16385\r\n\r\nabc", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417),
        (b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /bad HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        (b"GET /away HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 503),
        (b"GET /bug HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 500),
    ],
)
async def test_refusals_are_problem_documents(s: Serving, text: bytes, status: int) -> None:
    async with connection(s) as (reader, writer):
        # A second request behind a refused one must never be answered.
        writer.write(text + request("/smuggled"))
        got, fields, data = await body(reader)
        assert await reader.read() == b""
    assert got == status
    assert fields["content-type"] == "application/problem+json"
    assert fields["cache-control"] == "no-store"
    document = json.loads(data)
    assert document["status"] == status
    assert b"secret" not in data
    assert b"Traceback" not in data


async def test_a_slow_head_ends_at_its_deadline(
    s: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEAD_S", 0.3)
    async with connection(s) as (reader, writer):
        began = asyncio.get_running_loop().time()
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n")

        async def drip() -> None:
            while True:
                writer.write(b"X: y\r\n")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        status, _, _ = await body(reader)
        assert status == 408
        assert asyncio.get_running_loop().time() - began < 2
        dripping.cancel()


async def test_an_idle_connection_is_closed(s: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEEP_ALIVE_S", 0.2)
    async with connection(s) as (reader, writer):
        writer.write(request("/a"))
        await body(reader)
        assert await reader.read() == b""


async def test_an_answer_nobody_takes_is_given_up(
    s: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRITE_S", 0.3)
    for name in ("/big", "/stream"):
        with socket.create_connection(("127.0.0.1", s.port)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            sock.sendall(request(name))
            async with asyncio.timeout(5):
                while len(s.server.poller) < 2:
                    await asyncio.sleep(0.01)
                while len(s.server.poller) > 1:
                    await asyncio.sleep(0.02)


async def test_a_source_that_pauses_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visitor takes what there is: the bound on a write must not fall on the source."""
    monkeypatch.setattr(limits, "WRITE_S", 0.2)

    async def pausing() -> AsyncIterator[bytes]:
        yield BIG  # more than the socket takes at once
        await asyncio.sleep(1.5)  # the sweep for deadlines comes round once a second
        yield b"end"

    def slow(asked: Request) -> Outcome:
        return Reply(stream=pausing(), length=len(BIG) + 3)  # type: ignore[arg-type]

    async with serving(slow) as s, connection(s) as (reader, writer):
        writer.write(request("/"))
        assert (await body(reader))[2] == BIG + b"end"


async def test_a_visitor_who_leaves_ends_the_work(s: Serving) -> None:
    async with connection(s) as (_, writer):
        writer.write(request("/never"))
        async with asyncio.timeout(5):
            while not s.metrics.get("hustings_edge_requests_total"):
                await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        while len(s.server.poller) > 1:
            await asyncio.sleep(0.01)


async def test_a_reset_in_mid_answer_harms_nobody(s: Serving) -> None:
    for name in ("/big", "/stream"):
        sock = socket.create_connection(("127.0.0.1", s.port))
        sock.setblocking(False)
        sock.sendall(request(name))
        await asyncio.get_running_loop().sock_recv(sock, 100)
        # RST instead of FIN
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    async with connection(s) as (reader, writer):
        writer.write(request("/a"))
        assert (await body(reader))[2] == b"/a"


async def test_a_stream_that_ends_early_is_cut_off(s: Serving) -> None:
    async with connection(s) as (reader, writer):
        writer.write(request("/short"))
        with pytest.raises(asyncio.IncompleteReadError):
            await body(reader)


async def test_without_descriptors_newcomers_are_told_so(
    s: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connection(s) as (reader, writer):
        writer.write(request("/a"))
        await body(reader)
        monkeypatch.setattr(s.server, "descriptors_max", 0)
        async with connection(s) as (refused, _):
            status, fields, data = await body(refused)
        assert (status, json.loads(data)["code"]) == (503, "full")
        assert int(fields["retry-after"]) > 0
        # Who is in stays in.
        writer.write(request("/b"))
        assert (await body(reader))[2] == b"/b"
    assert s.metrics.get("hustings_edge_turned_away_total") == 1


async def test_a_handed_over_socket_is_no_connection_any_more() -> None:
    taken: list[socket.socket] = []

    def take(asked: Request) -> Outcome:
        return Handover(lambda one: taken.append(one.hand_over()))

    async with serving(take) as s, connection(s) as (reader, writer):
        writer.write(request("/"))
        async with asyncio.timeout(5):
            while not taken:
                await asyncio.sleep(0.01)
        taken[0].send(b"hello")
        assert await reader.readexactly(5) == b"hello"
        s.server.poller.forget(taken[0].fileno())
        taken[0].close()


async def test_tls_serves_and_takes_a_new_certificate(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path, "old")
    certificate = Certificate(str(cert), str(key), setting="listen_tls_cert")
    async with serving(answer, certificate=certificate) as s:

        async def visit() -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", s.port, ssl=trusting())
            for name, expected in (("/big", BIG), ("/stream", BIG), ("/later", b"later")):
                writer.write(request(name))
                assert (await body(reader))[2] == expected
            der = writer.get_extra_info("ssl_object").getpeercert(True)
            writer.close()
            await writer.wait_closed()
            return name_of(der)

        assert await visit() == "old"
        assert not certificate.refresh()
        key.write_text("no key")
        assert not certificate.refresh()
        assert await visit() == "old"
        make_certificate(tmp_path, "new")
        assert certificate.refresh()
        assert await visit() == "new"


async def test_one_who_is_gone_before_the_handshake_harms_nobody(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path, "here")
    certificate = Certificate(str(cert), str(key), setting="listen_tls_cert")
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    async with serving(answer, certificate=certificate) as s:
        for first in (b"", b"\x16\x03\x01"):
            sock = socket.create_connection(("127.0.0.1", s.port))
            sock.send(first)
            # RST instead of FIN, while the connection waits to be accepted
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", s.port, ssl=trusting())
        writer.write(request("/a"))
        assert (await body(reader))[2] == b"/a"
        writer.close()
        await writer.wait_closed()
    assert failures == []


async def test_a_handshake_that_stalls_ends_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEAD_S", 0.3)
    certificate = Certificate(*map(str, make_certificate(tmp_path, "a")), setting="listen_tls_cert")
    async with serving(answer, certificate=certificate) as s, connection(s) as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
        assert await reader.read() == b""
        async with connection(s) as (plain, asking):
            asking.write(request("/"))
            with contextlib.suppress(ConnectionResetError):
                assert b"HTTP" not in await plain.read()


async def test_a_number_given_again_gets_no_old_event(s: Serving) -> None:
    """Events for a closed socket must not reach the one that was given its number."""
    got: list[str] = []

    class Who:
        def __init__(self, name: str) -> None:
            self.name = name

        def ready(self, mask: int) -> None:
            got.append(self.name)
            if self.name == "first":
                s.server.poller.forget(second.fileno())
                s.server.poller.watch(second.fileno(), poll.READ, Who("other"))

    first, to_first = socket.socketpair()
    second, to_second = socket.socketpair()
    with first, to_first, second, to_second:
        s.server.poller.watch(first.fileno(), poll.READ, Who("first"))
        s.server.poller.watch(second.fileno(), poll.READ, Who("second"))
        to_first.send(b"x")
        to_second.send(b"x")
        s.server.poller._ready()
        assert got in (["first"], ["second", "first"])
        for sock in (first, second):
            s.server.poller.forget(sock.fileno())
