"""The pace of signalling: how often an address or a seat may ask, so that a flood starves nobody.

A page whose stage has died asks about five times a second until it is back; both bounds leave room
for that (OWASP ASVS 5.0, 17.3.1).
"""

from __future__ import annotations

import time
from typing import Final

from hustings import limits
from hustings.gate.problem import Problem
from hustings.quota import Policy, Quotas

ADDRESS: Final = Policy(
    name="address", count=limits.SIGNALS_ADDRESS_COUNT, window_s=limits.SIGNALS_WINDOW_S
)
SEAT: Final = Policy(name="seat", count=limits.SIGNALS_SEAT_COUNT, window_s=limits.SIGNALS_WINDOW_S)


def count(quotas: Quotas, policy: Policy, key: str) -> None:
    """Count one request; a `Problem` (429) when it is one too many."""
    standing = quotas.take(policy, key, now_s=time.monotonic())
    if standing.refused:
        raise Problem(
            429,
            "rate",
            "Too many requests in a short time. Wait a little.",
            headers={
                "Retry-After": str(standing.reset_s),
                "RateLimit-Policy": policy.header(),
                "RateLimit": standing.header(),
            },
        )
