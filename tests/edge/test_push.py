"""Listeners hear the programme: in order, without holes, from where they asked, to its true end."""

from __future__ import annotations

import asyncio
import socket

import numpy as np
import pytest

from hustings import limits
from hustings.chunk import decode_time_opus
from hustings.clock import CHUNK_SAMPLES
from hustings.formats import fmp4
from hustings.formats.boxes import walk
from hustings.space import event as e
from tests import programme, tones
from tests.edge.house import SPACE, House, Stream, events_in, head, numbers_in, request

BURST = limits.BURST_CHUNKS


async def upto(stream: Stream, n: int) -> bytes:
    """The stream up to chunk `n`, dechunked."""
    data = b""
    while n not in numbers_in(data):
        data += await stream.piece()
    return data


async def test_header_burst_and_then_a_write_per_chunk(h: House) -> None:
    await h.open_with(6)
    await h.until(lambda s: s["n"] == 5)
    stream = await h.push()
    assert stream.status == 200
    assert stream.fields["content-type"] == 'audio/mp4; codecs="opus"'
    assert stream.fields["cache-control"] == "no-store"
    assert stream.fields["access-control-allow-origin"] == "*"
    first = await stream.piece()
    assert first.startswith(fmp4.init_segment("opus"))
    assert numbers_in(first) == [3, 4, 5]
    assert [e["type"] for e in events_in(first)] == ["status", "seats", "listening", "room"]
    for n in (6, 7):
        one = await h.chunk(n)
        piece = await stream.piece()
        assert piece.endswith(fmp4.fragment("opus", n, one.opus))
        assert numbers_in(piece) == [n]


@pytest.mark.parametrize("codec", fmp4.CODECS)
async def test_what_is_pushed_decodes_to_the_programme(h: House, codec: str) -> None:
    await h.open_with(4)
    await h.until(lambda s: s["n"] == 3)
    stream = await h.push(f"?codec={codec}")
    for n in range(4, 14):
        await h.chunk(n)
    data = await upto(stream, 13)
    assert numbers_in(data) == list(range(1, 14))
    pcm = tones.decode_file(data, format="mp4")
    skipped = 13 * CHUNK_SAMPLES - len(pcm)
    start = (decode_time_opus(1) if codec == "opus" else CHUNK_SAMPLES) + skipped
    assert abs(programme.place(pcm[4_800:]) - (start + 4_800)) <= 96  # 2 ms


async def test_plain_stream_is_adts_with_a_name(h: House) -> None:
    await h.open_with(4)
    await h.until(lambda s: s["n"] == 3)
    stream = await h.open(f"/live/{SPACE}/listen.aac")
    assert stream.fields["content-type"] == "audio/aac"
    assert stream.fields["icy-name"] == "Evening <talk>"
    assert "transfer-encoding" not in stream.fields
    for n in range(4, 8):
        await h.chunk(n)
    await h.end(7)
    data = await stream.reader.read()
    pcm = tones.decode_file(data, format="aac")
    assert len(pcm) == 8 * CHUNK_SAMPLES  # the burst is all there was
    assert abs(programme.place(pcm[4_800:]) - 4_800) <= 96


async def test_ogg_stream_has_a_name_and_programme_time(h: House) -> None:
    await h.open_with(4)
    await h.until(lambda s: s["n"] == 3)
    address = f"/live/{SPACE}/listen.ogg"
    told = await h.get(address, method="HEAD")
    stream = await h.open(address)
    for fields in (told.fields, stream.fields):
        assert fields["content-type"] == "audio/ogg; codecs=opus"
        assert fields["icy-name"] == "Evening <talk>"
        assert fields["icy-br"] == "32"
        assert "transfer-encoding" not in fields
    for n in (4, 5, 7):
        await h.chunk(n)
    await h.end(7)
    pcm = tones.decode_file(await stream.reader.read(), format="ogg")
    # The pre-skip is cut off, chunk 6 is silence.
    assert len(pcm) == 8 * CHUNK_SAMPLES - 312
    spoken = pcm[4_800 : 5 * CHUNK_SAMPLES]
    assert abs(programme.place(spoken) - (decode_time_opus(0) + 312 + 4_800)) <= 96
    middle = 6 * CHUNK_SAMPLES + CHUNK_SAMPLES // 2
    assert tones.level_dbfs(pcm[middle : middle + 4_000]) < -50


async def test_a_slower_cadence_is_a_wish(h: House) -> None:
    await h.open_with(5)
    await h.until(lambda s: s["n"] == 4)
    stream = await h.push("?cadence=960")
    assert stream.fields["x-cadence-ms"] == "960"
    assert "X-Cadence-Ms" in stream.fields["access-control-expose-headers"]
    assert numbers_in(await stream.piece()) == [0, 1, 2]
    await h.chunk(5)
    assert numbers_in(await stream.piece()) == [3, 4, 5]
    assert (await h.get(f"/live/{SPACE}/push?cadence=500")).status == 400


@pytest.mark.parametrize(
    "name", ["push?codec=opus&from=320", "push?codec=aac&cadence=960", "listen.aac", "listen.ogg"]
)
async def test_ffmpeg_plays_the_address(h: House, name: str) -> None:
    await h.open_with(8)
    await h.until(lambda s: s["n"] == 7)
    player = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-v", "error", "-i", f"http://127.0.0.1:{h.port}/live/{SPACE}/{name}"),
        *("-t", "1.5", "-ac", "1", "-ar", "48000", "-f", "f32le", "pipe:1"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )

    async def feed() -> None:
        for n in range(8, 30):
            await h.chunk(n)
            await asyncio.sleep(0.05)

    async with asyncio.timeout(20):
        (out, errors), _ = await asyncio.gather(player.communicate(), feed())
    assert player.returncode == 0, errors
    assert tones.level_dbfs(np.frombuffer(out, "<f4")[9_600:]) > -20


async def test_resume_has_no_gap_and_no_doublet(h: House) -> None:
    """From the ring: a listener whose connection broke continues where its buffer ends."""
    await h.open_with(20)
    await h.until(lambda s: s["n"] == 19)
    stream = await h.push()
    data = await stream.piece()
    await stream.close()
    for n in range(20, 30):
        await h.chunk(n)
    end_ms = (decode_time_opus(20) * 1000) // 48_000
    again = await h.push(f"?from={end_ms}")
    resumed = await upto(again, 29)
    assert numbers_in(data) + numbers_in(resumed) == list(range(17, 30))
    await h.chunk(30)
    live = await upto(again, 30)
    assert numbers_in(live) == [30]
    # What happened meanwhile was told to the others: this one is told how things are now.
    assert [told["type"] for told in events_in(live)] == ["status", "seats", "listening", "room"]


@pytest.mark.parametrize(
    ("from_ms", "first"), [(0, 0), (319, 1), (317, 0), (320, 1), (640 * 1000, None)]
)
async def test_resume_begins_at_that_time_exactly(
    h: House, from_ms: int, first: int | None
) -> None:
    await h.open_with(5)
    await h.until(lambda s: s["n"] == 4)
    stream = await h.push(f"?from={from_ms}")
    await asyncio.sleep(0.05)
    await h.chunk(5)
    data = await upto(stream, 5)
    # A time that lies ahead is the live edge.
    assert numbers_in(data) == ([5] if first is None else list(range(first, 6)))


async def test_resume_reaches_behind_the_ring(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From spool and log, with the hole that the log has filled with silence."""
    monkeypatch.setattr(limits, "RING_CHUNKS", 8)
    await h.schedule()
    await h.doors()
    for n in range(30):
        if n != 9:
            await h.chunk(n)
    await h.until(lambda s: s["n"] == 29)
    stream = await h.push("?from=640")
    data = await upto(stream, 29)
    assert numbers_in(data) == list(range(2, 30))
    fragments = [body for kind, body in walk(data) if kind == b"mdat"]
    assert fragments[7] == b"".join([b"\xf8\xff\xfe"] * 16)
    await h.chunk(30)
    assert numbers_in(await upto(stream, 30)) == [30]


async def test_a_missing_chunk_is_silence_of_its_length(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    stream = await h.push()
    plain = await h.open(f"/live/{SPACE}/listen.aac")
    await h.chunk(4)
    await h.chunk(5)
    data = await upto(stream, 5)
    assert numbers_in(data) == [0, 1, 2, 3, 4, 5]
    pcm = tones.decode_file(data, format="mp4")
    # Three chunks in: the silence stands at its place for half a chunk at least.
    middle = 3 * CHUNK_SAMPLES + CHUNK_SAMPLES // 2
    assert tones.level_dbfs(pcm[middle : middle + 4_000]) < -50
    assert tones.level_dbfs(pcm[middle + CHUNK_SAMPLES : middle + CHUNK_SAMPLES + 4_000]) > -20
    await h.end(5)
    assert len(tones.decode_file(await plain.reader.read(), format="aac")) == 6 * CHUNK_SAMPLES


async def test_an_overdue_chunk_is_filled_without_a_later_one(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    stream = await h.push()
    await stream.piece()
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(5):
        assert numbers_in(await stream.piece()) == [2]
        waited = asyncio.get_running_loop().time() - began
        assert numbers_in(await stream.piece()) == [3]
    assert waited < (320 + limits.FILL_AFTER_MS) / 1000 + 0.2
    # The stage is back, further on: streams go on unbroken.
    await h.chunk(5, epoch=2)
    assert numbers_in(await upto(stream, 5))[-2:] == [4, 5]


async def test_a_replaced_stage_is_not_heard(h: House) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    stream = await h.push()
    await stream.piece()
    await h.chunk(2, epoch=7)
    zombie = await h.chunk(3, epoch=1, log=False)
    await h.chunk(3, epoch=7)
    await h.chunk(4, epoch=7)
    data = await upto(stream, 4)
    assert numbers_in(data) == [2, 3, 4]
    metrics = (await h.get("/metrics")).body.decode()
    assert "hustings_edge_chunks_refused_total 1" in metrics
    assert zombie.n == 3


async def test_the_log_makes_up_for_the_live_path(h: House) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    stream = await h.push()
    await stream.piece()
    # One after the other: the two paths know nothing of each other's order.
    data = b""
    for n, path in ((2, {"live": False}), (3, {"log": False}), (4, {})):
        await h.chunk(n, **path)
        data += await upto(stream, n)
    sound = [body for kind, body in walk(data) if kind == b"mdat"]
    assert sound == [b"".join(programme.chunk(n).opus) for n in (2, 3, 4)]


async def test_events_ride_with_the_next_chunk(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    stream = await h.push()
    await stream.piece()
    await h.go_live(3)
    await h.until(lambda s: s["live_n"] == 3)
    await h.chunk(3)
    told = events_in(await stream.piece())
    assert {"type": "status", "status": "live", "reason": "", "live_n": 3} in told


async def test_a_scheduled_space_lets_its_listeners_wait(h: House) -> None:
    await h.schedule()
    stream = await h.push()
    assert stream.status == 200
    assert await stream.piece() == fmp4.init_segment("opus")
    await h.doors()
    await h.until(lambda s: s["status"] == "doors")
    await h.chunk(0)
    piece = await stream.piece()
    assert numbers_in(piece) == [0]
    assert {e["type"] for e in events_in(piece)} >= {"status", "seats"}


async def test_after_the_end_it_is_gone(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    stream = await h.push()
    await h.chunk(3)
    await h.end(3)
    data = await stream.rest()  # to the last chunk of the body, a true end
    assert numbers_in(data) == [0, 1, 2, 3]
    assert await stream.reader.read() == b""
    for name in ("push", "listen.aac", "listen.ogg", "push?from=320"):
        answer = await h.get(f"/live/{SPACE}/{name}")
        assert (answer.status, answer.json()["code"]) == (410, "over")


async def test_a_stage_that_died_at_the_end_does_not_hold_listeners(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    stream = await h.push()
    await h.event(e.Ended(at_ms=9, by="web"))
    async with asyncio.timeout(4):
        assert numbers_in(await stream.rest())[:3] == [0, 1, 2]


async def test_http_1_0_gets_bare_bytes(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
    writer.write(f"GET /live/{SPACE}/push HTTP/1.0\r\n\r\n".encode())
    _, fields = await head(reader)
    assert "transfer-encoding" not in fields
    await h.chunk(3)
    await h.end(3)
    assert numbers_in(await reader.read()) == [0, 1, 2, 3]
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("query", "status"),
    [("?codec=mp3", 400), ("?from=abc", 400), ("?from=-1", 400), ("?from=" + "9" * 40, 400)],
)
async def test_wrong_wishes_are_refused(h: House, query: str, status: int) -> None:
    await h.open_with(1)
    answer = await h.get(f"/live/{SPACE}/push{query}")
    assert answer.status == status
    assert answer.fields["content-type"] == "application/problem+json"


async def test_head_tells_the_type(h: House) -> None:
    await h.open_with(1)
    answer = await h.get(f"/live/{SPACE}/push?codec=aac", method="HEAD")
    assert answer.status == 200
    assert answer.fields["content-type"] == 'audio/mp4; codecs="mp4a.40.2"'
    assert "content-length" not in answer.fields


@pytest.mark.alone
async def test_five_hundred_listeners_get_the_same_bytes(h: House) -> None:
    await h.open_with(4)
    await h.until(lambda s: s["n"] == 3)
    loop = asyncio.get_running_loop()
    socks: list[socket.socket] = []
    for _ in range(500):
        sock = socket.socket()
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", h.port))
        await loop.sock_sendall(sock, request(f"/live/{SPACE}/push"))
        socks.append(sock)
    await h.until(lambda s: s["listening"] == 500)
    bodies: list[bytes] = []
    for n in range(4, 10):
        await h.chunk(n)
    # An event may ride before the fragment; its sound ends the HTTP chunk in any case.
    last = b"".join(programme.chunk(9).opus) + b"\r\n"
    for sock in socks:
        data = b""
        async with asyncio.timeout(10):
            while not data.endswith(last):
                data += await loop.sock_recv(sock, 65_536)
        bodies.append(data.split(b"\r\n\r\n", 1)[1])
        sock.close()
    # Bursts differ by who was told which count; the sound does not.
    sounds = {tuple(b for k, b in walk(_dechunked(body)) if k == b"mdat") for body in bodies}
    assert len(sounds) == 1
    assert len(next(iter(sounds))) == 3 + 6
    first_live = fmp4.fragment("opus", 4, programme.chunk(4).opus)
    assert len({body.partition(first_live)[2] for body in bodies}) == 1


def _dechunked(body: bytes) -> bytes:
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        count = int(size, 16)
        out += body[:count]
        body = body[count + 2 :]
    return out
