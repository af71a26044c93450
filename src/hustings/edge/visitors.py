"""Who listens to one space on this edge: each visitor once, by its own key. Pure.

A player sends `v`, the visitor's own random key, and `t`, that of its tab; (v, t) is a listener. A
connection of the same listener as an open one replaces it, so nobody who reconnects is counted
twice; this edge tells the others too who came back. A player without keys, such as a radio, is a
listener by its connection, and for the number of different visitors it is its address and the
program it names. So two radios of one kind in one house are two listeners and one visitor.

    visit = room.visitors.visit(who(request), Rung.LIVE, again="from" in request.query)
    visit.began(close)    the socket is parked: it counts now, and its predecessor is closed
    visit.heard()         it took a whole chunk after the burst: it counts as a visitor
    visit.gone()          the socket is closed

Whoever parks a socket calls these. All are cheap, none raises, and a second call changes nothing.
`now_s` is monotonic seconds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.crowd import HEARING, Here, Rung, Sketch, hashed
from hustings.edge.head import Request
from hustings.errors import BadInput

_KEY_BYTES: Final = 8
_AGE_S: Final = 2.0  # a gauge is younger than this when it is heard
_V: Final = re.compile(rf"[A-Za-z0-9_-]{{{limits.VISITOR_CHARS_MIN},{limits.VISITOR_CHARS_MAX}}}")
_T: Final = re.compile(rf"[A-Za-z0-9_-]{{{limits.TAB_CHARS_MIN},{limits.TAB_CHARS_MAX}}}")


@dataclass(frozen=True, slots=True)
class Who:
    """A visitor: `name` is what makes it different from others, `key` stands for its tab."""

    name: str
    key: bytes | None

    @property
    def short(self) -> bytes:
        """Eight bytes for the visitor, whatever the tab."""
        return hashlib.blake2b(self.name.encode(), digest_size=_KEY_BYTES).digest()


def keys_in(came: bytes) -> list[bytes]:
    """The visitors' keys that another edge has told."""
    return [came[i : i + _KEY_BYTES] for i in range(0, len(came) - _KEY_BYTES + 1, _KEY_BYTES)]


def who(request: Request) -> Who:
    """The visitor of a request, by its query; `BadInput` when the keys have another form."""
    return who_says(request, request.query.get("v"), request.query.get("t"))


def who_says(request: Request, v: str | None, t: str | None) -> Who:
    """The visitor of a request whose keys stand in its body."""
    if v is None:
        return Who(f"{request.address} {request.user_agent}", None)
    if not _V.fullmatch(v):
        raise BadInput(
            "v",
            expected=f"{limits.VISITOR_CHARS_MIN} to {limits.VISITOR_CHARS_MAX} characters of "
            "A-Z, a-z, 0-9, - and _",
            got=repr(v[:20]),
        )
    if t is None:
        return Who(v, None)
    if not _T.fullmatch(t):
        raise BadInput(
            "t",
            expected=f"{limits.TAB_CHARS_MIN} to {limits.TAB_CHARS_MAX} such characters",
            got=repr(t[:20]),
        )
    return Who(v, hashlib.blake2b(f"{v} {t}".encode(), digest_size=_KEY_BYTES).digest())


class Visit:
    """One connection of a listener, or of a reader on the text rung."""

    __slots__ = ("_again", "_close", "_crowd", "_key", "_name", "_since_s", "rung")

    def __init__(self, crowd: Visitors, who: Who, rung: Rung, *, again: bool) -> None:
        self.rung = rung
        self._crowd = crowd
        self._key = who.key
        self._name: str | None = who.name  # until it is counted
        self._again = again
        self._since_s = 0.0
        self._close: Callable[[], None] | None = None

    def began(self, close: Callable[[], None], *, now_s: float) -> None:
        """It is connected. `close` ends it when another connection of its listener replaces it."""
        if self._close is None:
            self._close, self._since_s = close, now_s
            self._crowd._began(self, self._key, again=self._again)

    def heard(self) -> None:
        """It has been given sound."""
        name, self._name = self._name, None
        if name is not None and self.rung in HEARING:
            self._crowd._heard(name)

    def gone(self) -> None:
        """It has ended."""
        if self._close is not None:
            self._close = None
            self._crowd._gone(self, self._key)

    def moved(self, rung: Rung) -> None:
        """It goes on with another cadence."""
        assert (rung in HEARING) == (self.rung in HEARING), "a reader does not begin to listen"
        if self._close is not None:
            self._crowd._moved(self.rung, rung)
        self.rung = rung

    def replace(self, *, before_s: float = float("inf")) -> None:
        """End it, if it began before then: its listener has come by another way."""
        close = self._close
        if close is not None and self._since_s < before_s:
            self.gone()
            close()


class Visitors:
    """The crowd of one space here. `salt` gives the space's salt once it is known."""

    def __init__(self, salt: Callable[[], bytes | None]) -> None:
        self.sketch = Sketch()
        self._salt = salt
        self._unsalted: set[str] = set()
        self._hearing: dict[bytes, Visit] = {}
        self._reading: dict[bytes, Visit] = {}
        self._open: dict[Rung, int] = dict.fromkeys(Rung, 0)
        # Listeners through caches and when each was last seen, in this order.
        self._seen: dict[bytes, float] = {}
        self._refused: dict[bytes, None] = {}
        self._came: list[bytes] = []

    @property
    def listening(self) -> int:
        """Who hears the programme now."""
        return sum(self._open[rung] for rung in HEARING) + len(self._seen)

    def visit(self, who: Who, rung: Rung, *, again: bool = False) -> Visit:
        """A connection that is being let in. `again`: it goes on where it was cut off."""
        return Visit(self, who, rung, again=again)

    def holds(self, who: Who) -> bool:
        """Whether this listener is connected: another connection would take no more room."""
        return who.key is not None and who.key in self._hearing

    def seen(self, who: Who, *, now_s: float) -> None:
        """A listener says that it hears through caches; it counts for `limits.SEEN_S`."""
        key = who.key or who.short
        if key in self._hearing:
            return
        if self._seen.pop(key, None) is None:
            if len(self._seen) >= limits.SEEN_COUNT:
                return
            self._heard(who.name)
            self._has_come(key)  # maybe it gave its last sign to another edge
        self._seen[key] = now_s  # at the end: the table is in order of time

    def refused(self, who: Who) -> None:
        """A visitor asked for sound and was given none."""
        if len(self._refused) < limits.REFUSED_COUNT:
            self._refused[who.short] = None

    def asks(self, who: Who) -> None:
        """A visitor who waits at another edge has asked here: that edge is told."""
        if who.key is not None:
            self._has_come(who.key)

    def elsewhere(self, keys: Iterable[bytes], *, now_s: float) -> None:
        """These listeners have come to another edge: their connections here are left over."""
        for key in keys:
            self._seen.pop(key, None)
            visit = self._hearing.get(key)
            if visit is not None:
                visit.replace(before_s=now_s - _AGE_S)

    def second(self, *, now_s: float, over: bool = False) -> None:
        """Once a second: forget whom nobody has seen for long, count whom the salt was missing,
        unless the space is `over`: then no salt is asked for any more."""
        for key in self._stale(now_s - limits.SEEN_S):
            del self._seen[key]
        salt = self._salt() if self._unsalted and not over else None
        if salt is not None:
            for name in self._unsalted:
                self.sketch.add(hashed(name, salt))
            self._unsalted.clear()

    def here(self) -> Here:
        """The figures now; who came back is told once."""
        rungs = {rung: count for rung, count in self._open.items() if count and rung in HEARING}
        if self._seen:
            rungs[Rung.SEGMENTS] = rungs.get(Rung.SEGMENTS, 0) + len(self._seen)
        if reading := self._readers():
            rungs[Rung.TEXT] = reading
        came, self._came = self._came, []
        return Here(
            listening=self.listening,
            rungs=rungs,
            turned_away=len(self._refused),
            came=b"".join(came),
        )

    def _readers(self) -> int:
        """Readers of the text rung: those who listen as well do not stand on it."""
        both = sum(key in self._hearing or key in self._seen for key in self._reading)
        return self._open[Rung.TEXT] - both

    def _stale(self, before_s: float) -> list[bytes]:
        keys = []
        for key, at in self._seen.items():
            if at >= before_s:
                break
            keys.append(key)
        return keys

    def _began(self, visit: Visit, key: bytes | None, *, again: bool) -> None:
        self._open[visit.rung] += 1
        if key is None:
            return
        if visit.rung not in HEARING:
            self._reading[key] = visit
            return
        self._seen.pop(key, None)
        before = self._hearing.get(key)
        self._hearing[key] = visit
        if before is not None:
            before.replace()
        if again:
            self._has_come(key)

    def _has_come(self, key: bytes) -> None:
        if len(self._came) < limits.CAME_COUNT:
            self._came.append(key)

    def _heard(self, name: str) -> None:
        self._refused.pop(Who(name, None).short, None)
        salt = self._salt()
        if salt is not None:
            self.sketch.add(hashed(name, salt))
        elif len(self._unsalted) < limits.UNSALTED_COUNT:
            self._unsalted.add(name)

    def _gone(self, visit: Visit, key: bytes | None) -> None:
        self._open[visit.rung] -= 1
        table = self._hearing if visit.rung in HEARING else self._reading
        if key is not None and table.get(key) is visit:
            del table[key]

    def _moved(self, before: Rung, after: Rung) -> None:
        self._open[before] -= 1
        self._open[after] += 1
