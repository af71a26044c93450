"""The reception of one RTP source: what arrived, what is missing, how evenly (RFC 3550 appendix A).

Pure, and on the hot path: one call per packet.
"""

from __future__ import annotations

from typing import Final

from hustings.clock import SAMPLE_RATE
from hustings.stage.rtcp import ReportBlock

GAP_PACKETS: Final = 3_000  # RFC 3550 appendix A.1: a greater jump is a source that began anew
REORDERED_PACKETS: Final = 1_024  # as far back as the replay window lets packets through


class Reception:
    """Counts the packets of one SSRC."""

    __slots__ = (
        "_base", "_earlier", "_expected_before", "_received_before", "_transit", "highest",
        "jitter", "received", "ssrc",
    )  # fmt: skip

    def __init__(self, ssrc: int, *, sequence: int) -> None:
        self.ssrc = ssrc
        self.highest = sequence - 1  # extended: the wraps are in the bits above 16
        self.received = 0
        self.jitter = 0.0  # in samples
        self._base = sequence
        self._earlier = 0  # packets that were expected before the source began anew
        self._transit: int | None = None
        self._expected_before = 0
        self._received_before = 0

    @property
    def expected(self) -> int:
        """Packets that the source has sent as far as we know."""
        return self._earlier + self.highest - self._base + 1

    @property
    def lost(self) -> int:
        """Packets that are missing; less than zero when more were repeated than lost."""
        return self.expected - self.received

    def receive(self, sequence: int, timestamp: int, arrived_ns: int) -> int:
        """Count a packet; returns how many are missing just before it (0: none, or it was late)."""
        self.received += 1
        ahead = (sequence - self.highest) & 0xFFFF
        if 0x10000 - ahead <= REORDERED_PACKETS or ahead == 0:
            return 0
        missing = 0
        if ahead <= GAP_PACKETS:
            self.highest += ahead
            missing = ahead - 1
        else:
            self._earlier = self.expected
            self.highest += ahead
            self._base = self.highest
        transit = (arrived_ns * (SAMPLE_RATE // 1000) // 1_000_000 - timestamp) & 0xFFFF_FFFF
        if self._transit is not None:
            change = abs((transit - self._transit + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000)
            if change < SAMPLE_RATE:  # a second: the source paused, or its clock was set
                self.jitter += (change - self.jitter) / 16
        self._transit = transit
        return missing

    def block(self, *, last_sr: int, delay: int) -> ReportBlock:
        """The report since the last one; `last_sr` and `delay` as in `ReportBlock`."""
        expected = self.expected - self._expected_before
        received = self.received - self._received_before
        self._expected_before, self._received_before = self.expected, self.received
        lost = max(0, expected - received)
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(255, 256 * lost // expected) if expected > 0 else 0,
            lost=max(-0x80_0000, min(0x7F_FFFF, self.lost)),
            highest=self.highest & 0xFFFF_FFFF,
            jitter=int(self.jitter),
            last_sr=last_sr,
            delay=delay,
        )
