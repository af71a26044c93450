"""What players show of a recording: ffprobe, and the bytes by the specifications."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from hustings.archive import cover
from hustings.archive.chapters import Chapter
from hustings.archive.label import Label
from hustings.audio.loudness import Loudness
from hustings.formats import ogg
from hustings.space import event as e
from hustings.space.replay_event import ChapterMarked
from tests.archive.made import ADDRESS, probe, read, record
from tests.archive.script import Script, Speaker
from tests.tones import decode_file, loudness_lufs, timecode


def _webp(side: int = 300) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (side, side), (200, 30, 60)).save(made, "WEBP")
    return made.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("label") / "r"
    script = Script()
    script.open("ada", title="Ein Abend für alle")
    script.event(e.Edited(at_ms=1, by="x", description="Erste Zeile.\nZweite <Zeile>."))
    script.go_live()
    code = timecode(40 * 0.32)
    script.stems(Speaker("ada").speak(code, at=0))
    script.live(code[: 20 * 15_360])
    script.event(ChapterMarked(at_ms=script.wall_ms, by="ada", title="Die Frage — 問い"))
    script.live(code[20 * 15_360 :])
    script.end()
    record(script, folder, picture=cover.jpeg(_webp()))
    return folder


def test_all_of_it_is_in_the_mp4(folder: Path) -> None:
    found = probe(folder / "replay.m4a")
    tags = found["format"]["tags"]
    meant = {
        "title": "Ein Abend für alle",
        "artist": "Ada",
        "date": "2025-06-15",
        "comment": ADDRESS,
        "description": "Erste Zeile.\nZweite <Zeile>.",
    }
    assert {name: tags.get(name) for name in meant} == meant
    sound, text, picture = sorted(found["streams"], key=lambda one: one["codec_type"])
    assert (sound["codec_name"], picture["codec_name"]) == ("aac", "mjpeg")
    assert (picture["width"], picture["height"]) == (300, 300)
    assert picture["disposition"]["attached_pic"] == 1
    assert text["codec_name"] == "bin_data"  # the chapters, as QuickTime has them
    chapters = [(one["start_time"], one["tags"]["title"]) for one in found["chapters"]]
    assert chapters == [("0.000000", "Part 1"), ("6.400000", "Die Frage — 問い")]


def test_both_files_say_how_loud_they_are(folder: Path) -> None:
    waveform = read(folder / "waveform.json")
    told = waveform["loudness"]
    meant = loudness_lufs(decode_file(folder / "replay.opus"))
    assert told["integrated_lufs"] == pytest.approx(meant, abs=0.1)
    (gain,) = [
        value
        for name, value in probe(folder / "replay.m4a")["format"]["tags"].items()
        if name.lower() == "replaygain_track_gain"
    ]
    assert float(gain.removesuffix(" dB")) == pytest.approx(-18 - told["integrated_lufs"])
    tags = probe(folder / "replay.opus")["streams"][0]["tags"]
    by_name = {name.upper(): value for name, value in tags.items()}
    assert int(by_name["R128_TRACK_GAIN"]) == round((-23 - told["integrated_lufs"]) * 256)
    assert by_name["TITLE"] == "Ein Abend für alle"
    assert len(waveform["peaks"]) == 40
    assert waveform["step_ms"] == 320
    # The time code has -12 dBFS: a quarter of full scale.
    assert all(55 <= peak <= 110 for peak in waveform["peaks"])


def test_the_ogg_file_has_its_chapters(folder: Path) -> None:
    found = probe(folder / "replay.opus")["chapters"]
    assert [(one["start_time"], one["tags"]["title"]) for one in found] == [
        ("0.000000", "Part 1"),
        ("6.400000", "Die Frage — 問い"),
    ]


def test_podcast_players_get_the_chapters(folder: Path) -> None:
    assert read(folder / "chapters.json") == {
        "version": "1.2.0",
        "title": "Ein Abend für alle",
        "chapters": [
            {"startTime": 0, "endTime": 6.4, "title": "Part 1"},
            {"startTime": 6.4, "endTime": 12.8, "title": "Die Frage — 問い"},
        ],
    }


def test_a_label_that_is_too_long_for_a_page_loses_its_end() -> None:
    chapters = [Chapter(i * 1000, i * 1000 + 1000, "x" * 400) for i in range(200)]
    comments = Label(title="T", chapters=chapters).comments()
    assert len(comments) == 401
    packet = ogg.tags(vendor="v", comments=comments)
    assert len(packet) > ogg.PAGE_BYTES


@pytest.mark.parametrize(
    ("lufs", "gain"), [(-23.0, "0"), (-16.0, "-1792"), (-30.0, "1792"), (-70.0, None)]
)
def test_the_gain_of_an_ogg_file(lufs: float, gain: str | None) -> None:
    """RFC 7845 section 5.2.1: to -23 LUFS, in 1/256 dB."""
    label = Label(title="T", loudness=Loudness(integrated_lufs=lufs))
    assert dict(label.comments()).get("R128_TRACK_GAIN") == gain


def test_what_is_no_picture_is_left_out() -> None:
    for data in (b"", b"RIFF", _webp()[:50], b"\x89PNG\r\n\x1a\n"):
        assert cover.jpeg(data) == b""
    assert cover.jpeg(_webp(2_100)) == b""
    jpeg = cover.jpeg(_webp())
    assert struct.unpack(">H", jpeg[:2])[0] == 0xFFD8
