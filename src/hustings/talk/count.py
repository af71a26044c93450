"""Counting votes: one vote of each voter, the newest, however often it comes. Pure.

Two who are given the same votes arrive at the same result, in whatever order they come: of two
votes of one voter the one that was cast later counts, by the clock of the edges that took them, and
of two of one moment the greater. So the archive may be told a vote twice, read it again after a
restart, and hear it late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hustings import limits
from hustings.talk.message import Tally, Voted

_CHOICES_BITS = limits.POLL_OPTIONS_COUNT


class Count:
    """The votes of one space, `len` of them; `version` grows when a result changes."""

    __slots__ = ("_counts", "_len", "_voters", "_votes", "version")

    def __init__(self) -> None:
        self.version = 0
        self._len = 0
        # A vote is its time and, in the lowest bits, its choices: a million of them have to fit.
        self._votes: dict[str, dict[int, int]] = {}
        self._counts: dict[str, list[int]] = {}
        self._voters: dict[str, int] = {}

    def __len__(self) -> int:
        return self._len

    def takes(self, ballot: str, voter: str, choices: Sequence[int], at_ms: int) -> bool:
        """Whether this vote would count: it is newer than the voter's last, or the first."""
        before = self._votes.get(ballot, {}).get(int(voter, 16))
        if before is None:
            return len(self) < limits.VOTES_KEPT_COUNT
        return _packed(choices, at_ms) > before

    def take(self, ballot: str, voter: str, choices: Sequence[int], at_ms: int) -> bool:
        """Count a vote; False if it does not count. `voter` is hexadecimal digits."""
        if not self.takes(ballot, voter, choices, at_ms):
            return False
        votes = self._votes.setdefault(ballot, {})
        counts = self._counts.setdefault(ballot, [0] * _CHOICES_BITS)
        key, after = int(voter, 16), _packed(choices, at_ms)
        self._len += key not in votes
        before = votes.get(key, 0)
        votes[key] = after
        for option in range(_CHOICES_BITS):
            counts[option] += (after >> option & 1) - (before >> option & 1)
        self._voters[ballot] = self._voters.get(ballot, 0) + _voted(after) - _voted(before)
        self.version += 1
        return True

    def apply(self, voted: Voted) -> None:
        """Count all votes of an entry of the log."""
        for ballot, votes in voted.votes.items():
            times = voted.times.get(ballot, {})
            for voter, choices in votes.items():
                self.take(ballot, voter, choices, times.get(voter, 0))

    def tally(self, ballot: str, options: int) -> Tally:
        """The result of one ballot with so many options."""
        counts = self._counts.get(ballot, [0] * _CHOICES_BITS)
        return Tally(counts=counts[:options], voters=self._voters.get(ballot, 0))

    def tallies(self, options: Mapping[str, int]) -> dict[str, Tally]:
        """The results of the ballots that somebody has voted in. `options` has the polls' number of
        options; any other ballot has one."""
        return {ballot: self.tally(ballot, options.get(ballot, 1)) for ballot in self._votes}


def is_voter(voter: str) -> bool:
    """Whether this can be a voter: 16 hexadecimal digits."""
    return len(voter) == 16 and all(c in "0123456789abcdef" for c in voter)


def _packed(choices: Sequence[int], at_ms: int) -> int:
    mask = 0
    for choice in choices:
        mask |= 1 << choice
    return at_ms << _CHOICES_BITS | mask


def _voted(packed: int) -> bool:
    return packed & ((1 << _CHOICES_BITS) - 1) != 0
