"""Frames of one, three and six chunks: whole, in order, with their events, wherever one joins."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hustings import limits
from hustings.edge.programme import CADENCES
from hustings.formats import fmp4
from hustings.formats.boxes import walk
from tests import programme, tones
from tests.edge.corridor import Corridor, corridor, pieces, received, to_the_end
from tests.edge.house import events_in, numbers_in

LAST_CHUNK = b"0\r\n\r\n"


def until(n: int) -> Callable[[bytes], bool]:
    """Wanted: a chunked body with chunk `n`."""
    return lambda body: n in numbers_in(b"".join(pieces(body)))


def writes(body: bytes) -> list[list[int]]:
    """The chunk numbers of each write of the edge."""
    return [numbers_in(piece) for piece in pieces(body)]


def times(data: bytes) -> list[tuple[int, list[str]]]:
    """For each `emsg`: the chunk as which it takes effect, and the types of what it tells."""
    found = []
    for kind, body in walk(data):
        if kind == b"emsg":
            n = int.from_bytes(body[8:16], "big") // 15_360
            types = [told["type"] for told in events_in(fmp4.event_message(n, _message(body)))]
            found.append((n, types))
    return found


def _message(body: bytes) -> bytes:
    return body[24:].split(b"\0", 2)[2]


@pytest.mark.parametrize(("cadence", "newest", "burst"), [
    (1, 20, [18, 19, 20]),
    (3, 20, [16, 17, 18, 19, 20]),
    (3, 19, [13, 14, 15, 16, 17]),
    (6, 20, [10, 11, 12, 13, 14, 15, 16, 17]),
    (6, 4, []),
])  # fmt: skip
async def test_a_burst_ends_where_a_frame_ends(
    tmp_path: Path, cadence: int, newest: int, burst: list[int]
) -> None:
    async with corridor(tmp_path, count=newest + 1) as c:
        client, data = await c.heard(f"cadence={cadence}")
        with client:
            c.put(*range(newest + 1, newest + 13))
            edge = (newest + 1) // cadence * cadence
            last = (newest + 13) // cadence * cadence - 1
            heard = writes(await received(client, until(last), data))
            assert heard[0] == burst
            assert [n for write in heard[1:] for n in write] == list(range(edge, last + 1))
            assert all(write[-1] % cadence == cadence - 1 for write in heard[1:])
            assert c.programme.listening_by_cadence()[cadence] == 1


@pytest.mark.parametrize("cadence", CADENCES)
async def test_a_frame_is_one_write_and_events_keep_their_time(
    tmp_path: Path, cadence: int
) -> None:
    async with corridor(tmp_path, count=12) as c:
        client, data = await c.heard(f"cadence={cadence}")
        with client:
            for n in range(12, 24):
                c.programme.tell([{"type": "listening", "count": n}])
                if n == 14:
                    c.programme.tell([{"type": "status", "status": "held"}])
                made = c.put(n)
                if n % cadence == cadence - 1:
                    data = await received(client, until(n), data)
            body = pieces(data)[1:]
            assert [len(numbers_in(piece)) for piece in body] == [cadence] * (12 // cadence)
            told = times(b"".join(body))
            assert [n for n, _ in told] == list(range(12, 24))
            assert dict(told)[14] == ["listening", "status"]
            assert body[-1].endswith(fmp4.fragment("opus", 23, made[0].opus))


@pytest.mark.parametrize("cadence", CADENCES)
@pytest.mark.parametrize("start", [0, 7, 16, 18, 19, 20])
async def test_resume_has_no_gap_and_no_doublet_at_any_cadence(
    tmp_path: Path, cadence: int, start: int
) -> None:
    async with corridor(tmp_path, count=20) as c:
        client = await c.come(f"cadence={cadence}&from={start * 320}")
        with client:
            data = await received(client, lambda data: b"\r\n\r\n" in data) if start < 18 else b""
            async with asyncio.timeout(5):
                while not c.guests:
                    await asyncio.sleep(0)
            for n in range(20, 36):
                c.put(n)
                await asyncio.sleep(0)
            data = await received(client, lambda d: until(35)(_body(d)), data)
            heard = [n for write in writes(_body(data)) for n in write]
            assert heard == list(range(start, 36))


@pytest.mark.parametrize("cadence", CADENCES)
async def test_a_time_that_lies_ahead_is_the_live_edge(tmp_path: Path, cadence: int) -> None:
    async with corridor(tmp_path, count=20) as c:
        client = await c.come(f"cadence={cadence}&from={24 * 320}")
        with client:
            data = await received(client, lambda d: b'"count":7' in d)
            c.put(*range(20, 36))
            data = await received(client, lambda d: until(35)(_body(d)), data)
            heard = [n for write in writes(_body(data)) for n in write]
            assert heard == list(range(20 // cadence * cadence, 36))


def _body(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("cadence", CADENCES)
async def test_the_last_frame_is_as_long_as_it_is(tmp_path: Path, cadence: int) -> None:
    async with corridor(tmp_path, count=12) as c:
        client, data = await c.heard(f"cadence={cadence}")
        with client:
            c.put(12, 13, 14, 15)
            c.programme.end(15)
            data = await to_the_end(client, data)
            assert data.endswith(LAST_CHUNK)
            heard = [n for write in writes(data) for n in write]
            assert heard[-4:] == [12, 13, 14, 15]
            assert len(heard) == len(set(heard))
            assert c.guests[0].told == ["began", "heard", "gone"]


async def test_a_missing_chunk_is_silence_in_its_frame(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=6) as c:
        client, data = await c.heard("cadence=3")
        with client:
            c.put(6, 8)
            data = await received(client, until(8), data)
            assert writes(data)[-1] == [6, 7, 8]
            sound = [body for kind, body in walk(pieces(data)[-1]) if kind == b"mdat"]
            assert sound[1] == b"\xf8\xff\xfe" * 16


@pytest.mark.parametrize("cadence", CADENCES)
async def test_one_who_stalls_is_dropped_after_the_same_time_at_any_cadence(
    tmp_path: Path, cadence: int
) -> None:
    async with corridor(tmp_path, count=6) as c:
        query = f"form=push-aac&cadence={cadence}"
        stalled, _ = await c.heard(query, small=True)
        quick, data = await c.heard(query)
        with stalled, quick:
            for n in range(6, 64):
                c.put(n)
                if n % cadence == cadence - 1:
                    data = await received(quick, until(n), data)
                if c.programme.listening == 1:
                    break
            metrics = c.serving.metrics
            assert metrics.get("hustings_edge_listeners_dropped_total") == 1
            skipped = metrics.get("hustings_edge_skipped_total")
            assert limits.LAG_CHUNKS < skipped <= limits.LAG_CHUNKS + cadence
            assert "gone" in c.guests[0].told
            assert c.guests[1].told == ["began", "heard"]
            # It comes back with where its buffer ends, and lacks nothing.
            again = await c.come(f"{query}&from={3 * 320}")
            with again:
                whole = await received(again, lambda d: until(n - n % cadence - 1)(_body(d)))
                heard = [i for write in writes(_body(whole)) for i in write]
                assert heard == list(range(3, heard[-1] + 1))


async def test_plain_players_get_what_they_gather_before_they_play(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=50) as c:
        for form, per_chunk in (("plain-aac", 2_700), ("plain-ogg", 1_400)):
            client = await c.come(f"form={form}")
            with client:
                data = await received(client, lambda d: len(_body(d)) >= limits.PLAIN_BURST_BYTES)
                assert len(_body(data)) < limits.PLAIN_BURST_BYTES + 2 * per_chunk


async def test_a_long_burst_on_a_slow_line_lacks_nothing(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=40) as c:
        client = await c.come("form=plain-aac", small=True)
        with client:
            async with asyncio.timeout(5):
                while not c.programme.chasing[1]:
                    await asyncio.sleep(0)
            c.put(*range(40, 44))  # while the burst is on its way
            assert c.guests[0].told == ["began"]
            c.programme.close()
            pcm = tones.decode_file(_body(await to_the_end(client)), format="aac")
            end = programme.place(pcm[4_800:]) - 4_800 + len(pcm)
            assert abs(end - 44 * 15_360) <= 96


async def test_http_1_0_has_cadences_as_well(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=9) as c:
        with await c.come("cadence=3", minor=0) as client:
            data = await received(client, lambda d: b"moof" in d)
            c.put(9, 10, 11, 12)
            c.programme.close()
            assert numbers_in(_body(await to_the_end(client, data))) == list(range(4, 13))


async def test_one_connection_may_be_ended_by_whoever_counts_it(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=50) as c:
        parked, _ = await c.heard("form=push-opus")
        chasing = await c.come("form=push-aac&from=0", small=True)
        with parked, chasing:
            async with asyncio.timeout(5):
                while not c.programme.chasing[1]:
                    await asyncio.sleep(0)
            for guest in c.guests:
                guest.close()
            async with asyncio.timeout(5):
                while c.programme.listening:
                    await asyncio.sleep(0)
            assert [guest.told for guest in c.guests] == [["began", "gone"], ["began", "gone"]]


async def test_before_it_leaves_an_edge_tells_all_to_move(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=14) as c:
        page, body = await c.heard("cadence=6")
        radios = [(await c.heard("form=plain-aac"))[0] for _ in range(10)]
        with page:
            c.programme.move(200)
            ended: list[float] = []
            loop = asyncio.get_running_loop()
            began = loop.time()

            async def listen(radio: socket.socket) -> None:
                with radio:
                    await to_the_end(radio)
                ended.append(loop.time() - began)

            await asyncio.gather(*map(listen, radios))
            assert max(ended) - min(ended) > 0.1  # not all at once
            assert await _told(c, page, body) == [{"type": "move", "within_ms": 200}]
            c.put(14, 15, 16, 17)  # and goes on until they have
            await received(page, until(17), body)
            late, body = await c.heard("")
            with late:
                assert {"type": "move", "within_ms": 200} in events_in(pieces(body)[0])
        async with asyncio.timeout(5):
            await c.broadcaster.emptied.wait()
        assert not c.programme.listening


async def _told(c: Corridor, client: socket.socket, body: bytes) -> list[Any]:
    data = await received(client, lambda d: b'"move"' in b"".join(pieces(d)[1:]), body)
    return events_in(pieces(data)[-1])
