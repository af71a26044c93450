"""A recording made anew from its files: what is gone is gone everywhere, the rest is as it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hustings import chunk
from hustings.archive.label import Label
from hustings.archive.rebuild import Plan, Rebuilt, Without, rebuild
from hustings.archive.rebuilding import papers
from hustings.clock import CHUNK_SAMPLES
from hustings.errors import BadInput
from hustings.formats import adts
from hustings.space import event as e
from hustings.space.cuts import Cuts
from hustings.store import reel
from tests.archive.made import probe, read, record
from tests.archive.script import SPACE, Script, Speaker
from tests.tones import decode_file, level_dbfs, read_timecode, timecode, tone, tone_presence

Sound = NDArray[np.float32]
SLOTS = 40
BOB_HZ = 11_000
BOTH = ("replay.m4a", "replay.opus")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty slots on air, a hold after the thirtieth. Ada speaks the time code, Bob a tone in the
    slots 10 to 15; both are in the mix."""
    folder = tmp_path_factory.mktemp("source") / "original"
    script, ada, bob = Script(), Speaker("ada"), Speaker("bob")
    code = timecode(SLOTS * 0.32)
    his = tone(BOB_HZ, 5 * 0.32, -20.0)
    mix = code.copy()
    mix[10 * CHUNK_SAMPLES : 15 * CHUNK_SAMPLES] += his

    def on_air(first: int, end: int) -> None:
        at, part = script.n * CHUNK_SAMPLES, slice(first * CHUNK_SAMPLES, end * CHUNK_SAMPLES)
        script.event(e.Spoke(at_ms=script.wall_ms, seat="ada", speaking=True, n=script.n))
        script.stems(ada.speak(code[part], at=at))
        if first == 0:
            script.stems(bob.speak(his, at=at + 10 * CHUNK_SAMPLES))
            bobs = [(True, script.n + 10), (False, script.n + 15)]
            script.live(mix[part])
            for speaking, n in bobs:
                script.event(e.Spoke(at_ms=script.wall_ms, seat="bob", speaking=speaking, n=n))
        else:
            script.live(mix[part])
        script.event(e.Spoke(at_ms=script.wall_ms, seat="ada", speaking=False, n=script.n))

    script.open("ada", "bob")
    script.hold(3)
    script.go_live()
    on_air(0, 30)
    script.go_off("Tea.")
    ada.skip(2 * CHUNK_SAMPLES)
    script.hold(2)
    script.resume()
    on_air(30, SLOTS)
    script.end()
    record(script, folder)
    return folder


def _plan(
    *,
    dropped: tuple[tuple[int, int], ...] = (),
    silenced: tuple[tuple[int, int], ...] = (),
    **more: Any,
) -> Plan:
    cuts = Cuts.of(SLOTS, dropped=dropped, silenced=silenced)
    label = Label(title="Neu", artist="Ada")
    return Plan(space=SPACE, slots=SLOTS, cuts=cuts, label=label, **more)


def _names(made: Rebuilt) -> set[str]:
    return {file.name for file in made.files}


def test_without_any_change_the_sound_is_the_same(source: Path, tmp_path: Path) -> None:
    made = rebuild(source, tmp_path / "v", _plan())
    assert made.duration_ms == SLOTS * 320
    for name in (*BOTH, "stems/ada.opus", "stems/bob.opus"):
        old, new = decode_file(source / name), decode_file(tmp_path / "v" / name)
        assert np.array_equal(old, new)
    assert read(tmp_path / "v/waveform.json") == read(source / "waveform.json")
    old, new = read(source / "timeline.json"), read(tmp_path / "v/timeline.json")
    assert new == {**old, "title": "Neu"}
    for file in made.files:
        data = (tmp_path / "v" / file.name).read_bytes()
        assert (file.length, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("name", [*BOTH, "stems/ada.opus"])
def test_a_cut_joins_what_is_left(source: Path, tmp_path: Path, name: str) -> None:
    rebuild(source, tmp_path / "v", _plan(dropped=((0, 2), (8, 20), (36, 40))))
    old, new = decode_file(source / name), decode_file(tmp_path / "v" / name)
    assert len(new) == 22 * CHUNK_SAMPLES
    # To the sample where it was, but for some milliseconds at the joins.
    edge = 60 * 48
    for first, end, at in ((2, 8, 0), (20, 36, 6)):
        length = (end - first) * CHUNK_SAMPLES
        before = old[first * CHUNK_SAMPLES :][edge : length - edge]
        after = new[at * CHUNK_SAMPLES :][edge : length - edge]
        if name.endswith("m4a"):
            assert np.abs(before - after).max() < 1e-3  # a decoder's noise is not the same twice
        else:
            assert np.corrcoef(before, after)[0, 1] > 0.99
            assert level_dbfs(before - after) < level_dbfs(before) - 15
    join = new[6 * CHUNK_SAMPLES - edge : 6 * CHUNK_SAMPLES + edge]
    assert np.abs(join).max() < np.abs(old).max() * 1.25


def test_what_was_cut_out_is_nowhere(source: Path, tmp_path: Path) -> None:
    """Bob spoke in slots 10 to 15, and nothing of it is left: not 6 ms at a join."""
    made = rebuild(source, tmp_path / "v", _plan(dropped=((10, 15),)))
    assert "stems/bob.opus" not in _names(made)
    for name in BOTH:
        heard = decode_file(tmp_path / "v" / name)
        assert tone_presence(heard, BOB_HZ, window_ms=10, threshold_db=-45) == []
    events = read(tmp_path / "v/timeline.json")["events"]
    assert {one["seat"] for one in events if one["type"] == "spoke"} == {"ada"}


def test_a_silenced_span_is_silent_and_keeps_the_clock(source: Path, tmp_path: Path) -> None:
    made = rebuild(source, tmp_path / "v", _plan(silenced=((10, 15),)))
    assert made.duration_ms == SLOTS * 320
    for name in (*BOTH, "stems/ada.opus"):
        old, heard = decode_file(source / name), decode_file(tmp_path / "v" / name)
        inside = heard[10 * CHUNK_SAMPLES + 600 : 15 * CHUNK_SAMPLES - 600]
        assert level_dbfs(inside) < -80
        for part in (slice(0, 9), slice(16, SLOTS)):
            span = slice(part.start * CHUNK_SAMPLES, part.stop * CHUNK_SAMPLES)
            assert np.corrcoef(old[span], heard[span])[0, 1] > 0.999
        assert tone_presence(heard, BOB_HZ, window_ms=10, threshold_db=-45) == []
    peaks = read(tmp_path / "v/waveform.json")["peaks"]
    assert max(peaks[11:14]) == 0
    assert min(peaks[:9]) > 30


def test_one_voice_alone_is_taken_out_of_the_mix(source: Path, tmp_path: Path) -> None:
    made = rebuild(source, tmp_path / "v", _plan(without=(Without("bob", 0, SLOTS),)))
    assert "stems/bob.opus" not in _names(made)
    for name in BOTH:
        old, heard = decode_file(source / name), decode_file(tmp_path / "v" / name)
        assert tone_presence(old, BOB_HZ, window_ms=10, threshold_db=-45)
        assert tone_presence(heard, BOB_HZ, window_ms=10, threshold_db=-45) == []
        # Ada is heard all the while, and where Bob said nothing the sound is as it was.
        inside = heard[10 * CHUNK_SAMPLES : 15 * CHUNK_SAMPLES]
        assert {code for _, code in read_timecode(inside)} >= set(range(33, 47))
        assert level_dbfs(inside) == pytest.approx(level_dbfs(old), abs=2.0)
        for part in (slice(0, 8), slice(16, SLOTS)):
            span = slice(part.start * CHUNK_SAMPLES, part.stop * CHUNK_SAMPLES)
            assert np.corrcoef(old[span], heard[span])[0, 1] > 0.999


def test_a_voice_may_be_taken_out_for_a_while(source: Path, tmp_path: Path) -> None:
    made = rebuild(source, tmp_path / "v", _plan(without=(Without("bob", 0, 12),)))
    assert "stems/bob.opus" in _names(made)
    for name in (*BOTH, "stems/bob.opus"):
        heard = decode_file(tmp_path / "v" / name)
        found = tone_presence(heard, BOB_HZ, window_ms=10, threshold_db=-45)
        # A speaker's encoder looks back: a stem needs some packets to be itself again.
        late_s = 0.1 if name.startswith("stems") else 0.01
        assert 12 * 0.32 - 0.01 <= found[0][0] <= 12 * 0.32 + late_s
        assert found[-1][1] == pytest.approx(15 * 0.32, abs=0.03)


def test_a_new_original_has_a_reel_of_its_own(source: Path, tmp_path: Path) -> None:
    silenced = _plan(silenced=((20, 22),), without=(Without("bob", 0, SLOTS),), reel=True)
    made = rebuild(source, tmp_path / "v", silenced)
    assert "reel.json" in _names(made)
    index = reel.decode((tmp_path / "v/reel.json").read_bytes())
    (pack,) = index.packs
    data = (tmp_path / "v/reel/0.pack").read_bytes()
    assert (pack.bytes, pack.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    chunks = [chunk.unpack(one) for one in reel.unpack(data)]
    assert [one.n for one in chunks] == reel.numbers(index, pack)
    # Programme 3 to 33 are slots 0 to 30, 35 to 45 the rest.
    assert {23, 24}.isdisjoint(one.n for one in chunks)
    assert len(chunks) == SLOTS - 2
    old = reel.decode((source / "reel.json").read_bytes())
    before = [
        chunk.unpack(one)
        for p in old.packs
        for one in reel.unpack((source / f"reel/{p.first}.pack").read_bytes())
    ]
    same = {one.n for one in before if one in chunks}
    assert {one.n for one in chunks} - same == {*range(13, 18), 18, 25}
    heard = decode_file(b"".join(_adts(one.aac) for one in chunks), format="aac")
    assert tone_presence(heard, BOB_HZ, window_ms=10, threshold_db=-40) == []


def test_an_original_that_was_replaced_by_half_is_made_all_the_same(
    source: Path, tmp_path: Path
) -> None:
    """An archive is killed after each of the files that it puts in the original's place."""
    plan = _plan(silenced=((20, 22),), without=(Without("bob", 0, SLOTS),), reel=True)
    rebuild(source, tmp_path / "v", plan)
    made = sorted(path for path in (tmp_path / "v").rglob("*") if path.is_file())
    for count in (made.index(tmp_path / "v/reel/0.pack") + 1, len(made)):
        half = tmp_path / f"half{count}"
        shutil.copytree(source, half)
        for path in made[:count]:
            shutil.copyfile(path, half / path.relative_to(tmp_path / "v"))
        rebuild(half, tmp_path / f"again{count}", plan)
        for name in ("reel.json", "timeline.json"):
            first, again = (tmp_path / at / name for at in ("v", f"again{count}"))
            assert len(read(again)) == len(read(first))
        index = reel.decode((tmp_path / f"again{count}/reel.json").read_bytes())
        chunks = reel.unpack((tmp_path / f"again{count}/reel/0.pack").read_bytes())
        assert [chunk.unpack(one).n for one in chunks] == reel.numbers(index, index.packs[0])
        assert len(chunks) == SLOTS - 2
        for name in BOTH:
            heard = decode_file(tmp_path / f"again{count}" / name)
            assert tone_presence(heard, BOB_HZ, window_ms=10, threshold_db=-45) == []


def _adts(frames: tuple[bytes, ...]) -> bytes:
    return adts.stream(frames)


def test_timeline_and_chapters_follow(source: Path, tmp_path: Path) -> None:
    heads = ((0, "Eins"), (10 * 320, "Zwei"), (16 * 320, "Drei"), (30 * 320, "Vier"))
    rebuild(source, tmp_path / "v", _plan(dropped=((8, 20),), heads=heads))
    told = read(tmp_path / "v/timeline.json")
    assert told["duration_ms"] == 28 * 320
    assert [(one["at_ms"] // 320, one["title"]) for one in told["chapters"]] == [
        (0, "Eins"), (8, "Drei"), (18, "Vier"),
    ]  # fmt: skip
    assert told["spans"] == [
        {"first_chunk": 3, "chunks": 8, "at_ms": 0},
        {"first_chunk": 23, "chunks": 10, "at_ms": 8 * 320},
        {"first_chunk": 35, "chunks": 10, "at_ms": 18 * 320},
    ]
    held = [one for one in told["events"] if one["type"] in ("held", "resumed", "ended")]
    assert [one["at_ms"] // 320 for one in held] == [18, 18, 28]
    spoke = [one for one in told["events"] if one["type"] == "spoke"]
    assert [(one["at_ms"] // 320, one["end_ms"] // 320) for one in spoke] == [(0, 18), (18, 28)]
    listed = read(tmp_path / "v/chapters.json")["chapters"]
    assert [one["startTime"] for one in listed] == [0, 2.56, 5.76]
    found = probe(tmp_path / "v/replay.m4a")
    assert [one["tags"]["title"] for one in found["chapters"]] == ["Eins", "Drei", "Vier"]
    assert found["format"]["tags"]["title"] == "Neu"


def test_the_floor_is_counted_of_what_is_published(source: Path, tmp_path: Path) -> None:
    before = read(source / "timeline.json")["floor"]
    assert {seat: one["talk_ms"] // 320 for seat, one in before["seats"].items()} == {
        "ada": SLOTS, "bob": 5,
    }  # fmt: skip
    assert before["overlap_ms"] == 5 * 320
    assert before["seats"]["bob"]["interruptions"] == 1
    plan = _plan(
        dropped=((0, 8),), silenced=((20, 22),), without=(Without("bob", 0, 13),)
    )  # of bob two slots are left, 13 and 14
    rebuild(source, tmp_path / "v", plan)
    told = read(tmp_path / "v/timeline.json")
    spoke = [
        (one["seat"], one["at_ms"] // 320, one["end_ms"] // 320)
        for one in told["events"]
        if one["type"] == "spoke"
    ]
    assert spoke == [("ada", 0, 12), ("bob", 5, 7), ("ada", 14, 22), ("ada", 22, 32)]
    assert told["floor"]["silence_ms"] == told["floor"]["overlap_ms"] == 2 * 320
    ada, bob = (told["floor"]["seats"][seat] for seat in ("ada", "bob"))
    assert (ada["talk_ms"], ada["interrupted"]) == (30 * 320, 0)
    assert (bob["talk_ms"], bob["turns"], bob["interruptions"]) == (2 * 320, 0, 0)
    assert ada["share"] + bob["share"] == 1


@pytest.mark.parametrize("kind", ["held", "cut"])
def test_who_goes_on_after_a_hold_begins_a_new_turn(
    source: Path, tmp_path: Path, kind: str
) -> None:
    told = (source / "timeline.json").read_bytes()
    before = json.loads(told)["floor"]["seats"]["ada"]
    assert before["turns"] == 2
    plan = _plan(dropped=((0, 1),))
    after = json.loads(papers.timeline(told.replace(b'"held"', f'"{kind}"'.encode()), plan, []))
    assert after["floor"]["seats"]["ada"]["turns"] == 2
    assert after["floor"]["seats"]["ada"]["longest_ms"] == before["longest_ms"] - 320


def test_the_same_plan_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    plan = _plan(dropped=((4, 6),), silenced=((20, 22),), without=(Without("bob", 11, 13),))
    first, second = (rebuild(source, tmp_path / name, plan) for name in "ab")
    assert first == second


def test_it_says_how_far_it_is(source: Path, tmp_path: Path) -> None:
    told: list[float] = []
    rebuild(source, tmp_path / "v", _plan(dropped=((4, 6),)), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_another_recording_is_refused(source: Path, tmp_path: Path) -> None:
    other = Plan(space=SPACE, slots=41, cuts=Cuts.of(41, dropped=()), label=Label(title="Neu"))
    with pytest.raises(BadInput, match="41 slots"):
        rebuild(source, tmp_path / "v", other)
    (tmp_path / "broken").mkdir()
    data = bytearray((source / "replay.opus").read_bytes())
    data[9_000] ^= 1
    (tmp_path / "broken/replay.opus").write_bytes(data)
    with pytest.raises(BadInput, match="Ogg"):
        rebuild(tmp_path / "broken", tmp_path / "v", _plan())
