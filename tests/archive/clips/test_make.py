"""A clip's files as a whole: what is in its folder, and what each says."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import av
import pytest
from PIL import Image

from hustings.archive.clips.make import make
from hustings.errors import BadInput
from tests.archive.clips.evening import planned

NAMES = {"clip.json", "audio.m4a", "card.webp", "video-square.mp4"}


def test_the_files_and_no_others(made: Path) -> None:
    more = {"video-wide.mp4", "video-tall.mp4"}
    assert {path.name for path in made.iterdir()} == NAMES | more


def test_what_it_says_of_itself(made: Path) -> None:
    found = json.loads((made / "clip.json").read_bytes())
    cues = found.pop("cues")
    assert found == {
        "version": 1,
        "id": "clip1",
        "space": "abcdefghij",
        "title": "The river rose",
        "at_ms": 1_920,
        "duration_ms": 2_560,
        "made_at_ms": 1_750_000_000_000,
        "language": "en",
        "shapes": ["square", "wide", "tall"],
        "text": "all. The river rose.",
    }
    assert [(cue["name"], cue["at_ms"], cue["end_ms"], cue["text"]) for cue in cues] == [
        ("Ada Obi", 80, 480, "all."),
        ("Ben Calloway-Ferreira", 640, 2_480, "The river rose."),
    ]


def test_players_know_the_sound(made: Path) -> None:
    with av.open(str(made / "audio.m4a")) as container:
        tags = container.metadata
        assert container.streams.video[0].codec_context.name == "mjpeg"  # the cover
    assert (tags["title"], tags["artist"], tags["album"]) == ("The river rose", "Ada", "An evening")
    assert tags["comment"] == "https://listen.example/c/abcdefghij/clip1"


def test_the_card(made: Path) -> None:
    with Image.open(made / "card.webp") as card:
        assert card.size == (1200, 630)
        colours = card.convert("RGB").getcolors(1 << 20)
    assert colours is not None
    assert len(colours) > 100
    assert (made / "card.webp").stat().st_size < 120_000


def test_without_words_the_waveform_is_large_and_the_stage_says_who_speaks(
    source: Path, tmp_path: Path
) -> None:
    bare, folder = tmp_path / "bare", tmp_path / "clip"
    bare.mkdir()
    folder.mkdir()
    for name in ("replay.m4a", "timeline.json"):
        shutil.copy(source / name, bare)
    picture = io.BytesIO()
    Image.new("RGB", (600, 600), (180, 40, 40)).save(picture, "WEBP")
    (bare / "picture.webp").write_bytes(picture.getvalue())
    make(planned(to_ms=6 * 320 + 4 * 320), bare, folder, progress=lambda _: None)
    assert {path.name for path in folder.iterdir()} == NAMES
    assert json.loads((folder / "clip.json").read_bytes())["cues"] == []
    with av.open(str(folder / "video-square.mp4")) as container:
        assert not container.streams.subtitles
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 32
    last = frames[-1]
    assert (last[500:860, 80:1000, 1] > 180).mean() > 0.2  # the waveform, played
    red = last[64:112, 72:120].astype(int)
    assert (red[..., 0] - red[..., 1] > 80).mean() > 0.7  # the picture of the conversation
    spoken = last[318:406, 72:160].astype(int)
    assert (abs(spoken - frames[0][318:406, 72:160]) > 60).mean() > 0.05  # Ada, then Ben


def test_no_video_where_none_is_wanted(source: Path, tmp_path: Path) -> None:
    make(planned(), source, tmp_path, progress=lambda _: None, shapes=())
    assert {path.name for path in tmp_path.iterdir()} == NAMES - {"video-square.mp4"}


def test_a_stretch_that_is_not_in_the_recording(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"replay\.m4a"):
        make(planned(to_ms=320 * 400), source, tmp_path, progress=lambda _: None)
    assert list(tmp_path.iterdir()) == []
