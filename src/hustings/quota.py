"""Quotas: how many requests an address, an account or a token may make in a window of time.

Counted in memory, by each process for itself: a bound against floods, not a price list. A window
begins with its first request and ends as a whole, so that "again in t seconds" is exact.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from hustings import limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`count` requests in `window_s` seconds. `name` stands in the answer's headers."""

    name: str
    count: int
    window_s: int

    def header(self) -> str:
        """As RateLimit-Policy has it (draft-ietf-httpapi-ratelimit-headers, section 3)."""
        return f'"{self.name}";q={self.count};w={self.window_s}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is left to one key. `refused`: this request was one too many."""

    policy: Policy
    left: int
    reset_s: int
    refused: bool

    def header(self) -> str:
        """As RateLimit has it (the same draft, section 4)."""
        return f'"{self.policy.name}";r={self.left};t={self.reset_s}'


@dataclass(slots=True)
class _Window:
    ends_s: float
    used: int


class Quotas:
    """Counts requests by policy and key. The longest unused are forgotten first."""

    def __init__(self, *, count_max: int = limits.QUOTAS_COUNT) -> None:
        self._count_max = count_max
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()

    def take(self, policy: Policy, key: str, *, now_s: float) -> Standing:
        """Count one request. `now_s` is any clock that never goes back."""
        place = (policy.name, key)
        window = self._windows.get(place)
        if window is None or window.ends_s <= now_s:
            window = self._windows[place] = _Window(now_s + policy.window_s, 0)
        self._windows.move_to_end(place)
        while len(self._windows) > self._count_max:
            self._windows.popitem(last=False)
        refused = window.used >= policy.count
        if not refused:
            window.used += 1
        reset_s = max(1, -int(-(window.ends_s - now_s) // 1))
        return Standing(
            policy=policy, left=policy.count - window.used, reset_s=reset_s, refused=refused
        )
