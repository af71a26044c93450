"""The way back to a seat: what is encoded for it, how, and what its decoder has heard so far.

Real-time contract: used in the 20 ms tick; nothing here blocks, logs or allocates without bound.

Redundancy goes where packets get lost. A line that loses none is sent CELT at 64 kbit/s, from where
on libopus itself prefers it for speech: better sound for a third of the work of the hybrid mode. A
line that has lost some is sent the hybrid mode at half the rate, with a second copy of each frame
in the next packet (LBRR, RFC 6716 section 2.1.7), until it has lost nothing for half a minute.
"""

from __future__ import annotations

from typing import Final, Protocol

from hustings.audio.limiter import Limiter
from hustings.audio.opus import OpusEncoder
from hustings.stage.seat import QUIET_TICKS, Seat

CLEAN_BPS: Final = 64_000  # the audience's bit rate is a setting of its own
LOSSY_BPS: Final = 32_000  # full-band speech, redundancy included


class Sink(Protocol):
    """Where a seat's packets go; `transport.Transport` is one."""

    @property
    def lossy(self) -> bool:
        """Whether packets got lost on the way lately."""

    def send(self, payload: bytes, *, samples: int) -> None:
        """Send a packet that begins `samples` after the one before it. Never waits."""


class ReturnEncoder(OpusEncoder):
    """Encodes what seats hear, for a line that loses packets or for one that does not."""

    __slots__ = ("_lossy",)

    def __init__(self, *, complexity: int, lossy: bool = False) -> None:
        # Of the applications, "audio" is the one that leaves the choice of the mode to the rate.
        super().__init__(
            bitrate_bps=LOSSY_BPS if lossy else CLEAN_BPS,
            complexity=complexity,
            application="audio",
            fec=lossy,
        )
        self._lossy = lossy

    def suit(self, *, lossy: bool) -> None:
        """From the next frame on, for such a line."""
        if lossy is not self._lossy:
            self._lossy = lossy
            self.change(bitrate_bps=LOSSY_BPS if lossy else CLEAN_BPS, fec=lossy)


class Return:
    """The way back to one seat: its own encoder and limiter, used while it adds to the mix.

    Without a `sink` the seat is on its way out: its sound fades, and it hears nothing.
    """

    __slots__ = ("_decoding", "_followed", "encoder", "limiter", "seat", "sink")

    def __init__(self, seat: Seat, sink: Sink | None, *, complexity: int) -> None:
        self.seat = seat
        self.sink = sink
        self.encoder = ReturnEncoder(complexity=complexity)
        self.limiter = Limiter()
        self._decoding: Sink | None = None  # whose decoder has followed until now
        self._followed: ReturnEncoder | None = None  # and which encoder

    @property
    def shares(self) -> bool:
        """Whether the whole sum is what it is to hear."""
        return self.seat.closed_ticks >= QUIET_TICKS and self.seat.played is None

    def follows(self, encoder: ReturnEncoder) -> bool:
        """Whether the decoder at the other end has heard that encoder's last packet."""
        return self._decoding is self.sink and self._followed is encoder

    @property
    def lossy(self) -> bool:
        """Whether packets got lost on the way to it lately."""
        return self.sink is not None and self.sink.lossy

    def send(self, packet: bytes, encoder: ReturnEncoder, *, samples: int) -> None:
        """Send it that encoder's packet, which begins `samples` after the one before."""
        assert self.sink is not None
        self._decoding, self._followed = self.sink, encoder
        self.sink.send(packet, samples=samples)
