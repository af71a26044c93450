"""Log and live path in memory, with the same contract: for seeded simulation only.

The clock is the caller's, and outages are the caller's: `MemoryLog.away` makes every call raise
`LogAway` and tails wait. The same contract tests run against this and against real servers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field

from hustings import limits
from hustings.errors import BadInput, Conflict, Fenced, LogAway, NoResponder
from hustings.log import subjects
from hustings.log.api import NoStream
from hustings.log.contract import Entry, Handler, Message, Responder
from hustings.log.subjects import Kind

log = logging.getLogger("hustings.log")

_WINDOW_NS = limits.LOG_DUPLICATE_WINDOW_S * 1_000_000_000


@dataclass(slots=True)
class _Stream:
    entries: list[Entry] = field(default_factory=list)
    ids: dict[str, Entry] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def last(self, kind: Kind) -> Entry | None:
        return next((e for e in reversed(self.entries) if self.has(e, (kind,))), None)

    def has(self, entry: Entry, kinds: Collection[Kind]) -> bool:
        """Whether an entry is of one of these kinds, and still there."""
        return entry.kind in kinds and entry.seq not in self.gone

    def wake(self) -> None:
        self.grown.set()
        self.grown = asyncio.Event()


class MemoryLog:
    """All spaces' logs in one process. `now_ns` stamps the entries."""

    def __init__(self, *, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._streams: dict[str, _Stream] = {}
        self._talk: dict[str, _Stream] = {}
        self._away = False

    @property
    def away(self) -> bool:
        """Whether the log is away at the moment."""
        return self._away

    @away.setter
    def away(self, away: bool) -> None:
        self._away = away
        for stream in (*self._streams.values(), *self._talk.values()):
            stream.wake()

    async def create(self, space: str) -> None:
        """Make the space's streams; does nothing if they exist."""
        self._answer()
        self._streams.setdefault(subjects.checked(space), _Stream())
        self._talk.setdefault(space, _Stream())

    async def exists(self, space: str) -> bool:
        """Whether the space has a stream."""
        self._answer()
        return subjects.checked(space) in self._streams

    async def spaces(self) -> list[str]:
        """Ids of all spaces that have a stream."""
        self._answer()
        return sorted(self._streams)

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
        """Append; see `contract.Log.append`."""
        assert expect is None or fence is None, "one append carries one expectation"
        stream = self._stream(space, (kind,))
        if len(data) > limits.LOG_MESSAGE_BYTES:
            raise BadInput("log entry", expected=f"at most {limits.LOG_MESSAGE_BYTES} bytes")
        now_ns = self._now_ns()
        if fence is not None and _seq(stream.last(Kind.LEASE)) != fence:
            raise Fenced(space, epoch=fence)
        seen = stream.ids.get(message_id)
        if seen is not None and now_ns - seen.stamp_ns < _WINDOW_NS:
            return seen.seq
        if expect is not None and _seq(stream.last(kind)) != expect:
            raise Conflict(subjects.log(space, kind), expected=expect)
        entry = Entry(kind, len(stream.entries) + 1, bytes(data), now_ns)
        stream.entries.append(entry)
        stream.ids[message_id] = entry
        stream.wake()
        return entry.seq

    async def last(self, space: str, kind: Kind) -> Entry | None:
        """The newest entry of a kind."""
        return self._stream(space, (kind,)).last(kind)

    async def next(self, space: str, kind: Kind, *, seq: int) -> Entry | None:
        """The first entry of a kind whose sequence is `seq` or greater."""
        stream = self._stream(space, (kind,))
        entries = stream.entries[max(0, seq - 1) :]
        return next((entry for entry in entries if stream.has(entry, (kind,))), None)

    async def read(
        self, space: str, kinds: Collection[Kind], *, after: int = 0
    ) -> AsyncIterator[Entry]:
        """The history of some kinds after sequence `after`, in order, up to its end as of now."""
        stream = self._stream(space, kinds)
        for entry in list(stream.entries[after:]):
            self._answer()
            if stream.has(entry, kinds):
                yield entry

    async def tail(
        self, space: str, kinds: Collection[Kind], *, after: int = 0
    ) -> AsyncIterator[Entry]:
        """History, then everything that follows, in order, without end and without holes."""
        position = after
        while True:
            stream = self._found(space, kinds)
            if self._away or position >= len(stream.entries):
                await stream.grown.wait()
                continue
            entry = stream.entries[position]
            position += 1
            if stream.has(entry, kinds):
                yield entry

    async def purge(self, space: str, kinds: Collection[Kind]) -> None:
        """Let the entries of some kinds go for good; the sequences of all others stay."""
        self._answer()
        if Kind.TALK in kinds:
            self._talk[subjects.checked(space)] = _Stream()
        stream = self._streams.get(subjects.checked(space))
        if stream is not None:
            stream.gone |= {e.seq for e in stream.entries if e.kind in kinds}

    async def erase(self, space: str, seqs: Collection[int]) -> None:
        """Destroy single entries of the stream of what happens."""
        self._stream(space, (Kind.EV,)).gone.update(seqs)

    async def delete(self, space: str) -> None:
        """Delete the space's streams with all their entries; does nothing if there are none."""
        self._answer()
        for streams in (self._talk, self._streams):
            stream = streams.pop(subjects.checked(space), None)
            if stream is not None:
                stream.wake()

    def _answer(self) -> None:
        if self._away:
            raise LogAway("the log is away")

    def _stream(self, space: str, kinds: Collection[Kind]) -> _Stream:
        self._answer()
        return self._found(space, kinds)

    def _found(self, space: str, kinds: Collection[Kind]) -> _Stream:
        talk = subjects.stream_of(space, kinds) == subjects.talk_stream(space)
        stream = (self._talk if talk else self._streams).get(subjects.checked(space))
        if stream is None:
            raise NoStream(space)
        return stream


def _seq(entry: Entry | None) -> int:
    return 0 if entry is None else entry.seq


@dataclass(slots=True, eq=False)
class _Subscription:
    pattern: list[str]
    handler: Handler
    queue: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    ended: bool = False

    async def run(self) -> None:
        while not self.ended:
            message = await self.queue.get()
            try:
                await self.handler(message)
            except Exception:
                log.exception("a handler of %s failed", ".".join(self.pattern))


class MemoryLive:
    """The live path of one process. `close` ends all subscriptions."""

    def __init__(self) -> None:
        self._running: dict[_Subscription, asyncio.Task[None]] = {}
        self._services: list[tuple[list[str], Responder]] = []

    async def publish(self, subject: str, data: bytes) -> None:
        """Send to whoever listens now."""
        for subscription in self._running:
            if matches(subscription.pattern, subject):
                subscription.queue.put_nowait(Message(subject, bytes(data)))

    async def subscribe(self, subject: str, handler: Handler) -> Callable[[], Awaitable[None]]:
        """Call `handler` with each message, in order; returns what ends the subscription."""
        subscription = _Subscription(subject.split("."), handler)
        self._running[subscription] = asyncio.create_task(subscription.run())

        async def end() -> None:
            task = self._running.pop(subscription, None)
            if task is asyncio.current_task():
                subscription.ended = True
            elif task is not None:
                task.cancel()

        return end

    async def serve(self, subject: str, responder: Responder) -> Callable[[], Awaitable[None]]:
        """Answer requests on `subject`; returns what ends the service."""
        service = (subject.split("."), responder)
        self._services.append(service)

        async def end() -> None:
            if service in self._services:
                self._services.remove(service)

        return end

    async def request(self, subject: str, data: bytes, *, timeout: float) -> bytes:
        """Ask and wait for the answer; `NoResponder` when nobody serves or answers in time."""
        for pattern, responder in self._services:
            if matches(pattern, subject):
                try:
                    async with asyncio.timeout(timeout):
                        return await responder(Message(subject, bytes(data)))
                except Exception as error:
                    if not isinstance(error, TimeoutError):
                        log.exception("a responder of %s failed", subject)
                    raise NoResponder(subject) from error
        raise NoResponder(subject)

    async def close(self) -> None:
        """End all subscriptions and services."""
        tasks = list(self._running.values())
        self._running.clear()
        self._services.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def matches(pattern: list[str], subject: str) -> bool:
    """Whether a subject falls under a pattern's tokens (`*` one token, a last `>` the rest)."""
    tokens = subject.split(".")
    if pattern[-1] == ">":
        return len(tokens) >= len(pattern) and matches(
            pattern[:-1], ".".join(tokens[: len(pattern) - 1])
        )
    return len(tokens) == len(pattern) and all(
        want in ("*", have) for want, have in zip(pattern, tokens, strict=True)
    )
