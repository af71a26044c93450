"""What a log and a live path can do: the two interfaces through which all stations meet.

`jetstream.py` implements them on real servers; `memory.py` for seeded simulation only. Both pass
the same contract tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from hustings.log.subjects import Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a space's log. `seq` grows by any step within a stream and is shared by all
    kinds; `stamp_ns` is the log server's wall clock."""

    kind: Kind
    seq: int
    data: bytes
    stamp_ns: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the live path."""

    subject: str
    data: bytes


class Log(Protocol):
    """The durable record of every space: one stream of what happens, one of what the crowd writes.

    Kind `talk` stands in the second, with sequences of its own; one call never asks for kinds of
    both. Every method raises `LogAway` when the server does not answer in time.
    """

    async def create(self, space: str) -> None:
        """Make the space's streams; does nothing if they exist."""

    async def exists(self, space: str) -> bool:
        """Whether the space has a stream."""

    async def spaces(self) -> list[str]:
        """Ids of all spaces that have a stream."""

    async def append(
        self,
        space: str,
        kind: Kind,
        data: bytes,
        *,
        message_id: str,
        expect: int | None = None,
        fence: int | None = None,
    ) -> int:
        """Append, return the sequence once it is synced to disk.

        `expect`: the last sequence of this kind must be this (0: none yet), else `Conflict`.
        `fence`: the last sequence of the lease must be this, else `Fenced`. At most one of the two.
        An id seen within the duplicate window is not stored again; its first sequence is returned.
        """

    async def last(self, space: str, kind: Kind) -> Entry | None:
        """The newest entry of a kind."""

    async def next(self, space: str, kind: Kind, *, seq: int) -> Entry | None:
        """The first entry of a kind whose sequence is `seq` or greater."""

    def read(self, space: str, kinds: Collection[Kind], *, after: int = 0) -> AsyncIterator[Entry]:
        """The history of some kinds after sequence `after`, in order, up to its end as of now."""

    def tail(self, space: str, kinds: Collection[Kind], *, after: int = 0) -> AsyncIterator[Entry]:
        """History, then everything that follows, in order, without end and without holes.

        It survives restarts of the server: it resumes after the last entry it gave out.
        """

    async def purge(self, space: str, kinds: Collection[Kind]) -> None:
        """Let the entries of some kinds go for good; the sequences of all others stay."""

    async def erase(self, space: str, seqs: Collection[int]) -> None:
        """Destroy single entries of the stream of what happens: overwritten, not only let go."""

    async def delete(self, space: str) -> None:
        """Delete the space's streams with all their entries."""


Handler = Callable[[Message], Awaitable[None]]
Responder = Callable[[Message], Awaitable[bytes]]


class Live(Protocol):
    """The path of what is worth nothing a second later: publish, subscribe, request."""

    async def publish(self, subject: str, data: bytes) -> None:
        """Send to whoever listens now. Buffered for a moment while the server is away."""

    async def subscribe(self, subject: str, handler: Handler) -> Callable[[], Awaitable[None]]:
        """Call `handler` with each message, in order; returns what ends the subscription.

        Subscriptions survive restarts of the server. When it returns, the server knows of it.
        """

    async def serve(self, subject: str, responder: Responder) -> Callable[[], Awaitable[None]]:
        """Answer requests on `subject`; returns what ends the service."""

    async def request(self, subject: str, data: bytes, *, timeout: float) -> bytes:
        """Ask and wait for the answer; `NoResponder` when nobody serves or answers in time."""
