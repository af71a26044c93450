"""The programme's feed, decoded: what is in which chunk, and nothing of it in any other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hustings.chunk import Chunk, Programme
from hustings.clock import TICKS_PER_CHUNK
from hustings.stage.air import Air
from hustings.stage.delay import DelayLine
from hustings.stage.encoder import ProgrammeEncoder
from hustings.stage.programme import ProgrammeFeed
from tests import tones
from tests.stage.sounding import aac_sound, of_chunk, opus_sound

MIX_HZ = 1_000
# The hold sound lies below 350 Hz; what is this far down is not heard beside it.
GONE_DBFS = -75.0
TONE = tones.frames(tones.tone(MIX_HZ, 1.0))


class Feeding:
    """A feed whose mix is a tone that never ends."""

    def __init__(self, *, told: bool = False, delay_chunks: int = 0) -> None:
        self.air = Air()
        self.out: list[Chunk | tuple[int, bool]] = []
        self.slot = 0
        self.feed = ProgrammeFeed(
            air=self.air,
            delay=DelayLine(delay_chunks),
            encoder=ProgrammeEncoder(opus_bps=64_000, aac_bps=128_000, opus_complexity=5),
            epoch=9,
            boot_id=bytes(range(16)),
            told=told,
            stamp=lambda n: 1_000 + n,
            emit=self.out.append,
            on_air=lambda n, live: self.out.append((n, live)),
        )

    @property
    def chunks(self) -> list[Chunk]:
        return [one for one in self.out if isinstance(one, Chunk)]

    def run(self, slots: int, sound: list[tones.Sound] = TONE) -> None:
        for _ in range(slots):
            self.feed.tick(self.slot, sound[self.slot % 50])
            self.slot += 1
            if self.slot % TICKS_PER_CHUNK == 0:
                self.finish()  # the helper thread is given less than it can take

    def want(self, live: bool, *, settle: int = 0) -> None:
        self.air.want(live, slot=self.slot, settle=settle)

    def finish(self) -> list[Chunk]:
        deadline = time.monotonic() + 10
        while not self.feed.complete and time.monotonic() < deadline:
            self.feed.poll()
            time.sleep(0.002)
        assert self.feed.complete
        return self.chunks


@pytest.fixture
def feeding() -> Iterator[Feeding]:
    made = Feeding()
    yield made
    made.feed.close()


def test_the_mix_is_in_live_chunks_only_in_both_codecs(feeding: Feeding) -> None:
    feeding.run(TICKS_PER_CHUNK * 2 + 5)
    feeding.want(True)
    feeding.run(TICKS_PER_CHUNK * 4)
    feeding.want(False)
    feeding.run(TICKS_PER_CHUNK * 3 - 5)
    chunks = feeding.finish()
    assert [chunk.n for chunk in chunks] == list(range(9))
    assert [int(chunk.programme) for chunk in chunks] == [0, 0, 0, 1, 1, 1, 1, 0, 0]
    decoders: tuple[Callable[[list[Chunk]], tones.Sound], ...] = (opus_sound, aac_sound)
    for decode in decoders:
        sound = decode(chunks)
        for index, chunk in enumerate(chunks[:-1]):
            level = tones.tone_level_dbfs(of_chunk(sound, index), MIX_HZ)
            if chunk.programme is Programme.LIVE:
                assert level > -15
            else:
                assert level < GONE_DBFS
        # Nothing of the hold sound in the recording, not even while it changes.
        for index in (3, 4, 5, 6):
            assert all(
                tones.tone_level_dbfs(of_chunk(sound, index), hz) < -60 for hz in (110, 147, 220)
            )


def test_what_waits_in_jitter_buffers_is_not_let_in(feeding: Feeding) -> None:
    feeding.run(TICKS_PER_CHUNK - 1)
    feeding.want(True, settle=9)
    feeding.run(TICKS_PER_CHUNK * 2 + 1)
    sound = opus_sound(feeding.finish())
    live = of_chunk(sound, 1)
    assert tones.tone_level_dbfs(live[: 7 * 960], MIX_HZ) < GONE_DBFS
    assert tones.tone_level_dbfs(live[10 * 960 :], MIX_HZ) > -15


def test_changes_do_not_click(feeding: Feeding) -> None:
    feeding.run(20)
    feeding.want(True)
    feeding.run(30)
    feeding.want(False)
    feeding.run(30)
    sound = opus_sound(feeding.finish())
    tone_step = 0.25 * 2 * np.pi * MIX_HZ / tones.RATE
    assert np.abs(np.diff(sound)).max() < 1.3 * tone_step


def test_each_change_is_told_between_its_chunks(feeding: Feeding) -> None:
    feeding.run(3)
    feeding.want(True)
    feeding.run(TICKS_PER_CHUNK * 2)
    feeding.want(False)
    feeding.run(TICKS_PER_CHUNK * 2 - 3)
    feeding.finish()
    order = [one.n if isinstance(one, Chunk) else one for one in feeding.out]
    assert order == [0, (1, True), 1, 2, (3, False), 3]


def test_a_takeover_tells_only_what_the_log_does_not_hold() -> None:
    feeding = Feeding(told=True)
    feeding.want(True)
    feeding.run(TICKS_PER_CHUNK)
    chunks = feeding.finish()
    feeding.feed.close()
    assert [one for one in feeding.out if not isinstance(one, Chunk)] == []
    assert chunks[0].programme is Programme.LIVE


def test_chunks_carry_epoch_boot_and_the_end_of_their_span(feeding: Feeding) -> None:
    feeding.run(TICKS_PER_CHUNK * 2)
    chunks = feeding.finish()
    assert [(c.epoch, c.boot_id, c.boottime_ns) for c in chunks] == [
        (9, bytes(range(16)), 1_000),
        (9, bytes(range(16)), 1_001),
    ]


def test_skipped_slots_keep_the_length_and_are_silent(feeding: Feeding) -> None:
    feeding.want(True)
    feeding.run(20)
    for slot in range(20, 28):
        feeding.feed.skip(slot)
    feeding.slot = 28
    feeding.run(20)
    chunks = feeding.finish()
    assert len(chunks) == 3
    sound = opus_sound(chunks)
    assert tones.tone_level_dbfs(sound[22 * 960 : 27 * 960], MIX_HZ) < -60
    assert tones.tone_level_dbfs(sound[30 * 960 : 44 * 960], MIX_HZ) > -15
    assert tones.tone_level_dbfs(aac_sound(chunks)[22 * 960 : 27 * 960], MIX_HZ) < -60


def test_chunks_that_are_left_out_leave_a_hole_in_the_numbers(feeding: Feeding) -> None:
    feeding.run(TICKS_PER_CHUNK)
    feeding.want(True)
    feeding.slot = 5 * TICKS_PER_CHUNK
    feeding.run(TICKS_PER_CHUNK)
    chunks = feeding.finish()
    assert [(chunk.n, chunk.programme) for chunk in chunks] == [
        (0, Programme.HOLD),
        (5, Programme.LIVE),
    ]
    assert (5, True) in feeding.out


SAID = 1_500  # of words that are said shortly before a cut
DECODERS: tuple[Callable[[list[Chunk]], tones.Sound], ...] = (opus_sound, aac_sound)
WORDS = tones.frames(tones.tone(SAID, 1.0))


@pytest.mark.parametrize("delay_chunks", [0, 4])
@pytest.mark.parametrize("into", [0, 1, 7, 14, 15])
def test_after_a_cut_nothing_that_was_said_in_the_delay_is_heard(
    into: int, delay_chunks: int
) -> None:
    feeding = Feeding(delay_chunks=delay_chunks)
    feeding.want(True)
    cut = TICKS_PER_CHUNK * (6 + delay_chunks) + into
    # The last frame that may be heard, faded, was said a delay ago; all that follows may not.
    feeding.run(cut - feeding.feed.delay.slots + 1 if delay_chunks else cut)
    feeding.run(cut - feeding.slot, WORDS)
    feeding.feed.cut(cut)
    if not delay_chunks:
        feeding.run(1)
    feeding.run((10 + 2 * delay_chunks) * TICKS_PER_CHUNK - feeding.slot, WORDS)
    chunks = feeding.finish()
    feeding.feed.close()
    assert any(chunk.programme is Programme.LIVE for chunk in chunks)
    off_air = -(-cut // TICKS_PER_CHUNK)
    assert all(c.programme is Programme.HOLD for c in chunks if c.n >= off_air)
    for decode in DECODERS:
        sound = decode(chunks)[: len(chunks) * 15_360 - 2_048]
        assert max(tones.tone_level_dbfs(part, SAID) for part in tones.frames(sound)) < -40
        # Silent within two ticks, however far the next boundary is; then the hold sound.
        after = sound[(cut + 2) * 960 :]
        assert max(tones.tone_level_dbfs(part, MIX_HZ) for part in tones.frames(after)) < -40
        border = (off_air * TICKS_PER_CHUNK - cut - 3) * 960
        if border > 960:
            assert np.abs(after[960:border]).max() < 1e-3
        assert np.abs(sound[(off_air + 1) * 15_360 :]).max() > 1e-3
        before = sound[(cut - 10) * 960 : (cut - 2) * 960]
        assert tones.tone_level_dbfs(before, MIX_HZ) > -15
