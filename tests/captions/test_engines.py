"""Engines are found by entry point, an operator's own first; and what they cost is bounded."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path

import numpy as np
import pytest

from bench.speech import espeak
from hustings.captions.engine import primary
from hustings.captions.engines import Engines
from tests.archive.conftest import until
from tests.captions.conftest import House
from tests.captions.test_transcripts import draft_of, noted, post

EXAMPLE = Path(__file__).with_name("example")
SENTENCE = "Please open the window before the meeting begins on Monday morning."


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's package is installed."""
    monkeypatch.syspath_prepend(EXAMPLE)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLE))  # of the child that hears recordings


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A folder of models with which the example takes 0.4 s for each answer."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "parrot.json").write_text(json.dumps({"takes_s": 0.4}))
    return folder


def test_without_others_ours_hear(tmp_path: Path) -> None:
    engines = Engines(models=None, cache=tmp_path)
    live, whole = engines.live("en-GB"), engines.whole("de_AT")
    assert live is not None
    assert whole is not None
    assert (live.name, whole.name) == ("moonshine-tiny-en", "whisper-base")
    assert engines.live("de") is None
    assert engines.whole("xx") is None
    assert primary("pt_BR") == "pt"


@pytest.mark.usefixtures("parrot")
def test_an_engine_of_ones_own_comes_first(tmp_path: Path) -> None:
    engines = Engines(models=None, cache=tmp_path)
    assert [one.name for one in engines.all] == ["parrot", "moonshine-tiny-en", "whisper-base"]
    assert engines.live("de") is engines.whole("en") is engines.all[0]


def test_one_that_cannot_be_loaded_is_told_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in (("gone", "no_such_module:Engine"), ("wrong", "json:dumps")):
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (folder / "entry_points.txt").write_text(f"[hustings.captions]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with caplog.at_level(logging.ERROR):
        engines = Engines(models=None, cache=tmp_path)
    assert [one.name for one in engines.all] == ["moonshine-tiny-en", "whisper-base"]
    assert "gone (no_such_module:Engine) is left out" in caplog.text
    assert "wrong (json:dumps) is left out" in caplog.text


@pytest.mark.usefixtures("parrot")
async def test_it_captions_and_transcribes(house: House) -> None:
    await post(house)
    async with house.captions():
        await until(lambda: noted(house), timeout=10)
    draft = await draft_of(house)
    assert draft.engine == "parrot"
    assert {cue.seat for cue in draft.cues} == {"ada", "grace"}
    assert "".join(cue.text for cue in draft.cues).count("seconds.") >= 2


@pytest.mark.usefixtures("parrot")
async def test_on_overload_partials_go_first_then_sentences_are_left_out(
    house: House, slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four seats, four times as fast as people speak, and an engine that takes its time."""
    monkeypatch.setattr("hustings.limits.CAPTION_FINAL_WAIT_S", 2.0)
    monkeypatch.setattr("hustings.captions.pace._DOWN_AGAIN_S", 0.5)
    monkeypatch.setattr("hustings.captions.service._FIGURES_S", 0.1)
    seats = ("ada", "grace", "hedy", "mary")
    await house.go_live(*seats)
    turn = np.concatenate((espeak(SENTENCE), np.zeros(48_000, np.float32)))
    sounds = dict.fromkeys(seats, np.tile(turn, 3))
    async with house.captions(captions_model_dir=str(slow)):
        began = time.monotonic()
        await house.say(sounds, pace=4)
        took = time.monotonic() - began
        spoken_s = len(turn) * 3 / 48_000
        assert took < spoken_s / 4 + 1.5, "whoever logs the sound does not wait"

        def figure(name: str) -> float:
            text = (Path(house.settings.data) / "captions" / "metrics.prom").read_text()
            line = next(x for x in text.splitlines() if x.startswith(f"hustings_captions_{name} "))
            return float(line.split()[1])

        async def told() -> bool:
            await asyncio.sleep(0.1)
            return figure("skipped_total") > 0

        await until(told, timeout=10)
        assert figure("rung") == 3, "nobody is heard before they have ended"
        assert figure("skipped_seconds_total") > 3
        assert figure("wait_seconds") <= 2.5
        partials = [t.at for t in house.told if not t.caption["final"]]
        late = [at for at in partials if at > began + took - 1.0]
        assert len(late) < len(partials) / 3, "they became rarer"
        # When there is time again, what is said is captioned at once.
        count = len(house.finals("ada"))
        await house.say({"ada": turn}, pace=4, at=round((spoken_s + 10) * 48_000))

        async def again() -> bool:
            return len(house.finals("ada")) > count

        await until(again, timeout=5)
