"""The better pass: a real recording, posted by the archive, is written down with times."""

from __future__ import annotations

import json
import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pytest

from bench import usage
from bench.speech import BECKETT, Sound, error_rate, espeak, sample
from hustings.captions.transcripts import WORK
from hustings.formats import transcript as transcripts
from hustings.formats.transcript import Transcript
from hustings.log.follow import read_state
from hustings.space import Space, Status
from hustings.space.replay_event import Expired
from hustings.store import layout
from hustings.store.objects import Objects
from tests.archive.conftest import House as Archive
from tests.archive.conftest import until
from tests.archive.script import Script, Speaker
from tests.captions.conftest import SPACE, House

GRACE: Final = "Please open the window before the meeting begins on Monday morning."
GRACE_AT_MS: Final = 2_560


def _whole(sound: Sound, chunks: int) -> Sound:
    out = np.zeros(chunks * 15_360, np.float32)
    out[: len(sound)] = sound[: len(out)]
    return out


def _evening() -> Script:
    """Ada reads from Beckett; Grace says a sentence in between."""
    script, ada, grace = Script(SPACE), Speaker("ada"), Speaker("grace")
    script.open("ada", "grace")
    script.hold(2)
    script.go_live()
    reading = _whole(sample("beckett.wav"), 32)
    saying = _whole(np.concatenate((np.zeros(GRACE_AT_MS * 48, np.float32), espeak(GRACE))), 32)
    for at in range(0, len(reading), 15_360 * 4):
        part = slice(at, at + 15_360 * 4)
        first = script.n * 15_360
        script.stems(ada.speak(reading[part], at=first))
        script.stems(grace.speak(saying[part], at=first))
        script.live(reading[part] * 0.5 + saying[part] * 0.5)
    script.end()
    return script


async def post(house: House) -> None:
    """Have the real archive post the evening."""
    settings = msgspec.structs.replace(
        house.settings, nats_user="archive", nats_password=house.passwords["archive"]
    )
    archive = Archive(house.live_server, house.log_server, house.passwords, house.keys, settings)
    archive.closers = house.closers
    await archive.feed(_evening())
    async with archive.archive():

        async def posted() -> bool:
            state = await _state(house)
            return state.status is Status.POSTED

        await until(posted)


async def _state(house: House) -> Space:
    state, _ = await read_state(house.log, SPACE)
    assert state is not None
    return state


async def draft_of(house: House) -> Transcript:
    objects, path = Objects.open(house.settings), layout.transcript_draft(SPACE)
    size = await objects.size(path)
    assert size is not None
    return transcripts.decode(await objects.get(path, 0, size))


async def noted(house: House) -> bool:
    return bool((await _state(house)).replay.transcript)


def _hearing(root: int) -> list[int]:
    """The processes below one that hear a recording."""
    found = []
    for pid in usage.tree(root)[1:]:
        line = Path(f"/proc/{pid}/cmdline")
        if line.exists() and b"captions.hearing" in line.read_bytes():
            found.append(pid)
    return found


async def test_a_recording_is_written_down_though_its_child_is_killed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.TRANSCRIPT_AGAIN_S", 0.1)
    await post(house)
    folder = Path(house.settings.data) / "captions" / WORK / SPACE
    async with house.captions():

        async def one_is_heard() -> bool:
            return (folder / "ada.jsonl").is_file() and (folder / "ada.jsonl").stat().st_size > 0

        await until(one_is_heard, timeout=30)
        killed = _hearing(os.getpid())
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        first = (folder / "ada.jsonl").read_bytes()
        await until(lambda: noted(house), timeout=40)
        assert killed, "no child was killed"

        async def cleared() -> bool:
            return not folder.exists()

        await until(cleared)
    assert first

    draft = await draft_of(house)
    assert (draft.language, draft.engine) == ("en", "whisper-base")
    assert draft.seats == {"ada": "Ada", "grace": "Grace"}
    said = {s: " ".join(c.text for c in draft.cues if c.seat == s) for s in draft.seats}
    assert error_rate(BECKETT, said["ada"]) <= 0.1
    assert error_rate(GRACE, said["grace"]) <= 0.2
    assert [c.at_ms for c in draft.cues] == sorted(c.at_ms for c in draft.cues)
    assert [c.id for c in draft.cues] == [f"c{i}" for i in range(1, len(draft.cues) + 1)]
    for cue in draft.cues:
        assert cue.words[0][0] == cue.at_ms
        assert cue.words[-1][1] == cue.end_ms
        assert all(one[0] <= one[1] and one[0] <= two[0] for one, two in pairwise(cue.words))
    grace = next(c for c in draft.cues if c.seat == "grace")
    assert abs(grace.at_ms - GRACE_AT_MS) < 400, "words stand where they were said"
    fail = next(w for c in draft.cues for w in c.words if c.seat == "ada" and w[2] == "better.")
    assert 7_500 < fail[0] < 8_700, "as the recording has it"
    assert (await _state(house)).replay.transcript_language == "en"


async def test_of_a_recording_that_is_gone_nothing_is_written_down(house: House) -> None:
    """Its time is over while it is heard; what was fetched of it goes as well."""
    await post(house)
    folder = Path(house.settings.data) / "captions" / WORK / SPACE
    objects = Objects.open(house.settings)
    async with house.captions():
        await until(_at_work, timeout=30)
        (child,) = _hearing(os.getpid())
        os.kill(child, signal.SIGSTOP)
        await house.event(Expired(at_ms=1, by="archive"))
        os.kill(child, signal.SIGCONT)

        async def cleared() -> bool:
            return not folder.exists()

        await until(cleared, timeout=40)
    assert await objects.size(layout.transcript_draft(SPACE)) is None
    (folder / "stems").mkdir(parents=True)  # of one that was killed
    async with house.captions():
        await until(cleared)


async def _at_work() -> bool:
    return bool(_hearing(os.getpid()))


def test_the_child_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    from hustings.captions import job

    lines = (
        {"to": 16_000, "words": [[0, 500, " One"]], "done": False},
        {"to": 48_000, "words": [[1_200, 1_700, " two."]], "done": False},
    )
    whole = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "ada.jsonl").write_text(whole + '{"to": 9')
    assert [w.text for w in job.heard(tmp_path, "ada")] == [" One", " two."]
    assert (tmp_path / "ada.jsonl").read_text() == whole, "half a line is cut off"
    assert job.heard(tmp_path, "grace") == []
