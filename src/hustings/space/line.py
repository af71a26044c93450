"""The line between a speaker and the stage as the stage measures it, and how good that is. Pure.

The stage tells it once a second on the live path, beside the levels; nothing of it is logged.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Quality = Literal["good", "fair", "poor"]

# Shares of packets. Concealment and in-band FEC make 3 % hard to hear; at 8 % words go missing.
LOSS_FAIR: Final = 0.03
LOSS_POOR: Final = 0.08
# Of the way there and back, and of arrivals. ITU-T G.114 calls a mouth-to-ear delay over 150 ms
# noticeable and over 400 ms unacceptable; half a round trip is a part of it, buffers are the rest.
RTT_MS_FAIR: Final = 200.0
RTT_MS_POOR: Final = 400.0
BUFFER_MS_FAIR: Final = 120.0
BUFFER_MS_POOR: Final = 200.0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The last five seconds of a seat's line.

    `loss` is the share (0 to 1) of the speaker's packets that did not arrive, `loss_back` that of
    ours which the speaker missed; `jitter_ms` as in RFC 3550, `rtt_ms` there and back, None before
    the first report; `buffer_ms` is what the jitter buffer holds back so as to ride over the spread
    of arrivals.
    """

    loss: float
    loss_back: float
    jitter_ms: float
    rtt_ms: float | None
    buffer_ms: float

    @property
    def quality(self) -> Quality:
        """How it is to talk over this line."""
        loss, rtt_ms = max(self.loss, self.loss_back), self.rtt_ms or 0.0
        if loss > LOSS_POOR or self.late:
            return "poor"
        if loss > LOSS_FAIR or rtt_ms > RTT_MS_FAIR or self.buffer_ms > BUFFER_MS_FAIR:
            return "fair"
        return "good"

    @property
    def late(self) -> bool:
        """Whether sound comes so late or unevenly that people talk past each other."""
        return (self.rtt_ms or 0.0) > RTT_MS_POOR or self.buffer_ms > BUFFER_MS_POOR
