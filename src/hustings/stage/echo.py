"""The echo watch: finds seats that send back what they were sent, from loudspeaker to microphone.

Real-time contract: called in every tick; pure; bounded by the seats that are there.

What comes from a seat is compared with what the others said 60 to 600 ms before: loudness in six
bands, every 20 ms over three seconds, by normalised cross-correlation. That is blind to all that a
room does to a sound, and cheap. Sound that repeats itself (a beat, a ringing) agrees with whatever
is played to it, so it proves nothing. A shorter delay is a second microphone in one room, which
hears the speaker and no loudspeaker. One match may be chance; it takes several in a row at one
delay. Whoever talks over an echo hides it, which does no harm: then the others do not hear it
either. Who repeats another's words just after them is taken for an echo, as by the ear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hustings.clock import TICK_SAMPLES
from hustings.stage.seat import Seat

Array = NDArray[np.float32]
_Tick: TypeAlias = tuple[list[Array | None], list[bool], list[bool]]  # frame, on air, speaks

_DECIMATION: Final = 6  # to 8 kHz: what loudspeakers of telephones carry
_EDGES: Final = (3, 6, 10, 16, 24, 38, 60)  # of the bands, in steps of 50 Hz: 150 Hz to 3 kHz
_BANDS: Final = len(_EDGES) - 1
_QUIET_DBFS: Final = -65.0  # below, there is nothing to compare
_FLOOR: Final = np.float32(1e-7)  # band power that counts as silence; keeps the noise's ripple out
_WINDOW: Final = 150  # ticks: 3 s
_BEFORE: Final = 10  # ticks by which a match may come too early to be an echo
_NEAREST: Final = 3  # ticks: no way through a network, two buffers and a room is shorter
_FARTHEST: Final = 30  # ticks: 600 ms
_PERIODS: Final = range(10, 60)  # ticks: what repeats itself does so 50 to 300 times a minute
_HELD: Final = _WINDOW + _PERIODS.stop
_BATCH: Final = 5  # ticks that are measured together: it costs half, and 100 ms are soon enough
_LOOK_BATCHES: Final = 5  # half a second between two looks at one seat
_TALK_TICKS: Final = 75  # of what is held, in which others must have spoken, and it be heard
_SAME_DELAY: Final = 2  # ticks by which two matches of one echo differ at most
_SURE: Final = 6  # matches more than misses
_MOST: Final = 8
_ZERO: Final = np.zeros((1, _BANDS), np.float32)
_ROWS: Final = 8  # seats by which the memory grows

# tests/stage/test_echo.py: echoes reach 0.71 to 0.93, voices that say other things up to 0.55.
MATCH: Final = 0.62
REPEATS: Final = 0.6  # speech agrees with itself later by up to 0.45, a beat by 0.8 and more


class _Rows:
    """The last seconds of all seats, a column each: one write a tick, however many there are.

    Bands are written twice, so that the newest rows always lie in one piece.
    """

    def __init__(self, seats: int) -> None:
        self.heard = np.zeros((2 * _HELD, seats, _BANDS), np.float32)
        self.sent = np.zeros((2 * _HELD, seats, _BANDS), np.float32)
        self.loud = np.zeros((_HELD, seats), bool)
        self.spoken = np.zeros((_HELD, seats), bool)
        self.at = 0

    def add(self, powers: Array, aired: Array, speaking: Array) -> None:
        """Take a batch: power by tick, seat and band; by tick and seat who is on air and speaks."""
        at, seats = self.at, powers.shape[1]
        own = powers * aired[:, :, None]
        heard = np.log10(powers + _FLOOR)
        sent = np.log10(np.maximum(own.sum(axis=1, keepdims=True) - own, 0) + _FLOOR)
        for row in (at, at + _HELD):
            self.heard[row : row + _BATCH, :seats] = heard
            self.sent[row : row + _BATCH, :seats] = sent
        self.loud[at : at + _BATCH, :seats] = powers[:, :, 0] > 0
        self.spoken[at : at + _BATCH, :seats] = speaking.sum(axis=1, keepdims=True) > speaking
        self.at = (at + _BATCH) % _HELD

    def match(self, seat: int) -> tuple[int, float]:
        """The delay in ticks at which bands agree best, and how well, -1 to 1."""
        newest = self.at + _HELD
        heard = self.heard[newest - _BEFORE - _WINDOW : newest - _BEFORE, seat]
        sent = self.sent[newest - _BEFORE - _WINDOW - _FARTHEST : newest, seat]
        found = _agreement(heard, sent)
        best = int(np.argmax(found))
        return _FARTHEST - best, float(found[best])

    def repeats(self, seat: int) -> float:
        """How well what the seat was sent agrees with itself some time before, -1 to 1."""
        newest = self.at + _HELD
        sent = self.sent[newest - _WINDOW : newest, seat]
        before = self.sent[newest - _WINDOW - _PERIODS[-1] : newest - _PERIODS[0], seat]
        return float(_agreement(sent, before).max())

    def forget(self, seat: int) -> None:
        """Another seat takes the column."""
        self.heard[:, seat] = self.sent[:, seat] = 0
        self.loud[:, seat] = self.spoken[:, seat] = False


def _agreement(late: Array, early: Array) -> Array:
    """How well the bands of `late` agree with those of each stretch of `early` that is as long."""
    length = len(late)
    late = late - late.mean(axis=0)
    both = sum(np.correlate(early[:, band], late[:, band]) for band in range(_BANDS))
    sums = np.cumsum(np.vstack((_ZERO, early)), axis=0, dtype=np.float64)
    squares = np.cumsum(np.vstack((_ZERO, early * early)), axis=0, dtype=np.float64)
    means = (sums[length:] - sums[:-length]) / length
    powers = (squares[length:] - squares[:-length] - length * means * means).sum(axis=1)
    power = max(float(np.vdot(late, late)), 1.0)
    agreement: Array = both / np.sqrt(np.maximum(powers, 1.0) * power)
    return agreement


class _Ear:
    """What is known of one seat; `delay` is that of its last match."""

    __slots__ = ("delay", "score", "told")

    def __init__(self) -> None:
        self.delay = self.score = 0
        self.told = False

    def found(self, delay: int) -> None:
        """A match, or a miss (0)."""
        if not delay:
            self.score = max(0, self.score - 1)
        elif self.score and abs(delay - self.delay) > _SAME_DELAY:
            self.score -= 1
        else:
            self.delay = delay
            self.score = min(_MOST, self.score + 1)


class EchoWatch:
    """The echo watch over one space."""

    def __init__(self) -> None:
        self._ears: dict[str, _Ear] = {}
        self._order: list[str] = []  # the seat of each column
        self._rows = _Rows(_ROWS)
        self._batch: list[_Tick] = []
        self._batches = 0

    def update(self, seats: Sequence[Seat]) -> list[tuple[str, bool]]:
        """Seats of which it is certain by now that they send an echo (True), or no more (False).

        Those that have left are forgotten without a word.
        """
        names = [seat.id for seat in seats]
        if names != self._order:
            self._seat(names)
        if len(seats) < 2:
            return []
        self._batch.append(_tick(seats))
        if len(self._batch) < _BATCH:
            return []
        self._batches += 1
        self._rows.add(*_measured(self._batch, len(seats)))
        self._batch = []
        changes = []
        for i, seat in enumerate(seats):
            ear = self._ears[seat.id]
            if seat.muted:
                ear.score = 0
            elif (self._batches + i) % _LOOK_BATCHES == 0:
                self._look(i, ear)
            echoes = ear.score > 0 if ear.told else ear.score >= _SURE
            if echoes is not ear.told:
                ear.told = echoes
                changes.append((seat.id, echoes))
        return changes

    def _look(self, i: int, ear: _Ear) -> None:
        rows = self._rows
        if np.count_nonzero(rows.spoken[:, i]) < _TALK_TICKS:
            return
        if np.count_nonzero(rows.loud[:, i]) < _TALK_TICKS:
            ear.found(0)
            return
        delay, match = rows.match(i)
        if match < MATCH or delay < _NEAREST or rows.repeats(i) > REPEATS:
            delay = 0
        ear.found(delay)

    def _seat(self, names: list[str]) -> None:
        """Others are there: their columns begin anew."""
        self._batch = []
        if len(names) > self._rows.spoken.shape[1]:
            self._rows = _Rows(-(-len(names) // _ROWS) * _ROWS)
            self._order = []
        for i, name in enumerate(names):
            if i >= len(self._order) or self._order[i] != name:
                self._rows.forget(i)
        self._order = names
        self._ears = {name: self._ears.get(name) or _Ear() for name in names}


def _tick(seats: Sequence[Seat]) -> _Tick:
    frames = [seat.raw if seat.level_dbfs > _QUIET_DBFS else None for seat in seats]
    aired = [not seat.muted for seat in seats]
    return frames, aired, [seat.speaking and on for seat, on in zip(seats, aired, strict=True)]


def _measured(batch: Sequence[_Tick], seats: int) -> tuple[Array, Array, Array]:
    """By tick and seat: the power in each band (silence is 0), who is on air, and who speaks."""
    powers = np.zeros((len(batch) * seats, _BANDS), np.float32)
    frames = [frame for tick, _, _ in batch for frame in tick]
    loud = [i for i, frame in enumerate(frames) if frame is not None]
    if loud:
        frame = np.stack([frame for frame in frames if frame is not None])
        slow = frame[:, ::_DECIMATION].copy()
        for i in range(1, _DECIMATION):
            slow += frame[:, i::_DECIMATION]
        spectrum = np.fft.rfft(slow, axis=1)[:, : _EDGES[-1]]
        power = (spectrum.real**2 + spectrum.imag**2) / np.float32(TICK_SAMPLES**2)
        powers[loud] = np.add.reduceat(power, _EDGES[:-1], axis=1)
    aired = np.array([aired for _, aired, _ in batch], np.float32)
    speaking = np.array([speaking for _, _, speaking in batch], np.float32)
    return powers.reshape(len(batch), seats, _BANDS), aired, speaking
