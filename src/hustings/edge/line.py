"""The line at a full edge: numbers as at a bakery's counter, called in order as places free. Pure.

    waiter = line.join("m4rk3tpl4z", who)     a number and, signed, a token for it
    line.call(3)                              the next three who are still there
    line.take(waiter.number)                  one of them has come and listens

There is one line per edge, across its spaces. A place is the edge's: whoever leaves one space frees
a place for the next arrival, whichever space that wants. A line per space would have to share the
places out beforehand, and somebody would wait beside a free one. So a number is an order of arrival
at this edge, and `called` is one figure for all who wait here.

Who is called has `limits.CLAIM_S` to come; then the place goes to the next. A called number stays
good for a place that is free. Who waits either holds an event stream open or asks again; who has
missed `limits.LINE_SILENCE_COUNT` of its pauses is passed over when its turn comes. The edge keeps
at most `limits.LINE_COUNT` numbers; beyond, visitors wait without one and are told so.

A token is `edge.number.mac`. The key is the installation's, so that an edge can tell that another
one has given a number to this very visitor for this very space.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hustings import limits

_MAC_BYTES: Final = 16
_NUMBER_DIGITS: Final = 12
_UNKNOWN_S: Final = 3 * 3600  # a longer estimate says less than none


@dataclass(slots=True, eq=False)
class Waiter:
    """Who has a number. `keyed` says that `who` is this listener's own and nobody else's.

    `seen_s` is its last sign of life, `again_s` the pause it was told; `reads` whether its event
    stream is open. `text` says that it was offered one.
    """

    number: int
    space: str
    who: bytes
    keyed: bool
    seen_s: float
    again_s: float = limits.LINE_AGAIN_S_MIN
    text: bool = False
    reads: Callable[[], bool] | None = None

    @property
    def reserves(self) -> bool:
        """Whether room is kept for the event stream that it was offered and has not opened."""
        return self.text and self.reads is None


class Line:
    """The line of one edge, whose name is in its tokens. `now_s` is monotonic seconds."""

    def __init__(self, *, edge: str, key: bytes) -> None:
        self.edge = edge
        self.called = 0
        self.texts = 0  # those who wait for whose event stream room is kept
        self._key = key
        self._given = 0
        self._waiters: dict[int, Waiter] = {}
        self._order: list[int] = []  # the numbers that wait, ascending
        self._claims: dict[int, float] = {}  # called, and until when the place is kept
        self._numbers: dict[tuple[str, bytes], int] = {}
        self._in_space: dict[str, int] = {}
        self._pace = _Pace()
        self._swept = 0

    @property
    def waiting(self) -> int:
        """How many wait for their call."""
        return len(self._order)

    @property
    def claims(self) -> int:
        """Places kept for those who were called."""
        return len(self._claims)

    def waiting_in(self, space: str) -> int:
        """How many of them for this space."""
        return self._in_space.get(space, 0)

    def spaces(self) -> list[str]:
        """The spaces for which somebody has a number that is not used up."""
        return list({one.space for one in self._claimed()} | self._in_space.keys())

    def join(self, space: str, who: bytes, *, keyed: bool, now_s: float) -> Waiter | None:
        """A number at the end of the line; the same one for whoever has it. None: too many wait."""
        if keyed and (number := self._numbers.get((space, who))) is not None:
            return self._waiters[number]
        if len(self._order) >= limits.LINE_COUNT:
            return None
        self._given += 1
        waiter = Waiter(self._given, space, who, keyed, now_s)
        self._waiters[waiter.number] = waiter
        self._order.append(waiter.number)
        self._in_space[space] = self._in_space.get(space, 0) + 1
        if keyed:
            self._numbers[space, who] = waiter.number
        return waiter

    def find(self, number: int) -> Waiter | None:
        """Who waits with this number, or was called with it and may still come."""
        return self._waiters.get(number)

    def found(self, space: str, who: bytes) -> Waiter | None:
        """Who waits for this space, by its own key."""
        number = self._numbers.get((space, who))
        return None if number is None else self._waiters[number]

    def is_called(self, waiter: Waiter) -> bool:
        """Whether a place is kept for it."""
        return waiter.number in self._claims

    def place(self, waiter: Waiter) -> int:
        """How many wait before it."""
        return bisect_left(self._order, waiter.number)

    def offer_text(self, waiter: Waiter) -> None:
        """It was offered live text: room is kept for it, until it reads."""
        self.texts -= waiter.reserves
        waiter.text = True
        self.texts += waiter.reserves

    def reads(self, waiter: Waiter, still: Callable[[], bool] | None) -> None:
        """Its event stream is open as long as `still` says so; None: it is not."""
        self.texts -= waiter.reserves
        waiter.reads = still
        self.texts += waiter.reserves

    def asked(self, space: str, who: bytes, *, now_s: float) -> None:
        """Whoever has this key was seen by another edge: it still waits."""
        waiter = self.found(space, who)
        if waiter is not None:
            waiter.seen_s = now_s

    def here(self, waiter: Waiter, *, now_s: float, edges: int = 1) -> bool:
        """Whether somebody still waits, as far as anybody can tell.

        Of several edges behind one address any may have been asked, so it may miss more here.
        """
        if waiter.reads is not None:
            if waiter.reads():
                waiter.seen_s = now_s
                return True
            self.reads(waiter, None)
        return now_s - waiter.seen_s <= limits.LINE_SILENCE_COUNT * edges * waiter.again_s

    def estimate_s(self, place: int) -> int | None:
        """How long it takes, at the line's present pace, until `place` others were called before.

        None when that is not known.
        """
        rate = self._pace.rate()
        wait_s = math.ceil((place + 1) / rate) if rate > 0 else _UNKNOWN_S
        return wait_s if wait_s < _UNKNOWN_S else None

    def call(self, count: int, *, now_s: float, edges: int = 1) -> list[Waiter]:
        """Call the next `count` who are still there; those who are not are passed over."""
        called: list[Waiter] = []
        at = 0
        while at < len(self._order) and len(called) < count:
            waiter = self._waiters[self._order[at]]
            at += 1
            self.called = waiter.number
            self._uncount(waiter)
            if self.here(waiter, now_s=now_s, edges=edges):
                called.append(waiter)
                # Who asks from time to time cannot know earlier than it asks again.
                knows_s = now_s if waiter.reads else waiter.seen_s + waiter.again_s
                self._claims[waiter.number] = max(now_s, knows_s) + limits.CLAIM_S
            else:
                self._forget(waiter)
        del self._order[:at]
        self._pace.count += at
        return called

    def take(self, number: int) -> bool:
        """A called visitor listens now: its claim becomes a place. False if there is no claim."""
        if self._claims.pop(number, None) is None:
            return False
        self._forget(self._waiters[number])
        return True

    def second(self, *, now_s: float, edges: int = 1) -> int:
        """Once a second: places of those who did not come go on; how many that are."""
        late = [number for number, until_s in self._claims.items() if until_s <= now_s]
        for number in late:
            del self._claims[number]
            self._forget(self._waiters[number])
        self._sweep(now_s, edges)
        self._pace.second(now_s, waiting=bool(self._order))
        return len(late)

    def token(self, waiter: Waiter) -> str:
        """The signed number."""
        return f"{self.edge}.{waiter.number}.{self._mac(self.edge, waiter)}"

    def read(self, token: str, space: str, who: bytes) -> tuple[str, int] | None:
        """The edge and the number of a token that some edge gave to `who`; None of any other."""
        edge, _, rest = token.partition(".")
        number, _, mac = rest.partition(".")
        if not (number.isascii() and number.isdigit() and len(number) <= _NUMBER_DIGITS):
            return None
        claimed = Waiter(int(number), space, who, keyed=True, seen_s=0.0)
        if not hmac.compare_digest(self._mac(edge, claimed).encode(), mac.encode()):
            return None
        return edge, int(number)

    def is_own(self, edge: str) -> bool:
        """Whether a token's edge is this one, as it runs now."""
        return edge == self.edge

    def _mac(self, edge: str, waiter: Waiter) -> str:
        said = f"{edge}.{waiter.number}.{waiter.space}.{waiter.who.hex()}".encode()
        mac = hmac.digest(self._key, said, hashlib.sha256)[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def _claimed(self) -> list[Waiter]:
        return [self._waiters[number] for number in self._claims]

    def _sweep(self, now_s: float, edges: int) -> None:
        """Forget those who have gone, a part of the line a second: so `waiting` stays true."""
        first = self._swept if self._swept < len(self._order) else 0
        part = self._order[first : first + limits.LINE_SWEEP_COUNT]
        kept = []
        for number in part:
            waiter = self._waiters[number]
            if self.here(waiter, now_s=now_s, edges=edges):
                kept.append(number)
            else:
                self._uncount(waiter)
                self._forget(waiter)
        self._order[first : first + len(part)] = kept
        self._swept = first + len(kept)

    def _uncount(self, waiter: Waiter) -> None:
        """It no longer waits for its call."""
        left = self._in_space[waiter.space] - 1
        if left:
            self._in_space[waiter.space] = left
        else:
            del self._in_space[waiter.space]

    def _forget(self, waiter: Waiter) -> None:
        del self._waiters[waiter.number]
        self.texts -= waiter.reserves
        if waiter.keyed:
            del self._numbers[waiter.space, waiter.who]


class _Pace:
    """How many a second are called: a mean that forgets what is long ago."""

    __slots__ = ("_at_s", "_mean", "_weight", "count")

    def __init__(self) -> None:
        self.count = 0  # since the last second
        self._at_s: float | None = None
        self._mean = 0.0
        self._weight = 0.0

    def rate(self) -> float:
        """Numbers per second; 0 while nothing is known."""
        return self._mean / self._weight if self._weight > 0 else 0.0

    def second(self, now_s: float, *, waiting: bool) -> None:
        """One more reading. An empty line has no pace."""
        counted, self.count = self.count, 0
        if self._at_s is None or now_s <= self._at_s:
            self._at_s = now_s
            return
        if waiting or counted:
            passed_s = now_s - self._at_s
            kept = math.exp(-passed_s / limits.LINE_RATE_S)
            # Without the weight a line that has just formed would look slower than it is.
            self._mean = self._mean * kept + counted / passed_s * (1 - kept)
            self._weight = self._weight * kept + 1 - kept
        self._at_s = now_s
