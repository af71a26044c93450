"""A recording of a few seconds, made by the archive's own hands, and a clip of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from hustings.archive.clips.plan import ClipPlan
from hustings.archive.recording import Recording
from hustings.clock import CHUNK_MS
from hustings.formats import transcript
from hustings.formats.transcript import Cue, Transcript
from hustings.space import event as e
from tests.archive.script import SPACE, Script
from tests.tones import timecode

SLOTS: Final = 28
FIRST: Final = 6  # of the clip
COUNT: Final = 8
NAMES: Final = {"ada": "Ada Obi", "ben": "Ben Calloway-Ferreira"}
# On the replay's clock; the clip goes from 1,920 to 4,480 ms.
CUES: Final = (
    Cue(
        id="c1", at_ms=1_200, end_ms=2_400, seat="ada", text="Good evening, all.",
        words=((1_200, 1_500, "Good"), (1_500, 1_900, "evening,"), (2_000, 2_400, "all.")),
    ),
    Cue(
        id="c2", at_ms=2_560, end_ms=4_400, seat="ben", text="The river rose.",
        words=((2_560, 2_960, "The"), (3_040, 3_600, "river"), (3_680, 4_400, "rose.")),
    ),
    Cue(id="c3", at_ms=4_600, end_ms=5_600, seat="ada", text="It did."),
)  # fmt: skip


def recorded(folder: Path) -> Path:
    """The files of a recording: time code, two speakers in turn, what they say."""
    script = Script()
    script.open(*NAMES)
    script.hold(2)
    script.go_live()
    sound = timecode(SLOTS * 0.32).reshape(SLOTS, -1)
    for seat, low, high in (("ada", 0, 8), ("ben", 8, SLOTS)):
        script.event(e.Spoke(at_ms=script.wall_ms, seat=seat, speaking=True, n=script.n))
        script.live(sound[low:high].reshape(-1))
        script.event(e.Spoke(at_ms=script.wall_ms, seat=seat, speaking=False, n=script.n))
    script.end()
    recording = Recording(SPACE, folder / "recording")
    for entry in script.entries:
        recording.apply(entry)
    finished = recording.finish(counts={})
    assert finished is not None
    said = Transcript(language="en", seats=NAMES, cues=CUES)
    (finished.folder / "transcript.json").write_bytes(transcript.encode(said))
    return finished.folder


def planned(**values: Any) -> ClipPlan:
    """The plan of a clip of it."""
    given = {
        "id": "clip1",
        "space": SPACE,
        "title": "The river rose",
        "space_title": "An evening",
        "host": "Ada",
        "address": f"https://listen.example/c/{SPACE}/clip1",
        "language": "en",
        "from_ms": FIRST * CHUNK_MS,
        "to_ms": (FIRST + COUNT) * CHUNK_MS,
        "made_at_ms": 1_750_000_000_000,
    }
    return ClipPlan(**{**given, **values})
