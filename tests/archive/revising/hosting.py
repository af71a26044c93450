"""An evening with two voices, and a host who asks the archive for things after its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np

from hustings.formats import transcript
from hustings.formats.transcript import Cue, Transcript
from hustings.log.contract import Live, Log
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Command, Refusal, Space
from hustings.space import replay_command as rc
from hustings.store import layout
from tests.archive.conftest import House, until
from tests.archive.script import SPACE, WALL_MS, Script, Speaker
from tests.tones import tone

SLOT = 320
SLOTS = 50
ADA_HZ, BEN_HZ = 1_000, 3_000
BEN = (20, 30)  # the slots in which the second voice is heard
BY: dict[str, Any] = {"by": "host"}


def evening() -> Script:
    """One voice all the time, another one in the middle."""
    script, ada, ben = Script(), Speaker("seatada"), Speaker("seatben", timestamp=9_000)
    script.open("seatada", "seatben")
    script.hold(2)
    script.go_live()
    for first in range(0, SLOTS, 5):
        both = BEN[0] <= first < BEN[1]
        one = tone(ADA_HZ, 5 * 0.32, -18)
        other = tone(BEN_HZ, 5 * 0.32, -18)
        at = script.n * 15_360
        script.stems(ada.speak(one, at=at))
        if both:
            script.stems(ben.speak(other, at=at))
        else:
            ben.timestamp += 5 * 15_360
        script.live(one + other if both else one)
    script.end()
    return script


class Host:
    """Somebody who runs the space, and waits for the archive."""

    def __init__(self, log: Log, live: Live) -> None:
        self._log = log
        self._live = live

    async def state(self) -> Space:
        state, _ = await read_state(self._log, SPACE, kinds=(Kind.EV,))
        assert state is not None
        return state

    async def settled(self) -> Space:
        """The space once everything is made."""
        found: list[Space] = []

        async def done() -> bool:
            state = await self.state()
            found[:] = [state]
            replay = state.replay
            assert not replay.failed, replay.failed
            return bool(
                state.recording_ready and replay.asked == replay.done and not replay.unfinished
            )

        await until(done, timeout=60)
        return found[0]

    async def asks(self, command: Command) -> Space:
        await self.wishes(command)
        return await self.settled()

    async def wishes(self, command: Command) -> None:
        answer = await propose(self._log, self._live, SPACE, command, now_ms=WALL_MS)
        assert not isinstance(answer, Refusal), answer


def powers(path: Path) -> dict[int, list[float]]:
    """How loud each voice is in each slot of a file, in dB of full scale."""
    with av.open(str(path)) as container:
        sound = np.concatenate([one.to_ndarray()[0] for one in container.decode(audio=0)])
    out: dict[int, list[float]] = {ADA_HZ: [], BEN_HZ: []}
    time = np.arange(15_360) / 48_000
    for slot in range(len(sound) // 15_360):
        part = sound[slot * 15_360 : (slot + 1) * 15_360]
        for hz, levels in out.items():
            found = abs(np.dot(part, np.exp(-2j * np.pi * hz * time))) / len(part)
            levels.append(20 * np.log10(max(float(found), 1e-6)))
    return out


async def copied(house: House, folder: Path) -> Path:
    """Everything that the store has of the space, as an export has it."""
    for path in await house.objects.list(layout.folder(SPACE)):
        target = folder / path.removeprefix(layout.folder(SPACE))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(await house.objects.whole(path) or b"")
    return folder


def receipt_of(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "receipt.json").read_bytes())["receipt"]
    return told


def edit(kind: Any, first: int, end: int, *, revision: int) -> rc.EditSpan:
    return rc.EditSpan(
        **BY,
        edit=f"{kind}edit",
        kind=kind,
        from_ms=first * SLOT,
        to_ms=end * SLOT,
        reason="A number",
        revision=revision,
    )


def said() -> Transcript:
    cues = (
        Cue(id="c1", at_ms=0, end_ms=900, seat="seatada", text="I stay."),
        Cue(id="c2", at_ms=7_040, end_ms=8_000, seat="seatben", text="I wish I had not."),
    )
    seats = {"seatada": "Ada", "seatben": "Ben"}
    return Transcript(language="en", seats=seats, cues=cues)


async def erased(house: House, host: Host) -> Space:
    """The space after a voice was written down, its words put right, and all of it erased."""
    first = await host.settled()
    await house.objects.put(layout.transcript_draft(SPACE), transcript.encode(said()))
    await host.asks(rc.NoteTranscript(by="captions", sha256="0f", engine="e", language="en"))
    sentence = ("c2", "I wish I had not.", "I wish I had not said that.")
    before = await host.asks(rc.Correct(**BY, corrections=(sentence,)))
    text = await house.objects.whole(layout.transcript(SPACE, "txt"))
    assert text is not None
    assert b"had not said that" in text
    revision = before.replay.revision
    after = await host.asks(
        rc.Erase(
            **BY, erasure="gone", from_ms=0, to_ms=SLOTS * SLOT, seat="seatben", revision=revision
        )
    )
    assert after.version == first.version + 1

    async def redacted() -> bool:
        return not (await host.state()).replay.redact

    await until(redacted)
    return await host.asks(edit("cut", 0, 1, revision=after.replay.revision))
