"""The clip's videos, decoded: length, what stands in the files, and what is seen when."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from hustings.archive.clips import looks
from hustings.archive.clips.looks import LOOKS, Box
from hustings.archive.clips.plan import SHAPES
from hustings.archive.clips.video import FRAMES_PER_S, FRAMES_PER_SLOT
from hustings.formats import m4a
from hustings.space.replay import ClipShape
from tests.archive.clips.evening import COUNT

Pixels = NDArray[np.uint8]


def _probe(path: Path) -> dict[str, Any]:
    asked = ["-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(["ffprobe", *asked], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def frames(made: Path) -> list[Pixels]:
    with av.open(str(made / "video-square.mp4")) as container:
        return [
            frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in container.decode(video=0)
        ]


def _in(frame: Pixels, box: Box) -> NDArray[np.int16]:
    part = frame[box.y : box.end, box.x : box.x + box.width]
    return part.astype(np.int16)


def _coloured(frame: Pixels, box: Box, colour: tuple[int, int, int]) -> int:
    """How many pixels of a place have a colour, or nearly."""
    return int((np.abs(_in(frame, box) - np.array(colour)).max(axis=2) < 40).sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_what_stands_in_the_file(made: Path, shape: ClipShape) -> None:
    path = made / f"video-{shape}.mp4"
    found = _probe(path)
    picture, sound, words = found["streams"]
    assert (picture["codec_name"], picture["pix_fmt"]) == ("h264", "yuv420p")
    assert picture["color_space"] == picture["color_transfer"] == "bt709"
    assert (picture["width"], picture["height"]) == (LOOKS[shape].width, LOOKS[shape].height)
    assert picture["avg_frame_rate"] == f"{FRAMES_PER_S}/1"
    assert (sound["codec_name"], sound["profile"]) == ("aac", "LC")
    assert words["codec_name"] == "mov_text"
    assert words["disposition"]["default"] == 0
    assert found["format"]["tags"]["title"] == "The river rose"
    assert found["format"]["tags"]["comment"].endswith("/clip1")
    for stream in (picture, sound, found["format"]):
        assert float(stream["duration"]) == pytest.approx(COUNT * 0.32)
        assert float(stream["start_time"]) == 0
    data = path.read_bytes()
    kinds = [one.kind for one in m4a.boxes(data)]
    assert kinds.index(b"moov") < kinds.index(b"mdat")


def test_eight_frames_for_each_slot(frames: list[Pixels]) -> None:
    assert len(frames) == COUNT * FRAMES_PER_SLOT


def test_each_word_is_lit_when_it_is_said(frames: list[Pixels]) -> None:
    box = LOOKS["square"].words
    lit = [_coloured(frame, box, looks.NOW) for frame in frames]
    # "all." ends at 480 ms; "The" begins at 640, "river" at 1,120, "rose." at 1,760.
    for begins_ms in (640, 1_120, 1_760):
        place = begins_ms * FRAMES_PER_S // 1000
        before, after = _in(frames[place - 1], box), _in(frames[place], box)
        assert (np.abs(before - after).max(axis=2) > 60).sum() > 500
        still = _in(frames[place + 2], box)
        assert (np.abs(after - still).max(axis=2) > 60).sum() < 20
    assert lit[17] > 1_000
    assert lit[29] > lit[17]  # a longer word
    said = [_coloured(frame, box, looks.INK) for frame in (frames[17], frames[29], frames[45])]
    assert said[0] < said[1] < said[2]
    coming = [_coloured(frame, box, looks.COMING) for frame in (frames[17], frames[45])]
    assert coming[0] > 1_000 > coming[1]


def test_who_speaks_is_named_when_they_begin(frames: list[Pixels]) -> None:
    box = LOOKS["square"].who
    change = 640 * FRAMES_PER_S // 1000
    moved = [
        int((np.abs(_in(a, box) - _in(b, box)).max(axis=2) > 60).sum())
        for a, b in itertools.pairwise(frames)
    ]
    assert moved[change - 1] > 2_000
    assert max(moved[: change - 1] + moved[change:]) < 100


def test_the_waveform_is_played(frames: list[Pixels]) -> None:
    box = LOOKS["square"].wave
    ben, ada = looks.SEATS[1:3]  # by how much they say
    of_ada = [_coloured(frame, box, ada) for frame in frames]
    assert of_ada[16] == pytest.approx(of_ada[-1], rel=0.1)  # hers is over when Ben begins
    loud = [of + _coloured(frame, box, ben) for of, frame in zip(of_ada, frames, strict=True)]
    assert all(a <= b + 60 for a, b in itertools.pairwise(loud))
    assert loud[0] < loud[-1] / 20
    quiet = [_coloured(frame, box, looks.QUIET) for frame in (frames[0], frames[-1])]
    assert quiet[1] < quiet[0] / 4  # what is left are the edges of bars
    half = loud[len(loud) // 2] / loud[-1]
    assert 0.35 < half < 0.65


def test_subtitles_can_be_switched_on(made: Path) -> None:
    path = str(made / "video-square.mp4")
    shown = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-map", "0:s", "-f", "webvtt", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "00:00.080 --> 00:00.480\nall." in shown
    assert "00:00.640 --> 00:02.480\nThe river rose." in shown
