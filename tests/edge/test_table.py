"""What waits is bounded, who leaves is told about once, and the healthy pay for nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
import tracemalloc
from pathlib import Path

import pytest

from hustings import limits
from tests.edge.corridor import Counted
from tests.edge.hall import FRAME_BYTES, Hall, frame, numbers, read, read_to_end
from tests.edge.serving import make_certificate

MEMORY_BYTES = 4 * 1024  # of user space per parked listener


async def test_frames_that_wait_go_out_in_one_write(hall: Hall) -> None:
    early = await hall.join()
    calls = 0
    send = hall.table.lane[0]

    def counted(data: bytes) -> int:
        nonlocal calls
        calls += 1
        return send(data)

    hall.table.lane[0] = counted
    hall.table.send(frame(1))
    late = await hall.join(first=b"has 1")
    hall.table.send(frame(2))
    hall.table.send(frame(3))
    assert await read(late, 5 + 2 * FRAME_BYTES) == b"has 1" + frame(2) + frame(3)
    assert await read(early, 2 + 3 * FRAME_BYTES) == b"hi" + frame(1) + frame(2) + frame(3)
    assert calls == 1
    assert hall.metrics.get("hustings_edge_frames_total") == 3 + 2


async def test_what_has_waited_too_long_is_given_up(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BACKLOG_S", 0.05)
    clients = [await hall.join() for _ in range(3)]
    hall.table.send(frame(1))
    begun = hall.broadcaster.now()
    while hall.broadcaster.now() < begun + 0.1:  # an edge that has no time for its send loop
        assert hall.broadcaster.late_s <= hall.broadcaster.now() - begun + 0.01
    assert hall.broadcaster.late_s > 0.09
    hall.table.send(frame(2))
    for client in clients:
        assert await read(client, 2 + FRAME_BYTES) == b"hi" + frame(2)
    assert hall.metrics.get("hustings_edge_overrun_total") == 3
    assert hall.table.take_lost()
    assert not hall.table.take_lost()


async def test_a_guest_is_told_once_of_each(hall: Hall) -> None:
    guests = [Counted() for _ in range(4)]
    clients = [await hall.join(guest=guest) for guest in guests]
    assert [guest.told for guest in guests] == [["began"]] * 4
    hall.table.send(frame(1))
    for client in clients:
        await read(client, 2 + FRAME_BYTES)
    assert [guest.told for guest in guests] == [["began", "heard"]] * 4
    assert hall.table.lane == [one.send for one in hall.table.listeners]  # nothing special is left
    clients[0].close()
    guests[1].close()
    async with asyncio.timeout(5):
        while len(hall.table) > 2:
            await asyncio.sleep(0.01)
    guests[1].close()
    hall.table.end(b"bye")
    assert await read_to_end(clients[2]) == b"bye"
    for guest in guests:
        assert guest.told == ["began", "heard", "gone"]


async def test_holes_are_closed_and_nobody_loses_a_frame(hall: Hall) -> None:
    clients = [await hall.join() for _ in range(150)]
    for listener in hall.table.listeners[:140:2]:
        hall.table.drop(listener)
    hall.table.send(frame(0))  # with everybody behind a hole
    staying = [*clients[1:140:2], *clients[140:]]
    staying.append(await hall.join())
    assert len(hall.table.lane) == len(hall.table) == 81
    hall.table.send(frame(1))
    for client in staying[:-1]:
        assert await read(client, 2 + 2 * FRAME_BYTES) == b"hi" + frame(0) + frame(1)
    assert await read(staying[-1], 2 + FRAME_BYTES) == b"hi" + frame(1)
    hall.table.drop(hall.table.listeners[3])
    hall.table.send(frame(2))
    assert await read(staying[-1], FRAME_BYTES) == frame(2)


async def test_streams_may_be_ended_one_by_one(hall: Hall) -> None:
    clients = [await hall.join() for _ in range(20)]
    hall.table.part(b"bye", within_s=0.2)
    assert len(hall.table) == 20
    late = await hall.join()
    for client in clients:
        assert await read_to_end(client) == b"hibye"
    assert len(hall.table) == 1  # who came later has not been told
    hall.table.send(frame(0))
    await read(late, 2 + FRAME_BYTES)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("cadence", [1, 3, 6])
async def test_a_stalled_listener_lasts_as_long_at_any_cadence(
    tmp_path: Path, cadence: int, secure: bool
) -> None:
    tls = None
    if secure:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*make_certificate(tmp_path, "a"))
    async with contextlib.aclosing(Hall(cadence=cadence)) as hall:
        stalled = await hall.join(small=True, tls=tls)
        quick = await hall.join(tls=tls)
        assert await read(quick, 2) == b"hi"
        sent = 0
        while len(hall.table) == 2:
            await hall.send(sent)
            assert numbers(await read(quick, FRAME_BYTES)) == [sent]
            sent += 1
            assert sent * cadence < 5 * limits.LAG_CHUNKS
        skipped = hall.metrics.get("hustings_edge_skipped_total")
        assert limits.LAG_CHUNKS < skipped <= limits.LAG_CHUNKS + cadence
        assert hall.metrics.get("hustings_edge_listeners_dropped_total") == 1
        # Of what it was given every frame is whole, but for the one that was under way.
        data = await read_to_end(stalled)
        assert data[:2] == b"hi"
        assert numbers(data[2:]) == list(range(len(numbers(data[2:]))))


async def test_how_busy_the_loop_is(hall: Hall) -> None:
    clients = [await hall.join() for _ in range(5)]
    async with asyncio.timeout(10):
        n = 0
        while not (hall.broadcaster.busy and hall.broadcaster.bytes_per_s):
            hall.table.send(frame(n))
            for client in clients:
                await read(client, FRAME_BYTES)
            n += 1
    assert 0 < hall.broadcaster.busy < 1
    assert hall.broadcaster.bytes_per_s > 5 * FRAME_BYTES
    assert 0 < hall.broadcaster.late_s < 5


@pytest.mark.alone
async def test_a_parked_listener_weighs_little(hall: Hall) -> None:
    count = 500
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    clients = []
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(count):
            client = socket.create_connection(server.getsockname())
            clients.append(client.detach())
            parked, _ = server.accept()
            parked.setblocking(False)
            hall.table.add(parked, b"hi", Counted())
        hall.table.send(frame(0)[:1_500])
        async with asyncio.timeout(5):
            while hall.metrics.get("hustings_edge_frames_total") < count:
                await asyncio.sleep(0)
        gc.collect()
        weight = tracemalloc.get_traced_memory()[0] / count
    finally:
        tracemalloc.stop()
        server.close()
        for fd in clients:
            socket.close(fd)
    assert weight < MEMORY_BYTES / 2
    assert len(hall.poller) == count
