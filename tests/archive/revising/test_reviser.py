"""Wishes of hosts carried out by a real archive, on a real log: what is heard afterwards, and what
is nowhere any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from hustings.archive.verify import verify_folder
from hustings.formats import transcript
from hustings.formats.transcript import Cue, Transcript
from hustings.log.contract import Live, Log
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Command, Refusal, Space
from hustings.space import replay_command as rc
from hustings.space.replay import Heading
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


async def test_a_recording_is_mastered_and_cut(house: House, tmp_path: Path) -> None:
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    async with house.archive():
        first = await host.settled()
        assert (first.replay.revision, first.version) == (2, 0)
        await host.wishes(edit("silence", 0, 5, revision=2))
        edited = await host.asks(edit("cut", 10, 20, revision=2))
        assert edited.recording_seconds == pytest.approx((SLOTS - 10) * 0.32)
    folder = await copied(house, tmp_path / "edited")
    version = folder / f"versions/{edited.version}"
    assert [path.name for path in (folder / "versions").iterdir()] == [version.name]
    heard = powers(version / "replay.m4a")
    assert len(heard[ADA_HZ]) == SLOTS - 10
    assert [slot for slot, level in enumerate(heard[BEN_HZ]) if level > -30] == [*range(10, 20)]
    assert all(level < -60 for level in heard[ADA_HZ][:4])
    assert all(level > -30 for level in heard[ADA_HZ][6:])
    assert len(powers(folder / "replay.m4a")[ADA_HZ]) == SLOTS
    told = receipt_of(folder)
    assert [(one["kind"], one["at_ms"], one["length_ms"]) for one in told["edits"]] == [
        ("silence", 0, 5 * SLOT),
        ("cut", 10 * SLOT, 10 * SLOT),
    ]
    assert told["published"]["duration_ms"] == (SLOTS - 10) * SLOT
    assert "LUFS" in told["loudness"]["integrated"]
    assert f"versions/{edited.version}/master.m4a" in {one["name"] for one in told["files"]}
    assert verify_folder(folder, house.keys.receipt_public()).problems == ()


async def test_what_was_cut_is_put_back_and_chapters_are_named(
    house: House, tmp_path: Path
) -> None:
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    async with house.archive():
        await host.settled()
        await host.asks(edit("cut", 10, 20, revision=2))
        await host.wishes(rc.UndoEdit(**BY, edit="cutedit"))
        revision = (await host.state()).replay.revision
        chapters = (Heading(0, "First"), Heading(15 * SLOT, "Second"))
        command = rc.SetChapters(**BY, chapters=chapters, revision=revision)
        last = await host.asks(command)
    folder = await copied(house, tmp_path / "last")
    with av.open(str(folder / f"versions/{last.version}/replay.m4a")) as container:
        titles = [one["metadata"]["title"] for one in container.chapters()]
        assert container.duration == SLOTS * SLOT * 1000
    assert titles == ["First", "Second"]
    numbers = sorted(int(path.stem) for path in (folder / "receipts").iterdir())
    assert numbers == list(range(1, last.replay.revision + 1))
    assert "edits" not in receipt_of(folder)
    assert verify_folder(folder, house.keys.receipt_public()).problems == ()


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


async def test_a_voice_that_is_erased_is_nowhere_any_more(house: House, tmp_path: Path) -> None:
    await house.feed(evening())
    log, _ = await house.connect("archive")
    async with house.archive():
        # The last wish is counted on, although entries of the log are gone.
        after = await erased(house, Host(*await house.connect("web")))
        folder = await copied(house, tmp_path / "after")
        left = [entry async for entry in log.read(SPACE, [Kind.MIX, Kind.STEM, Kind.EV])]
    version = f"versions/{after.version}"
    for name in ("replay.m4a", "replay.opus", f"{version}/replay.m4a", f"{version}/replay.opus"):
        heard = powers(folder / name)
        assert len(heard[ADA_HZ]) == SLOTS - name.startswith(version)
        assert all(level > -30 for level in heard[ADA_HZ][1:-1]), name
        assert all(level < -50 for level in heard[BEN_HZ]), name
    assert [path.stem for path in folder.rglob("*.opus") if "seat" in path.name] == ["seatada"] * 2
    assert {entry.kind for entry in left} == {Kind.EV}
    everywhere = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for data in (*everywhere, *(entry.data for entry in left)):
        assert b"I wish" not in data
    told = receipt_of(folder)["erased"]
    assert [(one["kind"], one["length_ms"]) for one in told] == [("seat", SLOTS * SLOT)]
    assert verify_folder(folder, house.keys.receipt_public()).problems == ()


async def test_a_clip_is_made_and_goes_again(house: House, tmp_path: Path) -> None:
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    async with house.archive():
        await host.settled()
        clip = rc.MakeClip(
            **BY, clip="clip", from_ms=10 * SLOT, to_ms=14 * SLOT, title="Best", revision=2
        )
        await host.asks(clip)
        folder = await copied(house, tmp_path / "with")
        names = {path.name for path in (folder / "clips/clip").iterdir()}
        assert names == {"clip.json", "audio.m4a", "video-square.mp4", "card.webp"}
        heard = powers(folder / "clips/clip/audio.m4a")
        assert len(heard[ADA_HZ]) == 4
        assert verify_folder(folder, house.keys.receipt_public()).problems == ()
        await host.asks(rc.RenameClip(**BY, clip="clip", shapes=("tall",)))
        shapes = {path.stem for path in (await copied(house, tmp_path / "tall")).rglob("*.mp4")}
        assert shapes == {"video-tall"}
        await host.asks(rc.RemoveClip(**BY, clip="clip"))
    folder = await copied(house, tmp_path / "without")
    assert not (folder / "clips").exists()
    assert "clips" not in json.dumps(receipt_of(folder)["files"])
