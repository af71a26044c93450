"""The send loop never waits for anybody, and what arrives is whole frames only."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from hustings import limits
from hustings.edge.broadcast import framed
from tests.edge.hall import FRAME_BYTES, Hall, frame, numbers, read, read_to_end
from tests.edge.serving import make_certificate


async def test_everybody_gets_every_frame(hall: Hall) -> None:
    clients = [await hall.join() for _ in range(50)]
    for n in range(20):
        hall.table.send(frame(n))
        for client in clients:
            lead = 2 if n == 0 else 0
            assert (await read(client, FRAME_BYTES + lead))[lead:] == frame(n)
    assert hall.metrics.get("hustings_edge_frames_total") == 50 * 20
    assert hall.metrics.get("hustings_edge_bytes_total") == 50 * 20 * FRAME_BYTES
    assert hall.metrics.get("hustings_edge_skipped_total") == 0


async def slow_then_live(hall: Hall, slow: socket.socket, quick: socket.socket) -> list[int]:
    """`slow` reads nothing of ten frames, then everything, and then five more come.

    The numbers of the frames that it got; `quick` must get every one.
    """
    assert await read(quick, 2) == b"hi"
    for n in range(10):
        await hall.send(n)
        assert numbers(await read(quick, FRAME_BYTES)) == [n]
    skipped = hall.metrics.get("hustings_edge_skipped_total")
    assert skipped > 3
    data = await read(slow, 2 + FRAME_BYTES)
    async with asyncio.timeout(10):
        # The frame that was cut is finished before anything else is sent.
        while any(listener.rest is not None for listener in hall.table.listeners):
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
                data += slow.recv(65_536)
            await asyncio.sleep(0)
    for n in range(10, 15):
        await hall.send(n)
        assert numbers(await read(quick, FRAME_BYTES)) == [n]
        while n not in numbers(data[2:]):
            data += await read(slow, FRAME_BYTES - (len(data) - 2) % FRAME_BYTES)
    assert hall.metrics.get("hustings_edge_skipped_total") == skipped
    assert len(data) == 2 + FRAME_BYTES * len(numbers(data[2:]))
    return numbers(data[2:])


async def test_a_slow_listener_is_skipped_and_rejoins_live(hall: Hall) -> None:
    slow, quick = await hall.join(small=True), await hall.join()
    seen = await slow_then_live(hall, slow, quick)
    assert seen[0] == 0
    assert seen[-5:] == [10, 11, 12, 13, 14]  # back at the live edge
    assert len(seen) < 12  # without what was skipped
    assert hall.metrics.get("hustings_edge_cut_total") > 0


async def test_a_stalled_listener_is_bounded_and_dropped(hall: Hall) -> None:
    await hall.join(small=True)
    quick = await hall.join()
    await read(quick, 2)
    for n in range(limits.LAG_CHUNKS + 4):
        await hall.send(n)
        await read(quick, FRAME_BYTES)
        for listener in hall.table.listeners:
            # Of what it does not take, one frame is kept, not one per chunk.
            assert listener.rest is None or len(listener.rest) <= FRAME_BYTES
    assert hall.metrics.get("hustings_edge_listeners_dropped_total") == 1
    assert len(hall.table) == 1
    assert hall.broadcaster.listeners == 1


async def test_under_tls_a_committed_frame_is_finished(hall: Hall, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make_certificate(tmp_path, "a"))
    slow, quick = await hall.join(small=True, tls=context), await hall.join(tls=context)
    seen = await slow_then_live(hall, slow, quick)
    assert seen[0] == 0
    assert seen == sorted(set(seen))
    assert seen[-5:] == [10, 11, 12, 13, 14]
    assert hall.metrics.get("hustings_edge_listeners_dropped_total") == 0


async def test_who_leaves_is_noticed_without_a_write(hall: Hall) -> None:
    client = await hall.join()
    client.close()
    async with asyncio.timeout(5):
        while len(hall.table):
            await asyncio.sleep(0.01)
    assert hall.broadcaster.listeners == 0


async def test_who_comes_during_a_broadcast_gets_the_next_frame_only(hall: Hall) -> None:
    early = await hall.join()
    hall.table.send(frame(1))
    late = await hall.join(first=b"has 1")
    hall.table.send(frame(2))
    assert await read(early, 2 + 2 * FRAME_BYTES) == b"hi" + frame(1) + frame(2)
    assert await read(late, 5 + FRAME_BYTES) == b"has 1" + frame(2)


async def test_between_cohorts_others_have_their_turn(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COHORT_COUNT", 10)
    for _ in range(60):
        await hall.join()
    turns = 0
    hall.table.send(frame(0))
    while hall.metrics.get("hustings_edge_frames_total") < 60:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 5


async def test_the_end_comes_after_what_is_under_way(hall: Hall) -> None:
    slow, quick = await hall.join(small=True), await hall.join()
    for n in range(3):
        hall.table.send(frame(n))
    hall.table.end(b"bye")
    assert await read_to_end(quick) == b"hi" + frame(0) + frame(1) + frame(2) + b"bye"
    data = await read_to_end(slow)
    assert data.startswith(b"hi" + frame(0))
    assert data.endswith(b"bye")
    assert numbers(data[2:-3])[0] == 0
    # Who comes too late is told so at once.
    assert await read_to_end(await hall.join(first=b"head")) == b"headbye"
    assert len(hall.table) == 0


async def test_the_end_does_not_wait_for_a_stalled_listener(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PARTING_S", 0.2)
    await hall.join(small=True)
    for n in range(3):
        hall.table.send(frame(n))
    hall.table.end(b"bye")
    async with asyncio.timeout(3):
        while len(hall.table):
            await asyncio.sleep(0.01)


async def test_state_that_was_missed_is_healed(hall: Hall) -> None:
    hall.table.rejoin = lambda: b"state"
    slow = await hall.join(small=True)
    for n in range(6):
        await hall.send(n)
        await asyncio.sleep(0.01)
    data = await read(slow, 2 + FRAME_BYTES + 5)
    assert data == b"hi" + frame(0) + b"state"


def test_a_chunk_of_a_chunked_body() -> None:
    assert framed(b"x" * 20) == b"14\r\n" + b"x" * 20 + b"\r\n"
