"""The jitter buffer: packets as they come in, an even row of 20 ms frames out.

Runs in the 20 ms tick and for each packet: never blocks, holds at most
`limits.JITTER_PACKETS_COUNT` packets, and no packet, however malformed, raises. Time comes in as an
argument; the same pushes and pulls give the same sound.

- A packet that is missing when its turn comes is rebuilt from the copy in the next one (in-band
  FEC), else concealed; after 100 ms without sound comfort noise fades out and the seat is silent.
- Where packets are late rather than lost, concealment does not advance the sender's time: the late
  packet is still played, and from then on everything 20 ms later.
- The sound held back (`depth_ms`) is kept between the target and 40 ms above it, by leaving out or
  repeating some pitch periods (`audio.splice`), in quiet moments if there are any soon. That also
  absorbs the drift between the sender's clock and ours. Only what lies more than half a second
  above the target is cut away at once.
- The target follows the spread of arrivals (`stage.spread`).
- Sequence numbers and timestamps wrap (RFC 3550 section 5.1). A jump that no loss explains must be
  confirmed by a second packet (RFC 3550 appendix A.1); then the buffer starts anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.audio.comfort import ComfortNoise
from hustings.audio.opus import OpusDecoder, has_fec, samples_of
from hustings.audio.splice import FADE_SAMPLES, crossfade, lengthen, shorten
from hustings.chunk import OPUS_LOOKAHEAD_SAMPLES
from hustings.clock import TICK_MS, TICK_SAMPLES
from hustings.errors import BadInput
from hustings.stage.depth import DepthControl
from hustings.stage.jitter_stats import JitterStats
from hustings.stage.spread import Spread

Frame = NDArray[np.float32]

_SAMPLES_PER_MS: Final = 48
_CUT_MS: Final = 480.0  # what lies further above is not caught up with, but cut
_OBSERVE_TICKS: Final = 10  # between two measurements of the room
_AT_ONCE: Final = 1_000  # ticks waited: more than for any target
_GUESS_SAMPLES: Final = 4_800  # 100 ms: what concealment can make up
_COMFORT_TICKS: Final = 50  # 1 s of comfort noise, fading, after a loss
_DTX_TICKS: Final = 50  # 1 s of the decoder's own noise after a sender fell silent on purpose
_DTX_BYTES: Final = 2  # packets this short say "silence goes on" (RFC 6716 section 3.2.1)
_STEP: Final = 120  # 2.5 ms: concealment comes in multiples of it
_MISORDER_COUNT: Final = 100  # RFC 3550 appendix A.1
_DROPOUT_COUNT: Final = 3_000  # RFC 3550 appendix A.1
_PAUSE_SAMPLES: Final = 48_000  # a gap of 1 s is a pause: playing starts anew behind it
_RISE: Final[Frame] = np.linspace(0, 1, FADE_SAMPLES, dtype=np.float32)
_FALL: Final[Frame] = np.linspace(1, 0, TICK_SAMPLES, dtype=np.float32)


class _Packet(NamedTuple):
    timestamp: int
    samples: int
    payload: bytes


class _Suspect(NamedTuple):
    sequence: int
    timestamp: int
    payload: bytes
    now_ns: int


class JitterBuffer:
    """The sound of one sender of Opus over RTP."""

    def __init__(self, *, target_ms: float = 40, stats: JitterStats | None = None) -> None:
        self.stats = stats or JitterStats()
        self._decoder = OpusDecoder()
        self._spread = Spread(target_ms=target_ms)
        self._packets: dict[int, _Packet] = {}  # by sequence number without wrap
        self._newest: tuple[int, int] | None = None  # sequence and timestamp, without wrap
        self._suspect: _Suspect | None = None
        self._mark: int | None = None  # timestamp: what was said before it is off air
        self._floor: int | None = None  # timestamp: what was said before it is not played
        self._next: int | None = None  # sequence number whose turn it is
        self._cursor: int | None = None  # timestamp whose turn it is; None: not playing
        self._end = 0  # timestamp at which the newest packet ends
        self._spare = np.zeros(0, np.float32)  # decoded, not yet pulled
        self._covered = 0  # samples concealed without advancing
        self._guessed = 0  # samples concealed since the last sound
        self._began_ticks = 0
        self._idle_ticks = 0
        self._silenced = False  # the last packet announced silence (DTX)
        self._comfort = ComfortNoise()
        self._ticks = 0
        self._power = 0.0  # of the last frame, while it matters
        self._control = DepthControl()

    @property
    def target_ms(self) -> float:
        """The sound that should be held back."""
        return self._spread.target_ms

    @property
    def depth_ms(self) -> float:
        """The sound that is held back: how long a packet that comes in now waits for its turn."""
        if self._cursor is not None:
            held = max(0, self._end - self._cursor) + len(self._spare)
            if self._covered and self._packets:  # a gap that has been concealed already is skipped
                gap = self._packets[min(self._packets)].timestamp - self._cursor
                held -= max(0, min(gap, self._covered))
        elif self._packets:
            held = self._end - self._packets[min(self._packets)].timestamp
        else:
            held = 0
        return held / _SAMPLES_PER_MS

    @property
    def wait_ms(self) -> float:
        """How long a packet that comes in now waits at most: what is held beyond is cut away."""
        return min(max(self.depth_ms, self.target_ms), self.target_ms + _CUT_MS)

    def mark(self, now_ns: int) -> None:
        """Tell from now on what was said before: what the fastest way would have brought by now."""
        if (least_ms := self._spread.least_ms) is not None:
            now = round((now_ns / 1e6 - least_ms) * _SAMPLES_PER_MS)
            # The packet being filled counts as well: the next carries its end and a copy (FEC).
            self._mark = now + TICK_SAMPLES + OPUS_LOOKAHEAD_SAMPLES

    def play_from_mark(self) -> None:
        """Leave out what was said before the mark: what is held of it, and what still comes."""
        self._floor = self._mark
        if self._floor is None:
            return
        for number in [n for n, held in self._packets.items() if held.timestamp < self._floor]:
            del self._packets[number]
            self.stats.dropped += 1
        if self._cursor is not None and self._cursor - len(self._spare) < self._floor:
            self._stop()
            self._decoder.reset()  # a guess at lost sound must not be one at what was left out
            self._idle_ticks = 0
            self._began_ticks = _AT_ONCE if self._packets else 0

    def push(self, *, sequence: int, timestamp: int, payload: bytes, now_ns: int) -> bool:
        """A packet came in at `now_ns` (any steady clock); the fields are those of RTP. Returns
        whether it holds sound that was said after the mark, if there is one."""
        self.stats.received += 1
        try:
            samples = samples_of(payload)
        except BadInput:
            self.stats.malformed += 1
            return False
        if self._newest is None:
            self._newest = sequence - 1, timestamp - samples
        step = (sequence - self._newest[0] + 0x8000 & 0xFFFF) - 0x8000
        jump = (timestamp - self._newest[1] + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
        explained = -_MISORDER_COUNT <= step <= _DROPOUT_COUNT and (
            (step > 0 and jump > 0)
            or (step < 0 and -_PAUSE_SAMPLES <= jump < 0)
            or step == jump == 0
        )
        if not explained:
            return self._doubt(_Suspect(sequence, timestamp, payload, now_ns))
        self._suspect = None
        number, stamp = self._newest[0] + step, self._newest[1] + jump
        if step > 0:
            if jump > _PAUSE_SAMPLES:
                self._pause()
            self._newest = number, stamp
        self._spread.add(arrived_ms=now_ns / 1e6, sent_ms=stamp / _SAMPLES_PER_MS)
        if step == 0 or number in self._packets:
            self.stats.duplicates += 1
        elif self._next is not None and number < self._next:
            self.stats.late += 1
        elif self._floor is not None and stamp < self._floor:
            self.stats.dropped += 1
        else:
            self._store(number, _Packet(stamp, samples, payload))
        return self._mark is None or stamp >= self._mark

    def pull(self) -> Frame | None:
        """The next 20 ms: 960 float32 samples, or None while there is nothing to hear."""
        if self._cursor is None and not self._begin():
            return self._idle()
        depth_ms = self.depth_ms
        if depth_ms > self.target_ms + _CUT_MS:
            frame = self._cut()
        elif self._control.due(power=self._power):
            frame = self._splice(depth_ms)
        else:
            frame = self._take(TICK_SAMPLES)
        self._look(depth_ms, frame)
        return frame

    def reset(self) -> None:
        """Start anew, as for another sender (a new SSRC): nothing held is played."""
        self.stats.resets += 1
        self._pause()
        self._decoder.reset()
        self._newest = self._next = self._suspect = None
        self._mark = self._floor = None

    def _doubt(self, packet: _Suspect) -> bool:
        held = self._suspect
        if (
            held is not None
            and packet.sequence == held.sequence + 1 & 0xFFFF
            and 0 < (packet.timestamp - held.timestamp & 0xFFFF_FFFF) <= _PAUSE_SAMPLES
        ):
            self.reset()
            self.stats.received -= 2
            self.push(**held._asdict())
            return self.push(**packet._asdict())
        self._suspect = packet
        return False

    def _store(self, number: int, packet: _Packet) -> None:
        if not self._packets:
            self._began_ticks = 0
            if self._cursor is None:
                self._end = packet.timestamp + packet.samples
        self._packets[number] = packet
        self._end = max(self._end, packet.timestamp + packet.samples)
        if len(self._packets) > limits.JITTER_PACKETS_COUNT:
            del self._packets[min(self._packets)]
            self.stats.dropped += 1

    def _pause(self) -> None:
        """Stop playing and forget what is held; the numbers go on."""
        self.stats.dropped += len(self._packets)
        self._packets.clear()
        self._spread.clear()
        self._stop()

    def _stop(self) -> None:
        if self._cursor is not None:
            self._idle_ticks = _DTX_TICKS if self._silenced else _COMFORT_TICKS
        self._cursor = None
        self._spare = self._spare[:0]
        self._covered = 0
        self._control.clear()

    def _begin(self) -> bool:
        """Start playing once the target is held, or has been waited for."""
        if not self._packets:
            return False
        self._began_ticks += 1
        if max(self.depth_ms, (self._began_ticks - 1) * TICK_MS) < self.target_ms:
            return False
        number = min(self._packets)
        packet = self._packets[number]
        self._next = number if self._next is None else self._next
        self._cursor = packet.timestamp
        before = self._idle()  # noise, or what a sender fell silent on, or nothing
        first = self._advance()
        fade = _RISE[: len(first)]
        first[: len(fade)] *= fade
        if before is not None:
            first[: len(fade)] += before[: len(fade)] * (1 - fade)
        self._spare = first
        return True

    def _idle(self) -> Frame | None:
        if self._idle_ticks == 0:
            return None
        self._idle_ticks -= 1
        if self._silenced:
            return self._decoder.conceal(TICK_SAMPLES)
        return self._comfort.make(TICK_SAMPLES) * np.float32(self._idle_ticks / _COMFORT_TICKS)

    def _take(self, samples: int) -> Frame:
        """Exactly `samples` of sound, as it comes."""
        held = self._spare if len(self._spare) else self._advance()
        while len(held) < samples:
            held = np.concatenate((held, self._advance()))
        self._spare = held[samples:]
        return held[:samples]

    def _advance(self) -> Frame:
        """The next piece of sound, of any length: a packet's, or what stands in for it."""
        while self._packets and self._cursor is not None:
            number = min(self._packets)
            packet = self._packets[number]
            assert self._next is not None
            gap = packet.timestamp - self._cursor
            if gap > 0:
                skipped = min(gap, self._covered)
                self._cursor += skipped
                self._covered -= skipped
                gap -= skipped
            if gap >= _STEP:
                return self._bridge(gap, lost=number > self._next, packet=packet)
            del self._packets[number]
            if number > self._next:
                self.stats.lost += number - self._next
                self._spread.lose()
            self._next = max(self._next, number + 1)
            if packet.timestamp + packet.samples <= self._cursor and gap < 0:
                self.stats.late += 1
                continue
            self._cursor = packet.timestamp + packet.samples
            return self._play(packet)
        return self._underrun()

    def _play(self, packet: _Packet) -> Frame:
        self._silenced = len(packet.payload) <= _DTX_BYTES
        self._covered = 0
        try:
            sound = self._decoder.decode(packet.payload)
        except BadInput:
            self.stats.malformed += 1
            return self._conceal(min(packet.samples, TICK_SAMPLES))
        self._guessed = 0
        return sound

    def _bridge(self, gap: int, *, lost: bool, packet: _Packet) -> Frame:
        """A piece of the `gap` before the first packet that is held."""
        assert self._cursor is not None
        gap -= gap % _STEP
        if lost and gap <= packet.samples and has_fec(packet.payload):
            self._cursor += gap
            return self._rebuild(gap, packet)
        piece = min(gap, TICK_SAMPLES)
        if lost and gap > packet.samples:
            piece = min(piece, gap - packet.samples)  # then the packet's copy fits exactly
        self._cursor += piece
        return self._conceal(piece)

    def _rebuild(self, samples: int, packet: _Packet) -> Frame:
        try:
            sound = self._decoder.decode_fec(packet.payload, samples)
        except BadInput:  # counted when the packet's own turn comes
            return self._conceal(min(samples, TICK_SAMPLES))
        self.stats.fec += 1
        return sound

    def _underrun(self) -> Frame:
        """Nothing is held: make up 20 ms without advancing, for a while."""
        if self._silenced or self._guessed >= _GUESS_SAMPLES or self._cursor is None:
            self._stop()
            idle = self._idle()
            return np.zeros(TICK_SAMPLES, np.float32) if idle is None else idle
        self._covered += TICK_SAMPLES
        return self._conceal(TICK_SAMPLES)

    def _conceal(self, samples: int) -> Frame:
        self.stats.concealed += 1
        if self._guessed >= _GUESS_SAMPLES and not self._silenced:
            return self._comfort.make(samples)
        self._guessed += samples
        guess = self._decoder.conceal(samples)
        if self._guessed >= _GUESS_SAMPLES and not self._silenced:
            guess *= _FALL[:: TICK_SAMPLES // samples][:samples]
        return guess

    def _cut(self) -> Frame:
        """Leave out all that lies above the target, in one crossfade."""
        before = self._decoder.conceal(FADE_SAMPLES)
        keep = (self.target_ms + TICK_MS) * _SAMPLES_PER_MS
        for number in sorted(self._packets):
            packet = self._packets[number]
            if self._end - packet.timestamp <= keep or len(self._packets) == 1:
                self._cursor, self._next = packet.timestamp, number
                break
            del self._packets[number]
            self.stats.dropped += 1
        self._spare = self._spare[:0]
        self._covered = 0
        self._control.clear()
        after = self._take(TICK_SAMPLES)
        return np.concatenate((crossfade(before, after), after[FADE_SAMPLES:]))

    def _splice(self, depth_ms: float) -> Frame:
        shorter = self._control.wanted_ms < 0
        if shorter and depth_ms < 2 * TICK_MS:
            return self._take(TICK_SAMPLES)  # nothing to give away at this moment
        before = self._take(2 * TICK_SAMPLES if shorter else TICK_SAMPLES)
        after = shorten(before) if shorter else lengthen(before)
        self._control.spliced((len(after) - len(before)) / _SAMPLES_PER_MS)
        if shorter:
            self.stats.dropped += 1
        else:
            self.stats.stretched += 1
        self._spare = np.concatenate((after[TICK_SAMPLES:], self._spare))
        return after[:TICK_SAMPLES]

    def _look(self, depth_ms: float, frame: Frame) -> None:
        if self._cursor is None:
            return
        self._ticks += 1
        if self._control.wanted_ms or self._ticks % _OBSERVE_TICKS == 0:
            self._power = float(np.dot(frame, frame)) / TICK_SAMPLES
            self._comfort.observe(self._power)
        self._control.look(depth_ms=depth_ms, target_ms=self.target_ms)
