"""Segments are immutable, made of logged chunks and logged gaps only, and waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hustings import limits
from hustings.chunk import Chunk
from hustings.clock import CHUNK_SAMPLES
from hustings.edge.past import Past
from hustings.edge.spool import Spool
from hustings.formats import fmp4
from hustings.formats.boxes import walk
from hustings.log.subjects import Kind
from hustings.space import event as e
from tests import programme, tones
from tests.edge.house import SPACE, House, numbers_in


def segment(codec: fmp4.Codec, *numbers: int) -> bytes:
    chunks = [programme.chunk(n) for n in numbers]
    return fmp4.segment(codec, [(c.n, c.opus if codec == "opus" else c.aac) for c in chunks])


async def piece(h: House, k: int, codec: str = "opus") -> bytes | int:
    answer = await h.get(f"/live/{SPACE}/{codec}/{k}.m4s")
    return answer.body if answer.status == 200 else answer.status


@pytest.mark.parametrize("codec", fmp4.CODECS)
async def test_segments_join_to_the_programme(h: House, codec: fmp4.Codec) -> None:
    await h.open_with(13)
    await h.until(lambda s: s["n"] == 12)
    init = await h.get(f"/live/{SPACE}/{codec}/init.mp4")
    answers = [await h.get(f"/live/{SPACE}/{codec}/{k}.m4s") for k in range(2)]
    for answer in (init, *answers):
        assert answer.fields["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.fields["access-control-allow-origin"] == "*"
        assert answer.fields["content-type"] == fmp4.mime(codec)
    assert answers[1].body == segment(codec, *range(6, 12))
    data = init.body + b"".join(a.body for a in answers)
    assert len(tones.decode_file(data, format="mp4")) == pytest.approx(12 * CHUNK_SAMPLES, abs=400)
    known = await h.get(f"/live/{SPACE}/{codec}/1.m4s", If_None_Match=answers[1].fields["etag"])
    assert (known.status, known.body) == (304, b"")


async def test_the_next_one_is_waited_for_and_farther_ones_are_not(h: House) -> None:
    await h.open_with(8)
    await h.until(lambda s: s["n"] == 7)
    waiting = asyncio.create_task(piece(h, 1))
    also = asyncio.create_task(piece(h, 1, "aac"))
    far = await h.get(f"/live/{SPACE}/opus/2.m4s")
    assert (far.status, far.fields["cache-control"]) == (404, "no-store")
    for n in range(8, 11):
        await h.chunk(n)
    assert not waiting.done()
    await h.chunk(11)
    assert await waiting == segment("opus", *range(6, 12))
    assert await also == segment("aac", *range(6, 12))


async def test_one_that_does_not_come_is_not_waited_for_long(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SEGMENT_WAIT_S", 0.2)
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    answer = await h.get(f"/live/{SPACE}/opus/0.m4s")
    assert (answer.status, answer.fields["cache-control"]) == (404, "no-store")


async def test_what_was_only_heard_live_never_settles(h: House) -> None:
    """A replaced stage's chunk is pushed, and not in the segment; a logged gap is left out."""
    await h.open_with(4)
    await h.until(lambda s: s["n"] == 3)
    stream = await h.push()
    await h.chunk(4, log=False)
    await h.chunk(5, epoch=2)
    for n in range(6, 20):
        if n not in range(10, 18):
            await h.chunk(n, epoch=2)
    heard = b""
    while 19 not in numbers_in(heard):
        heard += await stream.piece()
    assert numbers_in(heard) == list(range(1, 20))
    first = await piece(h, 0)
    assert isinstance(first, bytes)
    assert numbers_in(first) == [0, 1, 2, 3, 5]
    second = await piece(h, 1)
    assert isinstance(second, bytes)
    assert numbers_in(second) == [6, 7, 8, 9]
    # A segment that is all gap is a segment without sound, and just as immutable.
    third = await piece(h, 2)
    assert isinstance(third, bytes)
    assert [kind for kind, _ in walk(third)] == [b"styp"]


async def test_the_last_one_is_as_long_as_the_programme(h: House) -> None:
    await h.open_with(7)
    await h.until(lambda s: s["n"] == 6)
    waiting = asyncio.create_task(piece(h, 1))
    await h.chunk(7)
    await h.end(7)
    assert await waiting == segment("opus", 6, 7)
    assert await piece(h, 2) == 404


async def test_old_ones_come_from_the_log_once_and_then_from_the_spool(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RING_CHUNKS", 6)
    await h.schedule()
    await h.doors()
    for n in range(40):
        await h.chunk(n)
    await h.until(lambda s: s["n"] == 39)
    spool = h.folder / "data" / "edge-0" / SPACE
    assert not (spool / "1.chunks").exists()
    got = await asyncio.gather(*(piece(h, 1, codec) for codec in ("opus", "aac") * 5))
    assert set(got) == {segment("opus", *range(6, 12)), segment("aac", *range(6, 12))}
    assert (spool / "1.chunks").exists()
    monkeypatch.setattr(limits, "SEGMENTS_COUNT", 0)
    assert await piece(h, 2) == segment("opus", *range(12, 18))
    await h.log_server.stop()
    assert await piece(h, 1) == segment("opus", *range(6, 12))
    assert await piece(h, 3) == 503  # exists, and cannot be had now: never 404


async def test_a_chunk_in_the_log_that_cannot_be_read_ends_nothing(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a step back to an older version, for whoever asks for what lies behind the ring."""
    monkeypatch.setattr(limits, "RING_CHUNKS", 8)
    await h.open_with(3)
    await h.stage[0].append(SPACE, Kind.MIX, b"\x98", message_id="x")
    for n in range(3, 30):
        await h.chunk(n)
    await h.until(lambda s: s["n"] == 29)
    stream = await h.push("?from=0")
    data = b""
    while 29 not in numbers_in(data):
        data += await stream.piece()
    assert await piece(h, 0) in (segment("opus", *range(6)), 503)
    assert await piece(h, 2) == segment("opus", *range(12, 18))


async def test_the_log_is_asked_for_a_few_segments_at_a_time(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RING_CHUNKS", 6)
    await h.schedule()
    await h.doors()
    for n in range(60):
        await h.chunk(n)
    await h.until(lambda s: s["n"] == 59)
    now, most = 0, 0
    read = Past._read_log

    async def counted(self: Past, k: int) -> tuple[Chunk, ...]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await read(self, k)
        finally:
            now -= 1

    monkeypatch.setattr(Past, "_read_log", counted)
    got = await asyncio.gather(*(piece(h, k) for k in range(8)))
    assert got == [segment("opus", *range(6 * k, 6 * k + 6)) for k in range(8)]
    assert 1 <= most <= 4


async def test_the_first_question_to_an_edge_is_answered_truly(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows nothing of the space yet, not even that the segment is older than what it reads."""
    monkeypatch.setattr(limits, "RING_CHUNKS", 6)
    monkeypatch.setattr(limits, "SEGMENT_WAIT_S", 0.3)
    await h.open_with(40)
    for k in (1, 5, 6, 9):
        edge = await h.start_edge(index=k)
        got = list(await asyncio.gather(piece(h, k), piece(h, k, "aac"), piece(h, k)))
        numbers = range(6 * k, 6 * k + 6)
        if k < 6:
            opus, aac = segment("opus", *numbers), segment("aac", *numbers)
            assert got == [opus, aac, opus]
        elif k == 9:
            assert got == [404, 404, 404]
        else:
            for n in range(40, 42):
                await h.chunk(n)
            assert await piece(h, k) == segment("opus", *numbers)
        await h.stop_edge(edge)


@pytest.mark.parametrize("name", ["x.m4s", "-1.m4s", "1.mp4", "0.m4s/", "1e3.m4s", ""])
async def test_other_names_are_no_segments(h: House, name: str) -> None:
    await h.open_with(1)
    assert (await h.get(f"/live/{SPACE}/opus/{name}")).status == 404


async def test_spool_is_bounded_and_survives(tmp_path: Path) -> None:
    chunks = tuple(programme.chunk(n) for n in range(6))
    spool = Spool(tmp_path / "s", bytes_max=60_000)
    for k in range(6):
        await spool.keep_chunks("abcd", k, chunks)
        assert await spool.chunks("abcd", 0) is not None  # used again and again
    assert spool.bytes <= 60_000
    assert await spool.chunks("abcd", 1) is None
    again = Spool(tmp_path / "s", bytes_max=60_000)
    assert again.bytes == spool.bytes == sum(f.stat().st_size for f in tmp_path.glob("s/*/*"))
    assert await again.chunks("abcd", 5) == chunks


async def test_spool_does_not_believe_a_torn_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    await spool.keep_chunks("abcd", 0, (programme.chunk(0),))
    path = tmp_path / "abcd" / "0.chunks"
    path.write_bytes(path.read_bytes()[:-9])
    (tmp_path / "abcd" / "7.chunks.new").write_bytes(b"half")
    (tmp_path / "abcd" / "state.json").write_bytes(b'{"id":')
    again = Spool(tmp_path)
    assert await again.chunks("abcd", 0) is None
    assert await again.state("abcd") is None
    assert not (tmp_path / "abcd" / "7.chunks.new").exists()


async def test_what_is_not_there_is_not_unchanged(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guessed ETag gets no answer that says "for ever" of something that does not exist."""
    monkeypatch.setattr(limits, "SEGMENT_WAIT_S", 0.1)
    await h.open_with(8)
    await h.until(lambda s: s["n"] == 7)
    for name, etag in (("9", '"9"'), ("1", "*"), ("p9", '"p9"'), ("p99", "*")):
        answer = await h.get(f"/live/{SPACE}/opus/{name}.m4s", If_None_Match=etag)
        assert (answer.status, answer.fields["cache-control"]) == (404, "no-store"), name
    for name, etag in (("0", '"0"'), ("p7", '"p7"'), ("p2", "*")):
        answer = await h.get(f"/live/{SPACE}/opus/{name}.m4s", If_None_Match=etag)
        assert answer.status == 304, name


async def test_what_is_read_while_it_is_withheld_is_at_hand_for_nobody(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RING_CHUNKS", 6)
    monkeypatch.setattr(limits, "SEGMENTS_COUNT", 2)
    await h.open_with(30)
    await h.until(lambda s: s["n"] == 29)
    await h.end(29)
    reading, go_on = asyncio.Event(), asyncio.Event()
    chunks = Spool.chunks

    async def slow(self: Spool, space: str, k: int) -> tuple[Chunk, ...] | None:
        reading.set()
        await go_on.wait()
        return await chunks(self, space, k)

    monkeypatch.setattr(Spool, "chunks", slow)
    asked = asyncio.create_task(h.get(f"/live/{SPACE}/opus/1.m4s"))
    await reading.wait()
    await h.event(e.Withheld(at_ms=9, by="web"))
    await h.until(lambda s: s["status"] == "withheld")
    go_on.set()
    await asked
    answer = await h.get(f"/live/{SPACE}/opus/1.m4s")
    assert (answer.status, answer.fields["cache-control"]) == (410, "no-store")
