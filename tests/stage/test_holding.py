"""A host's own hold sound on a real stage: heard in the chunks, across the loop's seam."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from hustings import limits
from hustings.audio import loop
from hustings.chunk import Chunk
from hustings.formats import wav
from hustings.space import Role
from hustings.space import command as c
from hustings.store import layout
from hustings.store.objects import Objects
from tests import tones
from tests.peers import until
from tests.stage.hall import Hall, hall
from tests.stage.sounding import aac_sound, opus_sound

__all__ = ["hall"]

HZ = 1_000.7
SOUND = "0123456789abcdef" * 2


def file_of(hz: float, seconds: float) -> bytes:
    """A tone that does not fit, made into a loop as the studio makes it."""
    at = np.arange(round(seconds * tones.RATE)) / tones.RATE
    made = loop.levelled(loop.looped((0.2 * np.sin(2 * np.pi * hz * at)).astype(np.float32)))
    pcm = np.round(made * 32767).astype("<i2")
    return wav.head(len(pcm)) + pcm.tobytes()


async def opened(hall: Hall, folder: Path) -> Objects:
    """A space whose doors are open, with a hold sound of its own; returns the store."""
    await hall.stage(data=str(folder))
    await hall.decide(c.Schedule(by="web", title="A test", hold_sound=SOUND))
    return Objects.open(hall.settings(data=str(folder)))


def heard(chunks: list[Chunk], hz: float = HZ) -> float:
    return tones.tone_level_dbfs(opus_sound(chunks)[9_600:14_400], hz)


async def test_it_is_heard_without_a_seam(hall: Hall, tmp_path: Path) -> None:
    store = await opened(hall, tmp_path)
    await store.put(layout.sound(SOUND), file_of(HZ, 1.37))
    await hall.doors()
    await until(lambda: hall.chunks and heard(hall.chunks[-1:]) > -35)
    first = len(hall.chunks)
    await until(lambda: len(hall.chunks) >= first + 10)
    for decode in (opus_sound, aac_sound):
        sound = decode(hall.chunks[first:])[4_800:-4_800]
        assert len(sound) > 2 * 1.37 * tones.RATE, "two seams at least"
        levels = [tones.tone_level_dbfs(part, HZ) for part in tones.frames(sound, 2_400)]
        assert max(levels) - min(levels) < 0.5
        # No click: nothing in it is sharper than the tone itself.
        bends = np.abs(np.diff(sound.astype(np.float64), n=2))
        assert bends.max() < 1.6 * np.percentile(bends, 95)


async def test_while_it_cannot_be_had_the_built_in_one_is_heard(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HOLD_AGAIN_S", 0.2)
    store = await opened(hall, tmp_path)
    await hall.doors()
    await until(lambda: len(hall.chunks) >= 3)
    assert tones.level_dbfs(opus_sound(hall.chunks)) > -60
    assert heard(hall.chunks[-1:]) < -60
    await store.put(layout.sound(SOUND), b"no sound at all")
    await asyncio.sleep(0.5)
    await store.put(layout.sound(SOUND), file_of(HZ, 2.0))
    await until(lambda: heard(hall.chunks[-1:]) > -35)
    # A change fades, at a boundary: nothing in it is sharper than what is played.
    sound = opus_sound(hall.chunks)
    bends = np.abs(np.diff(sound.astype(np.float64), n=2))
    assert bends.max() < 1.6 * bends[-4_800:].max()
    other = SOUND[::-1]
    await store.put(layout.sound(other), file_of(1_500, 2.0))
    await hall.decide(c.Edit(by="web", role=Role.HOST, hold_sound=other))
    await until(lambda: heard(hall.chunks[-1:], 1_500) > -35)
    await hall.decide(c.Edit(by="web", role=Role.HOST, hold_sound=""))
    await until(lambda: heard(hall.chunks[-1:], 1_500) < -60)
