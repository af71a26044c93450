"""The candidate: an address at which a speaker reaches us, as descriptions spell it (RFC 8839).

Pure. UDP comes before TCP, and within each the operator's order is the order of preference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Type preferences of host candidates: 126 for UDP (RFC 8445 section 5.1.2.2), and less for TCP (RFC
# 6544 section 4.2), whose losses become delays.
_UDP: Final = 126
_TCP: Final = 90
_PASSIVE: Final = 4  # RFC 6544 section 4.2: direction preference of a passive host candidate


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host candidate. `tcp`: it waits for connections there (RFC 6544, passive)."""

    address: str
    port: int
    tcp: bool = False


def lines(candidates: Sequence[Candidate]) -> list[str]:
    """The `a=` lines of our candidates, the preferred one first, and the end of them."""
    return [*(_line(i, one) for i, one in enumerate(candidates)), "a=end-of-candidates"]


def _line(index: int, one: Candidate) -> str:
    # RFC 8445 section 5.1.2.1: one component, falling local preference.
    if one.tcp:
        priority = _TCP << 24 | (_PASSIVE << 13 | 8191 - index) << 8 | 255
        form = f"tcp {priority} {one.address} {one.port} typ host tcptype passive"
    else:
        priority = _UDP << 24 | (65535 - index) << 8 | 255
        form = f"udp {priority} {one.address} {one.port} typ host"
    return f"a=candidate:{index} 1 {form}"
