"""A live space is captioned: on the live path while people speak, in the log when they have."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from bench.speech import RATE, Sound, error_rate, espeak
from hustings.captions.metrics import FILE
from hustings.captions.service import WORK
from tests.archive.conftest import until
from tests.captions.conftest import House

ADA: Final = "Please open the window before the meeting begins on Monday morning."
GRACE: Final = "A good neighbour sometimes brings fresh bread and coffee."


def _after(seconds: float, text: str) -> Sound:
    """A sentence after so long, and a second of silence."""
    silence = np.zeros(RATE, np.float32)
    return np.concatenate((silence[: round(seconds * RATE)], espeak(text), silence))


async def test_two_who_speak_at_once_are_captioned_each(house: House) -> None:
    await house.go_live("ada", "grace")
    sounds = {"ada": _after(0, ADA), "grace": _after(0.5, GRACE)}
    async with house.captions():
        await house.say(sounds)

        async def heard() -> bool:
            return all(
                error_rate(text, " ".join(c["text"] for c in house.finals(seat))) <= 0.3
                for seat, text in (("ada", ADA), ("grace", GRACE))
            )

        await until(heard, timeout=5)
        logged = await house.logged()
    for seat in ("ada", "grace"):
        told = [t for t in house.told if t.caption["seat"] == seat]
        partials = [t for t in told if not t.caption["final"]]
        assert partials, "people read along"
        assert {t.caption["name"] for t in told} == {seat.title()}
        finals = house.finals(seat)
        assert {c["id"] for c in finals} >= {t.caption["id"] for t in partials}
        assert [c["at_ms"] for c in finals] == sorted(c["at_ms"] for c in finals)
        own = [(c.id, c.at_ms, c.end_ms, c.text) for c in logged if c.seat == seat]
        assert own == [(c["id"], c["at_ms"], c["end_ms"], c["text"]) for c in finals]
        onset_ms = 0 if seat == "ada" else 500
        assert abs(finals[0]["at_ms"] - onset_ms) < 300
        assert abs(finals[-1]["end_ms"] - (len(sounds[seat]) * 1000 // RATE - 1000)) < 400
    assert {c.language for c in logged} == {"en"}
    assert {c.engine for c in logged} == {"moonshine-tiny-en"}


async def test_a_language_that_nobody_hears_live_is_left_alone(house: House) -> None:
    await house.go_live("ada", language="de")
    async with house.captions():
        await house.say({"ada": espeak("Guten Abend, meine Damen und Herren.", voice="de")}, pace=4)
        await house.end()
        await asyncio.sleep(0.3)
    assert not house.told
    assert await house.logged() == []


async def test_the_last_word_before_the_end_is_captioned(house: House) -> None:
    """Nobody pauses before a space is ended: what is open then is heard all the same."""
    await house.go_live("ada")
    async with house.captions():
        sound = espeak("And with that we are at the end of our evening.")
        await house.say({"ada": sound[: len(sound) - RATE // 10]})
        await house.end()

        async def there() -> bool:
            return bool(await house.logged())

        await until(there, timeout=4)
    assert "evening" in (await house.logged())[-1].text.lower()


async def test_killed_in_mid_speech_it_goes_on_where_it_was(house: House) -> None:
    await house.go_live("ada")
    text = f"{ADA} {GRACE}"
    sound = np.concatenate((_after(0, ADA)[: -RATE // 2], _after(0, GRACE)))
    process = await house.process()
    saying = asyncio.create_task(house.say({"ada": sound}))

    async def second_began() -> bool:
        return len(house.finals("ada")) >= 1 and not house.told[-1].caption["final"]

    try:
        await until(second_began, timeout=20)
        assert not saying.done(), "it was not killed in mid-speech"
        os.kill(process.pid, signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        before = len(await house.logged())
        process = await house.process()
        await saying

        async def whole() -> bool:
            said = " ".join(c.text for c in await house.logged())
            return error_rate(text, said) <= 0.3

        await until(whole, timeout=10)
    finally:
        process.terminate()
        assert await process.wait() == 0
    logged = await house.logged()
    assert len(logged) > before
    for one, other in pairwise(logged):
        assert other.at_ms >= one.end_ms - 300, "nothing is captioned twice"


async def test_figures_are_kept_in_a_file(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.captions.service._FIGURES_S", 0.1)
    await house.go_live("ada")
    async with house.captions():
        file = tmp_path / "data" / WORK / FILE

        async def written() -> bool:
            return file.is_file() and "hustings_captions_spaces 1" in file.read_text()

        await until(written, timeout=8)


async def test_left_behind_it_leaps_and_misses_nothing_that_was_decided(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything counts as too late: sound is left out, the end of the space is not."""
    monkeypatch.setattr("hustings.limits.CAPTION_BEHIND_S", -1.0)
    await house.go_live("ada")
    async with house.captions():
        await house.say({"ada": espeak(ADA)}, pace=8)
        figures = Path(house.settings.data) / WORK / FILE
        monkeypatch.setattr("hustings.captions.service._FIGURES_S", 0.1)
        await house.end()

        async def over() -> bool:
            return figures.is_file() and "hustings_captions_spaces 0" in figures.read_text()

        await until(over, timeout=15)
    assert not house.told
