"""Connections: bodies, answers at hand, crowds that wait, and a server that leaves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hustings import limits
from hustings.certificate import Certificate
from hustings.edge.connection import Connection
from hustings.edge.head import Request
from hustings.edge.http import Handover, Outcome
from hustings.edge.reply import Edition, Reply
from tests.edge.house import head, request
from tests.edge.serving import Serving, make_certificate, serving, trusting

CHROMIUM = {
    "Connection": "keep-alive",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
}


class House:
    """Answers, counts what it was asked, and holds those who wait."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.held: list[Connection] = []
        self.edition = Edition(60)
        self.sound = b"sound"

    def __call__(self, asked: Request) -> Outcome:
        self.asked.append(asked)
        match asked.parts[0]:
            case "say":
                return Reply(body=asked.body)
            case "part":
                return Reply(body=self.sound, edition=self.edition)
            case "page":
                packed = asked.headers.get("accept-encoding", "")
                fields = (("Vary", "Accept-Encoding"),)
                return Reply(fields=fields, body=packed.encode(), edition=self.edition)
            case "wait":
                return Handover(self.hold)
        return Reply(status=404)

    def hold(self, connection: Connection) -> None:
        connection.wait(60, late=Reply(status=404))
        self.held.append(connection)


@contextlib.asynccontextmanager
async def house(**options: Any) -> AsyncIterator[tuple[Serving, House]]:
    answers = House()
    async with serving(answers, **options) as s:
        yield s, answers


@contextlib.asynccontextmanager
async def visitor(
    s: Serving, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", s.port, ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    status, fields = await head(reader)
    return status, fields, await reader.readexactly(int(fields.get("content-length", "0")))


def post(data: bytes, *fields: str) -> bytes:
    lines = ["POST /say HTTP/1.1", "Host: a", f"Content-Length: {len(data)}", *fields]
    return "\r\n".join((*lines, "", "")).encode() + data


def secured(folder: Path) -> Certificate:
    return Certificate(*map(str, make_certificate(folder, "a")), setting="listen_tls_cert")


async def test_bodies_come_whole_or_in_pieces() -> None:
    async with house() as (s, _), visitor(s) as (reader, writer):
        for data in (b"", b"x", bytes(range(256)), bytes(limits.BODY_BYTES)):
            writer.write(post(data))
            assert (await answer(reader))[2] == data
            for byte in post(data[:50]):
                writer.write(bytes((byte,)))
                await writer.drain()
            assert (await answer(reader))[2] == data[:50]
        writer.write(post(b"one") + post(b"two") + request("/part"))
        assert [(await answer(reader))[2] for _ in range(3)] == [b"one", b"two", b"sound"]


async def test_who_asks_whether_to_send_a_body_is_told() -> None:
    async with house() as (s, answers), visitor(s) as (reader, writer):
        text = post(b"hello", "Expect: 100-continue")
        writer.write(text[:-5])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert answers.asked == []
        writer.write(text[-5:])
        assert (await answer(reader))[2] == b"hello"
        # Who sends it at once is not told any more.
        writer.write(text)
        assert (await answer(reader))[0] == 200


@pytest.mark.parametrize("tls", [False, True])
async def test_what_was_answered_once_is_at_hand(tls: bool, tmp_path: Path) -> None:
    certificate = secured(tmp_path) if tls else None
    trust = trusting() if tls else None
    async with house(certificate=certificate) as (s, answers), visitor(s, tls=trust) as first:
        asked = request("/part", fields=CHROMIUM)
        got = []
        for _ in range(3):
            first[1].write(asked)
            got.append(await answer(first[0]))
        async with visitor(s, tls=trust) as (reader, writer):
            writer.write(asked)
            got.append(await answer(reader))
            assert len(answers.asked) == 1
            assert s.metrics.get("hustings_edge_requests_at_hand_total") == 3
            assert s.metrics.get("hustings_edge_requests_total") == 4
            for _, fields, _ in got:
                fields.pop("date")
            assert got == [got[0]] * 4
            # In pieces it is not recognised, and answered all the same.
            writer.write(asked[:40])
            await writer.drain()
            await asyncio.sleep(0.01)
            writer.write(asked[40:])
            assert (await answer(reader))[2] == b"sound"
            # A new edition is seen at once.
            answers.edition.over = True
            answers.edition, answers.sound = Edition(60), b"newer"
            writer.write(asked)
            assert (await answer(reader))[2] == b"newer"


async def test_a_conditional_request_is_read() -> None:
    async with house() as (s, answers), visitor(s) as (reader, writer):
        for fields in (CHROMIUM, {**CHROMIUM, "If-None-Match": '"1"'}, CHROMIUM):
            writer.write(request("/part", fields=fields))
            await answer(reader)
        writer.write(request("/part", "HEAD", CHROMIUM))
        assert (await head(reader))[1]["content-length"] == "5"
        writer.write(request("/part", fields={**CHROMIUM, "Connection": "close"}))
        assert (await answer(reader))[1]["connection"] == "close"
        assert len(answers.asked) == 4


async def test_each_coding_has_its_own_answer() -> None:
    async with house() as (s, answers), visitor(s) as (reader, writer):
        for _ in range(3):
            for coding in ("gzip", "br"):
                writer.write(request("/page", fields={"Accept-Encoding": coding}))
                assert (await answer(reader))[2] == coding.encode()
        assert len(answers.asked) == 2


async def test_an_answer_at_hand_that_is_not_taken_is_finished_later() -> None:
    big = bytes(1_500_000)
    async with house() as (s, answers), visitor(s) as (reader, writer):
        answers.sound = big
        writer.write(request("/part"))
        assert (await answer(reader))[2] == big
        writer.write(request("/part") + request("/say"))
        await asyncio.sleep(0.05)
        assert (await answer(reader))[2] == big
        assert (await answer(reader))[0] == 200


@pytest.mark.parametrize("tls", [False, True])
async def test_a_crowd_that_waits_is_let_go_and_asks_again(tls: bool, tmp_path: Path) -> None:
    certificate = secured(tmp_path) if tls else None
    async with house(certificate=certificate) as (s, answers), contextlib.AsyncExitStack() as stack:
        crowd = [
            await stack.enter_async_context(visitor(s, tls=trusting() if tls else None))
            for _ in range(40)
        ]
        for round_ in range(3):
            for i, (_, writer) in enumerate(crowd):
                # Some have asked for the next thing already.
                writer.write(request("/wait") + (post(b"%d" % i) if i % 4 == 0 else b""))
            async with asyncio.timeout(8):
                while len(answers.held) < len(crowd):
                    await asyncio.sleep(0.01)
            held, answers.held = answers.held, []
            given = Reply(body=b"part %d" % round_)
            for connection in held:
                connection.respond(given)
            for i, (reader, _) in enumerate(crowd):
                assert (await answer(reader))[2] == given.body
                if i % 4 == 0:
                    assert (await answer(reader))[2] == b"%d" % i


async def test_who_leaves_while_waiting_is_gone() -> None:
    async with house() as (s, answers):
        async with visitor(s) as (_, writer):
            writer.write(request("/wait"))
            async with asyncio.timeout(8):
                while not answers.held:
                    await asyncio.sleep(0.01)
        async with asyncio.timeout(8):
            while not answers.held[0].gone:
                await asyncio.sleep(0.01)
        answers.held[0].respond(Reply())
        assert len(s.server.addresses) == 0


async def test_all_who_come_at_once_are_let_in() -> None:
    async with house() as (s, _):
        socks = []
        for _ in range(500):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", s.port))
            socks.append(sock)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(20):
                for sock in socks:
                    await loop.sock_sendall(sock, request("/part"))
                for sock in socks:
                    assert (await loop.sock_recv(sock, 1_000)).endswith(b"sound")
            assert s.metrics.get("hustings_edge_accepted_total") == 500
        finally:
            for sock in socks:
                sock.close()


async def test_a_server_that_leaves_serves_those_inside_once_more_and_no_newcomers() -> None:
    """A program that keeps connections would else come back through one when it is told to go."""
    async with (
        house() as (s, h),
        visitor(s) as (resting, to_resting),
        visitor(s) as (waiting, to_waiting),
        visitor(s) as (reader, writer),
    ):
        to_resting.write(request("/part"))
        await answer(resting)
        to_waiting.write(request("/wait"))
        async with asyncio.timeout(5):
            while not h.held or s.metrics.get("hustings_edge_accepted_total") < 3:
                await asyncio.sleep(0.01)
        s.server.stop_accepting()
        assert await resting.read() == b""
        newcomer = asyncio.create_task(asyncio.open_connection("127.0.0.1", s.port))
        writer.write(request("/part"))
        h.held[0].respond(Reply(body=b"late"))
        for one, body in ((reader, b"sound"), (waiting, b"late")):
            _, fields, got = await answer(one)
            assert (got, fields["connection"]) == (body, "close")
            assert await one.read() == b""
        # The system takes the connection, for whoever accepts from that socket next.
        late, to_late = await newcomer
        to_late.write(request("/part"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await late.read(1)
        to_late.close()
        await to_late.wait_closed()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_session_is_resumed(version: ssl.TLSVersion, tmp_path: Path) -> None:
    """The second handshake of a visitor costs a fraction of the first, certificate or not."""
    certificate = secured(tmp_path)
    trust = trusting()
    trust.minimum_version = trust.maximum_version = version

    def visit(port: int, session: ssl.SSLSession | None) -> tuple[bool, ssl.SSLSession | None]:
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            trust.wrap_socket(plain, session=session) as sock,
        ):
            sock.sendall(request("/part", fields={"Connection": "close"}))
            while sock.recv(1_000):
                pass
            return bool(sock.session_reused), sock.session

    async with house(certificate=certificate) as (s, _):
        loop = asyncio.get_running_loop()
        reused, session = await loop.run_in_executor(None, visit, s.port, None)
        assert not reused
        make_certificate(tmp_path, "newer")
        assert certificate.refresh()
        reused, _ = await loop.run_in_executor(None, visit, s.port, session)
        assert reused


async def test_a_slow_visitor_is_seen_taking_a_long_answer_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL tells nothing of a write until all of it is taken."""
    monkeypatch.setattr(limits, "WRITE_S", 1.0)
    long = bytes(3_000_000)

    def answer_long(asked: Request) -> Outcome:
        return Reply(body=long)

    def visit(port: int) -> int:
        got = 0
        with socket.socket() as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
            plain.connect(("127.0.0.1", port))
            with trusting().wrap_socket(plain) as sock:
                sock.sendall(request("/"))
                while got < len(long) and (data := sock.recv(16_384)):
                    got += len(data)
                    time.sleep(0.02)
        return got

    async with serving(answer_long, certificate=secured(tmp_path)) as s:
        assert await asyncio.to_thread(visit, s.port) >= len(long)
