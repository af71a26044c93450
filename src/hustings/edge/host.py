"""What a connection needs of its server: clocks, answers, and somebody to tell how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hustings.edge import poll
from hustings.edge.head import BadHead, Request
from hustings.edge.reply import Reply

if TYPE_CHECKING:
    from hustings.edge.connection import Connection


class Host(Protocol):
    """The server, as its connections see it."""

    poller: poll.Poller
    leaving: bool  # no connection is to be kept for a next request

    def now(self) -> float:
        """Seconds of a monotonic clock."""

    def wall(self) -> float:
        """Seconds of Unix time."""

    def at_hand(self, data: bytes) -> bytes | None:
        """The answer to the request in `data`, if it need not be read."""

    def rendered(self, answer: Reply) -> bytes:
        """The answer to a GET on a connection that stays open."""

    def answer(self, connection: Connection, request: Request) -> None:
        """Have the request answered, now or later."""

    def refusal(self, error: BadHead) -> Reply:
        """The answer to a head that is refused."""

    def began(self, connection: Connection) -> None:
        """The connection waits for the rest of a handshake, a head or a body."""

    def came(self, connection: Connection) -> None:
        """It has come."""

    def left(self, connection: Connection) -> None:
        """The connection is closed or handed over."""
