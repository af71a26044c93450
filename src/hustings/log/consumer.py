"""Entries of some kinds of one space, delivered in order: history, then what follows.

A consumer without acknowledgements pushes to an inbox of ours. Whatever can go wrong shows as a
step in the consumer's own count, as a missing heartbeat, or as a broken connection; then a new
consumer begins after the last entry that was given out. The client library's ordered consumer is
not used: it drops entries when its reader is slow, and notices a restart late.

Flow control: the server stops until its note, which stands in the queue behind the entries it
counts, has been read and answered. So the reader sets the pace and the queue stays bounded.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from typing import Final

import msgspec

from hustings import limits
from hustings.errors import LogAway
from hustings.log import api, subjects
from hustings.log.connection import Connection, Received, Subscription
from hustings.log.contract import Entry
from hustings.log.subjects import Kind

log = logging.getLogger("hustings.log")

_NS: Final = 1_000_000_000
_QUIET_S: Final = 2.5 * limits.LOG_HEARTBEAT_S
_AGAIN_S: Final = 0.05


class _Created(msgspec.Struct):
    num_pending: int = 0


async def history(
    connection: Connection, space: str, kinds: Collection[Kind], *, after: int
) -> AsyncIterator[Entry]:
    """The entries after sequence `after` that exist now; `LogAway` when the server goes away."""
    delivery = _Delivery(connection, space, kinds)
    try:
        count = await delivery.begin(after)
        while count > 0:
            yield await delivery.next()
            count -= 1
    finally:
        await delivery.end()


async def follow(
    connection: Connection, space: str, kinds: Collection[Kind], *, after: int
) -> AsyncIterator[Entry]:
    """The entries after sequence `after`, without end; outages of the server are waited out."""
    position = after
    while True:
        delivery = _Delivery(connection, space, kinds)
        try:
            await delivery.begin(position)
            while True:
                entry = await delivery.next()
                position = entry.seq
                yield entry
        except LogAway as error:
            log.info("tail of %s begins again after %d: %s", space, position, error)
            await asyncio.sleep(_AGAIN_S)
        finally:
            await delivery.end()


class _Delivery:
    """One consumer's life: from its making to the first irregularity, which is a `LogAway`."""

    def __init__(self, connection: Connection, space: str, kinds: Collection[Kind]) -> None:
        self._connection = connection
        self._space = space
        self._kinds = {subjects.log(space, kind): kind for kind in kinds}
        self._stream = subjects.stream_of(space, kinds)
        self._queue: deque[Received | None] = deque()  # None: the connection broke
        self._filled = asyncio.Event()
        self._count = 0
        self._forget: Callable[[], None] = lambda: None
        self._subscription: Subscription | None = None

    async def begin(self, after: int) -> int:
        """Make the consumer; how many entries wait for it already."""
        await self._connection.wait_up(limits.REQUEST_S)
        self._forget = self._connection.on_change(self._on_change)
        inbox = self._connection.new_inbox()
        self._subscription = await self._connection.subscribe(inbox, self._receive, barrier=False)
        name = secrets.token_hex(8)
        config = {
            "name": name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "deliver_subject": inbox,
            "flow_control": True,
            "idle_heartbeat": int(limits.LOG_HEARTBEAT_S * _NS),
            "inactive_threshold": int(limits.LOG_TAIL_IDLE_S * _NS),
            "filter_subjects": list(self._kinds),
            "num_replicas": 1,
            "mem_storage": True,
        }
        created = await api.call_stream(
            self._connection,
            self._space,
            f"CONSUMER.CREATE.{self._stream}.{name}",
            {"stream_name": self._stream, "config": config, "action": "create"},
        )
        return msgspec.json.decode(created, type=_Created).num_pending

    async def next(self) -> Entry:
        """The next entry; `LogAway` when something is wrong with this consumer."""
        while True:
            while not self._queue:
                self._filled.clear()
                try:
                    async with asyncio.timeout(_QUIET_S):
                        await self._filled.wait()
                except TimeoutError:
                    raise LogAway("the consumer fell silent") from None
            message = self._queue.popleft()
            if message is None:
                raise LogAway("the connection broke")
            if message.reply.startswith("$JS.ACK."):
                return self._entry(message)
            await self._control(message.headers or {}, message.reply)

    async def end(self) -> None:
        """Stop receiving; the server drops the consumer soon after."""
        self._forget()
        if self._subscription is not None:
            await self._connection.unsubscribe(self._subscription, barrier=False)
            self._subscription = None

    def _entry(self, message: Received) -> Entry:
        # $JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<tries>.<seq>.<count>.<stamp>.<pending>
        tokens = message.reply.split(".")
        at = 5 if len(tokens) == 9 else 7
        self._count += 1
        if int(tokens[at + 1]) != self._count:
            raise LogAway(f"entry {tokens[at + 1]} came where {self._count} was due")
        return Entry(
            kind=self._kinds[message.subject],
            seq=int(tokens[at]),
            data=message.data,
            stamp_ns=int(tokens[at + 2]),
        )

    async def _control(self, headers: dict[str, str], reply: str) -> None:
        if (sent := headers.get("Nats-Last-Consumer")) is not None and int(sent) != self._count:
            raise LogAway(f"{sent} entries were sent, {self._count} came")
        if answer := reply or headers.get("Nats-Consumer-Stalled"):
            await self._connection.publish(answer, b"")

    async def _receive(self, message: Received) -> None:
        last = self._queue[-1] if self._queue else None
        if _is_heartbeat(message) and last is not None and _is_heartbeat(last):
            # A reader who rests for long finds one heartbeat, the newest.
            self._queue[-1] = message
        else:
            self._queue.append(message)
        self._filled.set()

    def _on_change(self) -> None:
        self._queue.append(None)
        self._filled.set()


def _is_heartbeat(message: Received) -> bool:
    return not message.reply and "Nats-Last-Consumer" in (message.headers or {})
