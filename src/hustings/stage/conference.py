"""The conference: what the seats hear of each other, in every status of the space.

Real-time contract: runs in the 20 ms tick; it does not block, log or allocate without bound.

Each seat hears its mix-minus: the sum of the others. Seats that have added nothing for half a
second hear the whole sum, which is encoded once for all of them. A seat in a trial hears itself as
well, and nobody else hears it (`trial`). The sum itself, limited, is what
the programme may send to the audience.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.audio.limiter import Limiter
from hustings.audio.mixer import mix
from hustings.audio.opus import OpusEncoder
from hustings.clock import TICK_SAMPLES
from hustings.stage.seat import QUIET_TICKS, Seat
from hustings.stage.transport import Transport

Frame = NDArray[np.float32]

RETURN_BPS: Final = 32_000  # full-band speech; the audience's bit rate is a setting of its own


class Return:
    """The way back to one seat: its own encoder and limiter, used while it adds to the mix.

    Without a `sink` the seat is on its way out: its sound fades, and it hears nothing.
    """

    __slots__ = ("encoder", "limiter", "seat", "sink")

    def __init__(self, seat: Seat, sink: Transport | None, *, complexity: int) -> None:
        self.seat = seat
        self.sink = sink
        self.encoder = return_encoder(complexity)
        self.limiter = Limiter()


class Conference:
    """The mixing of one space."""

    def __init__(self, *, complexity: int) -> None:
        self._limiter = Limiter()
        self._shared = return_encoder(complexity)

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
        total = self._limiter.process(total)
        shared: bytes | None = None
        samples = TICK_SAMPLES * (1 + missed)
        for one in returns:
            if one.sink is None:
                continue
            if (played := one.seat.played) is not None:
                heard = one.limiter.process(minus.get(one.seat.id, total) + played)
                one.sink.send(one.encoder.encode(heard), samples=samples)
                continue
            if one.seat.closed_ticks >= QUIET_TICKS:
                shared = shared or self._shared.encode(total)
                one.sink.send(shared, samples=samples)
                continue
            own = minus.get(one.seat.id)
            heard = one.limiter.process(own) if own is not None else total
            one.sink.send(one.encoder.encode(heard), samples=samples)
        return total


def return_encoder(complexity: int) -> OpusEncoder:
    """An encoder for what a seat hears: speech, with redundancy against loss."""
    return OpusEncoder(bitrate_bps=RETURN_BPS, complexity=complexity, application="voip", fec=True)
