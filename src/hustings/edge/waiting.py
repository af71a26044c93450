"""Connections whose answer is not there yet, held by the number that it depends on.

Thousands may wait for one number. What they get is made once for each kind of answer, and they get
it in cohorts with accepts and sound in between. A connection that has been answered meanwhile,
because its time was up or it left, is passed over; of those, no more are kept than of those who
wait, so that a number which never comes fills no memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from hustings import limits
from hustings.edge.connection import Connection
from hustings.edge.head import Request
from hustings.edge.reply import Reply

Kind = TypeVar("Kind", bound=Hashable)

_SWEPT: Final = 64  # fewer than this are not worth looking through


class Waiting(Generic[Kind]):
    """`late` is what a connection gets when its time is up."""

    def __init__(self, *, late: Reply) -> None:
        self._late = late
        self._held: dict[int, dict[Kind, list[tuple[Connection, Request]]]] = {}
        self._count = 0
        self._sweep_at = _SWEPT

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, n: int, kind: Kind, connection: Connection) -> None:
        """Answer the connection when number `n` is there, or when its time is up."""
        assert connection.request is not None
        connection.wait(limits.SEGMENT_WAIT_S, late=self._late)
        waiting = self._held.setdefault(n, {}).setdefault(kind, [])
        waiting.append((connection, connection.request))
        self._count += 1
        if self._count >= self._sweep_at:
            self._sweep()

    def release(self, end: int, answer: Callable[[int, Kind], Reply]) -> None:
        """All numbers below `end` are there: answer those who wait for one of them."""
        # An answer may be followed at once by the connection's next request, and that one wait.
        due = [(n, self._held.pop(n)) for n in sorted(self._held) if n < end]
        for n, kinds in due:
            for kind, waiting in kinds.items():
                self._count -= len(waiting)
                _send(waiting, answer(n, kind))

    def let_go(self, answer: Reply) -> None:
        """Give all the same answer."""
        held, self._held, self._count = self._held, {}, 0
        for kinds in held.values():
            for waiting in kinds.values():
                _send(waiting, answer)

    def _sweep(self) -> None:
        """Forget those who wait no more. Done each time that their number may have doubled."""
        swept = {
            n: {kind: [one for one in who if _waits(*one)] for kind, who in kinds.items()}
            for n, kinds in self._held.items()
        }
        self._held = {n: kinds for n, kinds in swept.items() if any(kinds.values())}
        self._count = sum(len(who) for kinds in self._held.values() for who in kinds.values())
        self._sweep_at = max(_SWEPT, 2 * self._count)


def _waits(connection: Connection, request: Request) -> bool:
    return connection.request is request and not connection.gone and not connection.answering


def _send(waiting: list[tuple[Connection, Request]], answer: Reply) -> None:
    for connection, request in waiting[: limits.COHORT_COUNT]:
        if _waits(connection, request):
            connection.respond(answer)
    rest = waiting[limits.COHORT_COUNT :]
    if rest:
        asyncio.get_running_loop().call_soon(_send, rest, answer)
