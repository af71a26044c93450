"""The playlists: what they list, when they come, and that players can play what they say."""

from __future__ import annotations

import asyncio
import gzip
import time
from pathlib import Path

import pytest

from hustings import limits
from hustings.clock import CHUNK_SAMPLES
from hustings.log.subjects import Kind
from hustings.space import event as e
from tests import programme
from tests.edge.house import SPACE, Answer, House, numbers_in
from tests.formats.validator import Listing, broken_promises, parse, problems
from tests.tones import decode_file

INDEX = f"/live/{SPACE}/index.m3u8"
DVR = f"/live/{SPACE}/dvr.m3u8"


async def listing(h: House, address: str = INDEX) -> Listing:
    """A playlist that is in order."""
    answer = await h.get(address)
    assert answer.status == 200, answer
    assert answer.fields["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.fields["access-control-allow-origin"] == "*"
    made = parse(answer.body.decode())
    assert problems(made) == []
    return made


async def begun(h: House, count: int) -> None:
    """A programme of so many chunks, live from the first, and all of them logged."""
    await h.schedule()
    await h.doors()
    await h.go_live(0)
    for n in range(count):
        await h.chunk(n)
    await logged(h, count - 1)


async def logged(h: House, n: int) -> None:
    """Wait until the edge has read chunk `n` in the log."""
    async with asyncio.timeout(8):
        while (await h.get(f"/live/{SPACE}/aac/p{n}.m4s")).status != 200:
            await asyncio.sleep(0.02)


def uris(made: Listing) -> list[str]:
    return [s.uri for s in made.segments] + [p.uri for p in made.rest]


async def test_it_lists_segments_parts_and_the_next_part(h: House) -> None:
    await begun(h, 27)
    made = await listing(h)
    assert (made.sequence, made.target, made.ended, made.kind) == (0, 2, False, "")
    assert [s.uri for s in made.segments] == [f"aac/{k}.m4s" for k in range(4)]
    assert [s.seconds for s in made.segments] == [1.92] * 4
    assert [len(s.parts) for s in made.segments] == [0, 6, 6, 6]
    assert [p.uri for p in made.rest] == [f"aac/p{n}.m4s" for n in (24, 25, 26)]
    assert made.hints == [{"TYPE": "PART", "URI": "aac/p27.m4s"}]
    # The doors opened 3 ms after the beginning of time: see `House.doors`.
    dates = [s.date.timestamp() for s in made.segments if s.date]
    assert dates == [pytest.approx(0.003 + 1.92 * k) for k in range(4)]
    for part in [p for s in made.segments for p in s.parts] + made.rest:
        answer = await h.get(f"/live/{SPACE}/{part.uri}")
        assert numbers_in(answer.body) == [int(part.uri[5:-4])]
        assert answer.fields["cache-control"] == "public, max-age=31536000, immutable"


async def test_the_window_is_a_minute_and_numbers_are_absolute(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PLAYLIST_SEGMENTS_COUNT", 8)
    await begun(h, 63)
    made = await listing(h)
    assert (made.sequence, made.last) == (2, 9)
    before = made
    # An edge that knows only the log's end has the same playlist: it reads what it lacks.
    monkeypatch.setattr(limits, "RING_CHUNKS", 9)
    await h.start_edge(index=1)
    await logged(h, 62)
    made = await listing(h)
    assert made == before


async def test_a_reload_is_held_until_the_part_is_logged(h: House) -> None:
    await begun(h, 8)
    waiting = asyncio.create_task(h.get(f"{INDEX}?_HLS_msn=1&_HLS_part=2"))
    whole = asyncio.create_task(h.get(f"{INDEX}?_HLS_msn=1"))
    overflow = asyncio.create_task(h.get(f"{INDEX}?_HLS_msn=1&_HLS_part=6"))
    await h.chunk(8, log=False)  # what only the live path brings is nothing to list
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await h.chunk(8)
    made = parse((await waiting).body.decode())
    assert problems(made) == []
    assert uris(made)[-1] == "aac/p8.m4s"
    for n in range(9, 12):
        assert not whole.done()
        await h.chunk(n)
    assert uris(parse((await whole).body.decode()))[-1] == "aac/1.m4s"
    assert not overflow.done()
    await h.chunk(12)
    assert uris(parse((await overflow).body.decode()))[-1] == "aac/p12.m4s"
    assert (await overflow).fields["cache-control"] == "public, max-age=12"
    # What is there already is not waited for.
    assert uris(await listing(h, f"{INDEX}?_HLS_msn=0&_HLS_part=3"))[-1] == "aac/p12.m4s"
    assert (await h.get(INDEX)).fields["cache-control"] == "public, max-age=1"


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_msn=4",
        "_HLS_msn=9&_HLS_part=0",
        "_HLS_msn=2&_HLS_part=5",
        "_HLS_part=1",
        "_HLS_msn=x",
        "_HLS_msn=-1",
        "_HLS_msn=1&_HLS_part=99999999999",
    ],
)
async def test_what_lies_too_far_ahead_is_refused(h: House, query: str) -> None:
    await begun(h, 8)
    answer = await h.get(f"{INDEX}?{query}")
    assert (answer.status, answer.fields["cache-control"]) == (400, "no-store")


async def test_a_reload_is_not_held_for_ever(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEGMENT_WAIT_S", 0.2)
    await begun(h, 8)
    answer = await h.get(f"{INDEX}?_HLS_msn=1&_HLS_part=2")
    assert (answer.status, answer.fields["cache-control"]) == (503, "no-store")
    assert "retry-after" in answer.fields


async def test_a_delta_leaves_out_what_is_old(h: House) -> None:
    await begun(h, 62)
    whole = await listing(h)
    for ask in ("YES", "v2"):
        delta = await listing(h, f"{INDEX}?_HLS_skip={ask}")
        assert delta.sequence == whole.sequence
        assert delta.segments == whole.segments[delta.skipped :]
        assert delta.rest == whole.rest
        # 12 s are kept: 62 chunks are 19.84 s, and segments 0 to 3 end before 7.84 s.
        assert delta.skipped == 4
    assert (await listing(h, f"{INDEX}?_HLS_skip=NO")).skipped == 0


async def test_gaps_are_gaps_and_nothing_else_is(h: House) -> None:
    """A stage is replaced: what only the live path had is a gap, and stays one."""
    await begun(h, 8)
    await h.chunk(8, log=False)
    hinted = asyncio.create_task(h.get(f"/live/{SPACE}/aac/p8.m4s"))
    for n in (9, *range(25, 32)):
        await h.chunk(n, epoch=2)
    await logged(h, 31)
    assert (await hinted).status == 404
    made = await listing(h)
    gaps = {p.uri for s in made.segments for p in s.parts if p.gap}
    assert gaps == {f"aac/p{n}.m4s" for n in range(12, 25)}
    assert [s.uri for s in made.segments if s.gap] == [f"aac/{k}.m4s" for k in (2, 3)]
    assert not next(s for s in made.segments if s.sequence == 1).gap
    gone = await h.get(f"/live/{SPACE}/aac/p24.m4s")
    assert (gone.status, gone.fields["cache-control"]) == (404, "no-store")


async def test_the_next_part_is_waited_for_and_farther_ones_are_not(h: House) -> None:
    await begun(h, 8)
    waiting = asyncio.create_task(h.get(f"/live/{SPACE}/opus/p8.m4s"))
    far = await h.get(f"/live/{SPACE}/opus/p10.m4s")
    assert (far.status, far.fields["cache-control"]) == (404, "no-store")
    assert not waiting.done()
    await h.chunk(8)
    assert numbers_in((await waiting).body) == [8]
    known = await h.get(f"/live/{SPACE}/opus/p8.m4s", If_None_Match='"p8"')
    assert known.status == 304


async def test_old_parts_are_cut_from_segments(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PARTS_COUNT", 4)
    await begun(h, 20)
    new = await h.get(f"/live/{SPACE}/aac/p19.m4s")
    old = await h.get(f"/live/{SPACE}/aac/p3.m4s")
    assert (numbers_in(new.body), numbers_in(old.body)) == ([19], [3])
    whole = await h.get(f"/live/{SPACE}/aac/0.m4s")
    assert old.body in whole.body


async def test_versions_keep_their_promises(h: House) -> None:
    """Both playlists, asked for again and again while the programme goes on, is held and ends."""
    await h.schedule()
    await h.doors()
    seen: dict[str, list[Listing]] = {INDEX: [], DVR: []}
    for n in range(60):
        if n == 9:
            await h.go_live(n)
        if n == 37:
            await h.event(e.Resumed(at_ms=9, by="web"))
        if n == 26:
            await h.event(e.Held(at_ms=8, by="web"))
        if n not in (15, *range(44, 51)):
            await h.chunk(n, on_air=n in range(9, 26) or n >= 37)
            await logged(h, n)
        if n > 12:
            seen[INDEX].append(await listing(h))
            seen[DVR].append(await listing(h, DVR))
    await h.end(59)
    async with asyncio.timeout(8):
        while not seen[INDEX][-1].ended or not seen[DVR][-1].ended:
            seen[INDEX].append(await listing(h))
            seen[DVR].append(await listing(h, DVR))
            if seen[INDEX][-1].ended:
                seen[DVR].append(await listing(h, DVR))
    for versions in seen.values():
        for i, new in enumerate(versions[1:], 1):
            for old in versions[max(0, i - 12) : i]:
                assert old.ended or broken_promises(old, new) == []
    *_, dvr = seen[DVR]
    assert dvr.kind == "VOD"
    assert all(made.kind == "EVENT" for made in seen[DVR][:-1] if not made.ended)
    names = [f"aac/{name}.m4s" for name in _expected()]
    assert uris(dvr) == names
    assert [s.uri for s in dvr.segments if s.breaks] == ["aac/p37.m4s"]


def _expected() -> list[str]:
    # Live are 9 to 25 and 37 to 59; segments begin at multiples of six.
    before = ["p9", "p10", "p11", "2", "3", "p24", "p25"]
    return [*before, "p37", "p38", "p39", "p40", "p41", "7", "8", "9"]


async def test_it_is_packed_for_those_who_take_that(h: House) -> None:
    await begun(h, 30)
    for address in (INDEX, DVR):
        plain = await h.get(address)
        packed = await h.get(address, Accept_Encoding="gzip")
        assert plain.fields["vary"] == packed.fields["vary"] == "Accept-Encoding"
        assert packed.fields["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body


async def test_before_the_first_segment_it_is_waited_for(h: House) -> None:
    await h.schedule()
    early = await h.get(INDEX)
    assert (early.status, early.fields["cache-control"]) == (503, "no-store")
    await h.doors()
    for n in range(2):
        await h.chunk(n)
    await logged(h, 1)
    waiting = asyncio.create_task(h.get(INDEX))
    for n in range(2, 6):
        assert not waiting.done()
        await h.chunk(n)
    assert uris(parse((await waiting).body.decode())) == ["aac/0.m4s"]
    assert (await h.get(DVR)).status == 503


@pytest.mark.parametrize("how", ["withheld", "cancelled"])
async def test_what_is_not_published_is_gone(h: House, how: str) -> None:
    await begun(h, 8)
    await listing(h)
    if how == "withheld":
        await h.end(7)
        await h.event(e.Withheld(at_ms=9, by="host"))
    else:
        await h.event(e.Cancelled(at_ms=9, by="host"))
    await h.until(lambda s: s["status"] == how)
    for address in (INDEX, DVR, f"/live/{SPACE}/aac/0.m4s", f"/live/{SPACE}/aac/p0.m4s"):
        answer = await h.get(address)
        assert (answer.status, answer.fields["cache-control"]) == (410, "no-store"), address


async def test_those_who_wait_at_the_end_get_the_end(h: House) -> None:
    await begun(h, 8)
    waiting = asyncio.create_task(h.get(f"{INDEX}?_HLS_msn=1&_HLS_part=2"))
    await h.end(7)
    made = parse((await waiting).body.decode())
    assert problems(made) == []
    assert made.ended
    assert [(s.uri, s.seconds) for s in made.segments] == [("aac/0.m4s", 1.92), ("aac/1.m4s", 0.64)]
    # Asked for what will never be, it says again that it has ended.
    assert (await listing(h, f"{INDEX}?_HLS_msn=99&_HLS_part=2&_HLS_skip=YES")).ended


async def test_an_edge_that_comes_between_the_end_and_its_last_word_waits_for_it(h: House) -> None:
    """First asked when the space has ended and the log's last chunk is still to come."""
    await h.schedule()
    await h.doors()
    await h.go_live(0)
    for n in range(8):
        await h.chunk(n)
    await h.event(e.Ended(at_ms=5, by="web"))
    late = await h.start_edge(index=1)
    assert not (await listing(h)).ended
    short = asyncio.create_task(h.get(f"/live/{SPACE}/aac/1.m4s", port=late.port))
    await asyncio.sleep(limits.LOG_QUIET_S + 0.3)
    assert not short.done()
    await h.chunk(8)
    await h.event(e.OnAir(at_ms=5, n=9, live=False), kind=Kind.OBS)
    assert numbers_in((await short).body) == [6, 7, 8]
    # And one that comes after the last word, before the recording is posted, need not wait.
    await h.start_edge(index=2)
    whole = await h.get(f"/live/{SPACE}/aac/1.m4s")
    assert numbers_in(whole.body) == [6, 7, 8]
    assert (await listing(h)).ended


async def test_a_late_answer_is_not_followed_by_another(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told that it takes too long gets nothing more when it comes after all."""
    monkeypatch.setattr(limits, "SEGMENT_WAIT_S", 0.1)
    await begun(h, 8)
    reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
    ask = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"
    answers = []
    for address in (f"/live/{SPACE}/aac/1.m4s", f"/live/{SPACE}/aac/p8.m4s", f"{INDEX}?_HLS_msn=1"):
        writer.write(ask.format(address).encode())
        answers.append(await _answer(reader))
    for n in range(8, 12):
        await h.chunk(n)
    await logged(h, 11)
    writer.write(ask.format("/healthz").encode())
    answers.append(await _answer(reader))
    assert [a.status for a in answers] == [404, 404, 503, 200]
    assert answers[-1].body == b"ok\n"
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    fields = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:] if line)}
    body = await reader.readexactly(int(fields["content-length"]))
    return Answer(int(lines[0].split(" ")[1]), fields, body)


@pytest.mark.alone
async def test_many_who_wait_are_let_go_together(h: House) -> None:
    """A thousand blocked reloads cost one rendering and come out within a moment."""
    await begun(h, 8)
    many = 1_000
    readers = []
    for _ in range(many):
        reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
        writer.write(f"GET {INDEX}?_HLS_msn=1&_HLS_part=2 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        readers.append((reader, writer))
    waiting = [asyncio.create_task(_answer(reader)) for reader, _ in readers]
    await h.until(lambda s: s["n"] == 7)
    began = time.monotonic()
    await h.chunk(8)
    answers = await asyncio.gather(*waiting)
    assert time.monotonic() - began < 5
    assert {a.body for a in answers} == {answers[0].body}
    assert uris(parse(answers[0].body.decode()))[-1] == "aac/p8.m4s"
    for _, writer in readers:
        writer.close()


@pytest.mark.parametrize("address", [INDEX, DVR])
async def test_ffmpeg_plays_while_it_goes_on_and_to_the_end(
    h: House, tmp_path: Path, address: str
) -> None:
    await begun(h, 14)
    await listing(h, address)
    to = tmp_path / "heard.wav"
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-v", "error", "-live_start_index", "0"),
        *("-i", f"http://127.0.0.1:{h.port}{address}", "-y", str(to)),
        stderr=asyncio.subprocess.PIPE,
    )
    # A stage that is in a hurry: ffmpeg asks for what is new every second.
    for n in range(14, 40):
        await asyncio.sleep(0.1)
        await h.chunk(n)
    await h.end(39)
    async with asyncio.timeout(20):
        _, told = await process.communicate()
    assert process.returncode == 0, told
    sound = decode_file(to)
    assert len(sound) == pytest.approx(40 * CHUNK_SAMPLES, abs=2_100)
    for n in range(1, 38, 4):
        piece = sound[n * CHUNK_SAMPLES : (n + 2) * CHUNK_SAMPLES]
        assert programme.place(piece) == pytest.approx(n * CHUNK_SAMPLES, abs=480)
