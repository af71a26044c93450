"""What jitter buffers count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class JitterStats:
    """Counts of packets, but for `concealed`, pieces of up to 20 ms, and `stretched` and `dropped`,
    with splices of 7 to 20 ms. Buffers may share them."""

    received: int = 0
    late: int = 0  # came after their turn
    lost: int = 0  # were not there when their turn came
    concealed: int = 0
    fec: int = 0  # of the lost ones, rebuilt from the next packet
    stretched: int = 0  # splices that lengthened the sound
    dropped: int = 0  # splices that shortened it, and packets cut away
    duplicates: int = 0
    malformed: int = 0
    resets: int = 0  # a new sender, or a jump of the numbers
