"""From what a demo's people heard and recorded to its result, and to every promise that broke."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from hustings.clock import SAMPLE_RATE
from hustings.drills import measure
from hustings.drills.listener import Listener
from hustings.drills.measure import Percentiles, Reread, Sound

REPLAY_READY_MS: Final = 5_000
LATE_MS: Final = 1_500
MOUTH_TO_EAR_MS: Final = 1_500
LENGTH_SLACK_S: Final = 0.7  # from the commands' answers to the chunks they take effect at


@dataclass(frozen=True, slots=True)
class Evening:
    """What happened: who listened, when the host went live (monotonic seconds), the decoded replay
    (mono, 48 kHz), gaps in its receipt, its expected length and how long it took to be ready."""

    crowd: tuple[Listener, ...]
    went_at: float
    replay: Sound
    gaps: int
    expected_s: float
    replay_ready_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """The replay: its length, the length it should have, its gaps, and whether it says the same."""

    seconds: float
    expected_seconds: float
    gaps: int
    verified: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What the demo prints. `problems` is empty when all of it held."""

    late_ms: float | None
    first_audio_ms: Percentiles | None
    mouth_to_ear_ms: Percentiles | None
    listeners: int
    stalls: int
    recording: Recording
    replay_ready_ms: float
    problems: tuple[str, ...]


def judge(evening: Evening) -> Result:
    """Measure everything, and list what did not hold."""
    crowd = evening.crowd
    playouts = [p for one in crowd if (p := one.playout()) is not None]
    firsts = [at - evening.went_at for one in crowd if (at := measure.first_code(one)) is not None]
    late = measure.percentiles(firsts)
    delays = [delay for one in crowd for delay in measure.mouth_to_ear(one)]
    opened = [one.heard[0].at - one.requested_at for one in crowd if one.heard]
    reread = measure.reread(evening.replay)
    seconds = len(evening.replay) / SAMPLE_RATE
    spoken_s = min(seconds, evening.expected_s) - LENGTH_SLACK_S
    complete = not reread.breaks and reread.slots >= spoken_s / measure.SLOT_S
    result = Result(
        late_ms=late.p50 if late else None,
        first_audio_ms=measure.percentiles(opened),
        mouth_to_ear_ms=measure.percentiles(delays),
        listeners=len(playouts),
        stalls=sum(len(p.stalls) for p in playouts),
        recording=Recording(
            seconds=round(seconds, 3),
            expected_seconds=round(evening.expected_s, 3),
            gaps=evening.gaps,
            verified=complete,
        ),
        replay_ready_ms=round(evening.replay_ready_s * 1000, 1),
        problems=(),
    )
    problems = (*_heard(result, len(crowd)), *_recorded(result, reread))
    return replace(result, problems=problems)


def _heard(result: Result, people: int) -> Iterator[str]:
    if result.listeners < people:
        yield f"{people - result.listeners} listeners heard nothing"
    if result.stalls:
        yield f"{result.stalls} stalls"
    if result.late_ms is None or result.late_ms > LATE_MS:
        yield f"the first live sound was heard {result.late_ms} ms after going live"
    if result.mouth_to_ear_ms is None or result.mouth_to_ear_ms.p50 > MOUTH_TO_EAR_MS:
        yield f"from mouth to ear it took {result.mouth_to_ear_ms}"


def _recorded(result: Result, reread: Reread) -> Iterator[str]:
    recording = result.recording
    if result.replay_ready_ms > REPLAY_READY_MS:
        yield f"the replay was ready after {result.replay_ready_ms} ms"
    if abs(recording.seconds - recording.expected_seconds) > LENGTH_SLACK_S:
        yield f"the replay has {recording.seconds} s, expected {recording.expected_seconds} s"
    if recording.gaps:
        yield f"the receipt lists {recording.gaps} gaps"
    for one in reread.breaks:
        yield f"the replay breaks at {one}"
    if not recording.verified and not reread.breaks:
        yield f"the replay holds only {reread.slots} slots of speech"
