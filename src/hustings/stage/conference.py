"""The conference: what the seats hear of each other, in every status of the space.

Real-time contract: runs in the 20 ms tick; it does not block, log or allocate without bound.

Each seat hears its mix-minus: the sum of the others. Seats that have added nothing for half a
second hear the whole sum, which is encoded once for all of them. A seat in a trial hears itself as
well, and nobody else hears it (`trial`). The sum itself, limited, is what the programme may send to
the audience.

A seat that begins or ceases to speak is sent packets of another encoder from then on. Its decoder
knows nothing of that: unprepared, the next 100 ms are a burst of up to 26 dB above the sound. So
the encoder that takes over first hears the last two frames of the same sound (what it makes of them
is thrown away), and the first packet that counts is not predicted from any before. The same holds
for the first packet of a transport, and after skipped ticks, which a decoder has to make up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from hustings.audio.limiter import Limiter, limit
from hustings.audio.mixer import mix
from hustings.audio.opus import OpusEncoder
from hustings.clock import TICK_SAMPLES
from hustings.stage.seat import QUIET_TICKS, Seat

Frame = NDArray[np.float32]

WARM_FRAMES: Final = 2  # with one, speech still breaks now and then; more change nothing
RETURN_BPS: Final = 32_000  # full-band speech; the audience's bit rate is a setting of its own


class Sink(Protocol):
    """Where a seat's packets go; `transport.Transport` is one."""

    def send(self, payload: bytes, *, samples: int) -> None:
        """Send a packet that begins `samples` after the one before it. Never waits."""


class Return:
    """The way back to one seat: its own encoder and limiter, used while it adds to the mix.

    Without a `sink` the seat is on its way out: its sound fades, and it hears nothing.
    """

    __slots__ = ("_decoding", "_shared", "encoder", "limiter", "seat", "sink")

    def __init__(self, seat: Seat, sink: Sink | None, *, complexity: int) -> None:
        self.seat = seat
        self.sink = sink
        self.encoder = return_encoder(complexity)
        self.limiter = Limiter()
        self._decoding: Sink | None = None  # whose decoder has followed until now
        self._shared = True  # and which encoder

    @property
    def shares(self) -> bool:
        """Whether the whole sum is what it is to hear."""
        return self.seat.closed_ticks >= QUIET_TICKS and self.seat.played is None

    def follows(self, *, shared: bool) -> bool:
        """Whether the decoder at the other end has heard that encoder's last packet."""
        return self._decoding is self.sink and self._shared is shared

    def sent(self, *, shared: bool) -> None:
        """A packet of that encoder went out."""
        self._decoding, self._shared = self.sink, shared


class Conference:
    """The mixing of one space. `encodes_own` and `encodes_shared` count frames encoded."""

    def __init__(self, *, complexity: int) -> None:
        self.encodes_own = 0
        self.encodes_shared = 0
        self._limiter = Limiter()
        self._shared = return_encoder(complexity)
        self._shared_warm = False  # whether it has encoded the last tick's sum
        self._past: deque[Frame] = deque(maxlen=WARM_FRAMES)

    def tick(self, returns: Iterable[Return], *, missed: int) -> Frame:
        """Mix one slot and send every seat what it is to hear. Returns the limited sum.

        `missed` slots had no tick before this one: RTP's clock goes on, nothing is made up for.
        """
        returns = tuple(returns)
        frames = {}
        for one in returns:
            if (frame := one.seat.pull()) is not None:
                frames[one.seat.id] = frame
        total, minus = mix(frames)
        hearing = [one for one in returns if one.sink is not None]
        apart = self._apart(hearing, total, minus)
        total, *limited = limit(
            [self._limiter, *(one.limiter for one, _ in apart)],
            [total, *(frame for _, frame in apart)],
        )
        own = {one.seat.id: frame for (one, _), frame in zip(apart, limited, strict=True)}
        sharing = [one for one in hearing if one.shares]
        shared = self._encode_shared(total, sharing, alone=missed > 0) if sharing else b""
        self._shared_warm = bool(sharing)
        samples = TICK_SAMPLES * (1 + missed)
        for one in hearing:
            assert one.sink is not None
            if one.shares:
                one.sent(shared=True)
                one.sink.send(shared, samples=samples)
                continue
            packet = self._encode_own(one, own.get(one.seat.id, total), alone=missed > 0)
            one.sink.send(packet, samples=samples)
        self._past.append(total)
        return total

    def _apart(
        self, hearing: list[Return], total: Frame, minus: Mapping[str, Frame]
    ) -> list[tuple[Return, Frame]]:
        """Who hears something else than the sum, and what; it is not limited yet."""
        apart = []
        for one in hearing:
            if one.shares:
                continue
            heard, played = minus.get(one.seat.id), one.seat.played
            if played is not None:
                heard = (total if heard is None else heard) + played
            if heard is None:
                continue
            if not one.follows(shared=False):
                one.limiter.gain = self._limiter.gain
            apart.append((one, heard))
        return apart

    def _encode_shared(self, total: Frame, sharing: list[Return], *, alone: bool) -> bytes:
        if not self._shared_warm:
            self._warm(self._shared)
        self.encodes_shared += 1
        if alone or not all(one.follows(shared=True) for one in sharing):
            return self._shared.encode_alone(total)
        return self._shared.encode(total)

    def _encode_own(self, one: Return, heard: Frame, *, alone: bool) -> bytes:
        follows = one.follows(shared=False)
        if not follows:
            self._warm(one.encoder)
            self.encodes_own += len(self._past)
        one.sent(shared=False)
        self.encodes_own += 1
        return (
            one.encoder.encode(heard) if follows and not alone else one.encoder.encode_alone(heard)
        )

    def _warm(self, encoder: OpusEncoder) -> None:
        """Let the encoder hear what the decoders at the other end have just heard."""
        for frame in self._past:
            encoder.encode(frame)


def return_encoder(complexity: int) -> OpusEncoder:
    """An encoder for what a seat hears: speech, with redundancy against loss."""
    return OpusEncoder(bitrate_bps=RETURN_BPS, complexity=complexity, application="voip", fec=True)
