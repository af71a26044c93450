"""How long a packet waits for its turn is bounded, whatever a sender makes of its numbers."""

from __future__ import annotations

from hustings import limits
from hustings.stage.jitter import JitterBuffer
from tests.stage.line import TICK_NS, steady


def test_a_packet_from_the_past_does_not_make_the_wait_long() -> None:
    """Misordered by one and stamped hours ago, after a pause: whoever waited for it to be played
    would wait as long."""
    buffer = JitterBuffer()
    packets = steady()
    sequence, stamp = 0, 1 << 31
    for tick in range(40):
        now_ns = tick * TICK_NS
        sequence, stamp = sequence + 5, stamp + 50_000
        for number, at in ((sequence, stamp), (sequence - 1, stamp - (1 << 30))):
            buffer.push(
                sequence=number & 0xFFFF, timestamp=at & 0xFFFF_FFFF,
                payload=packets[tick], now_ns=now_ns,
            )  # fmt: skip
            assert buffer.depth_ms < 1_000
            assert buffer.wait_ms <= limits.JITTER_TARGET_MS_MAX + 480
        buffer.pull()


def test_a_burst_does_not_make_the_wait_longer_than_what_is_kept_of_it() -> None:
    buffer = JitterBuffer()
    for number, payload in enumerate(steady()[:150]):
        buffer.push(sequence=number, timestamp=960 * number, payload=payload, now_ns=0)
    assert buffer.depth_ms > 1_900
    assert buffer.wait_ms <= limits.JITTER_TARGET_MS_MAX + 480
