"""The clip's sound is the replay's, sample for sample."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest

from hustings.archive.clips import sound
from hustings.chunk import AAC_FRAMES
from hustings.clock import CHUNK_SAMPLES
from hustings.errors import BadInput
from tests.archive.clips.evening import COUNT, FIRST, SLOTS
from tests.tones import decode_file, read_timecode

# What a decoder makes of noise that was not coded but only measured (AAC's noise substitution) is
# another noise each time: far below what anybody hears.
SAME: Final = 0.001


def _packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize("name", ["audio.m4a", "video-square.mp4"])
def test_it_is_the_replays_frame_for_frame(source: Path, made: Path, name: str) -> None:
    """The first frame is only decoded; of the replay, too."""
    first = FIRST * AAC_FRAMES
    meant = _packets(source / "replay.m4a")[first : first + 1 + COUNT * AAC_FRAMES]
    assert _packets(made / name) == meant


@pytest.mark.parametrize("name", ["audio.m4a", "video-square.mp4"])
def test_it_is_heard_when_it_was_in_the_replay(source: Path, made: Path, name: str) -> None:
    whole, clip = decode_file(source / "replay.m4a"), decode_file(made / name)
    assert len(clip) == COUNT * CHUNK_SAMPLES
    begin = FIRST * CHUNK_SAMPLES
    assert float(np.abs(clip - whole[begin : begin + len(clip)]).max()) < SAME
    codes = {slot: at - begin for at, slot in read_timecode(whole)}
    found = read_timecode(clip)
    assert len(found) >= 10
    assert all(abs(at - codes[slot]) <= 1 for at, slot in found[1:-1])


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, SLOTS), (SLOTS - 1, 1)])
def test_from_the_very_beginning_to_the_very_end(source: Path, first: int, count: int) -> None:
    assert len(sound.frames(source / "replay.m4a", first, count)) == 1 + 15 * count


def test_a_stretch_that_is_not_there(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="frames"):
        sound.frames(source / "replay.m4a", SLOTS - 1, 2)
    (tmp_path / "replay.m4a").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="replay"):
        sound.frames(tmp_path / "replay.m4a", 0, 1)


def test_levels(made: Path) -> None:
    found = sound.levels(made / "audio.m4a", 10)
    assert found.shape == (10,)
    whole = decode_file(made / "audio.m4a").reshape(10, -1)
    assert found == pytest.approx(np.sqrt(np.square(whole).mean(axis=1)), rel=0.01)
    assert sound.levels(made / "audio.m4a", 120).shape == (120,)
