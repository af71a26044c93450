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
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.limiter import Limiter, limit
from hustings.audio.mixer import mix
from hustings.clock import TICK_SAMPLES
from hustings.stage.returns import Return, ReturnEncoder

Frame = NDArray[np.float32]

WARM_FRAMES: Final = 2  # with one, speech still breaks now and then; more change nothing


class _Shared:
    """The encoder of one kind of line for all who hear the whole sum."""

    __slots__ = ("encoder", "warm")

    def __init__(self, *, complexity: int, lossy: bool) -> None:
        self.encoder = ReturnEncoder(complexity=complexity, lossy=lossy)
        self.warm = False  # whether it has encoded the last tick's sum


class Conference:
    """The mixing of one space. `encodes_own` and `encodes_shared` count frames encoded."""

    def __init__(self, *, complexity: int) -> None:
        self.encodes_own = 0
        self.encodes_shared = 0
        self._limiter = Limiter()
        self._shared = [_Shared(complexity=complexity, lossy=lossy) for lossy in (False, True)]
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
        samples = TICK_SAMPLES * (1 + missed)
        sharing: tuple[list[Return], list[Return]] = ([], [])
        for one in hearing:
            lossy = one.lossy
            if one.shares:
                sharing[lossy].append(one)
            else:
                one.encoder.suit(lossy=lossy)
                self._send_own(one, own.get(one.seat.id, total), samples=samples)
        for shared, alike in zip(self._shared, sharing, strict=True):
            self._send_shared(shared, total, alike, samples=samples)
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
            if not one.follows(one.encoder):
                one.limiter.gain = self._limiter.gain
            apart.append((one, heard))
        return apart

    def _send_shared(
        self, shared: _Shared, total: Frame, sharing: list[Return], *, samples: int
    ) -> None:
        encoder, warm = shared.encoder, shared.warm
        shared.warm = bool(sharing)
        if not sharing:
            return
        if not warm:
            self._warm(encoder)
        self.encodes_shared += 1
        follow = samples == TICK_SAMPLES and all(one.follows(encoder) for one in sharing)
        packet = encoder.encode(total) if follow else encoder.encode_alone(total)
        for one in sharing:
            one.send(packet, encoder, samples=samples)

    def _send_own(self, one: Return, heard: Frame, *, samples: int) -> None:
        encoder = one.encoder
        follows = one.follows(encoder)
        if not follows:
            self._warm(encoder)
            self.encodes_own += len(self._past)
        self.encodes_own += 1
        follows = follows and samples == TICK_SAMPLES
        packet = encoder.encode(heard) if follows else encoder.encode_alone(heard)
        one.send(packet, encoder, samples=samples)

    def _warm(self, encoder: ReturnEncoder) -> None:
        """Let the encoder hear what the decoders at the other end have just heard."""
        for frame in self._past:
            encoder.encode(frame)
