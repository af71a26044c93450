"""The live path on real servers: core NATS, nothing stored (`contract.Live`).

Publishing never waits for a server that is away or slow: beyond `limits.LIVE_BUFFER_BYTES` a
message is dropped and counted, because what is late here is worth nothing. Handlers of one
subscription run one after another in the order of arrival; so do the answers of one service. What
a handler raises is logged and ends nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hustings import limits
from hustings.errors import LogAway, NoResponder
from hustings.log.connection import Connection, Receive, Received
from hustings.log.contract import Handler, Message, Responder

log = logging.getLogger("hustings.log")


class NatsLive:
    """The live path behind one connection. `dropped` counts messages that were not sent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dropped = 0

    async def publish(self, subject: str, data: bytes) -> None:
        """Send to whoever listens now. Buffered for a moment while the server is away."""
        room = self._connection.buffered_bytes + len(data) <= limits.LIVE_BUFFER_BYTES
        if not room or not await self._connection.publish(subject, data):
            self.dropped += 1

    async def subscribe(self, subject: str, handler: Handler) -> Callable[[], Awaitable[None]]:
        """Call `handler` with each message, in order; returns what ends the subscription.

        Ending cancels a handler that runs, unless it is the handler itself that ends it.
        """

        async def handle(message: Received) -> None:
            try:
                await handler(Message(message.subject, message.data))
            except Exception:
                log.exception("a handler of %s failed", subject)

        return await self._subscribe(subject, handle)

    async def serve(self, subject: str, responder: Responder) -> Callable[[], Awaitable[None]]:
        """Answer requests on `subject`; returns what ends the service.

        A responder that raises leaves its request unanswered.
        """

        async def handle(message: Received) -> None:
            try:
                answer = await responder(Message(message.subject, message.data))
            except Exception:
                log.exception("a responder of %s failed", subject)
                return
            if message.reply:
                await self._connection.publish(message.reply, answer)

        return await self._subscribe(subject, handle)

    async def request(self, subject: str, data: bytes, *, timeout: float) -> bytes:
        """Ask and wait for the answer; `NoResponder` when nobody serves or answers in time."""
        try:
            answer = await self._connection.request(subject, data, timeout=timeout)
        except LogAway as error:
            raise NoResponder(subject) from error
        return answer.data

    async def _subscribe(self, subject: str, handle: Receive) -> Callable[[], Awaitable[None]]:
        state = _State()

        async def receive(message: Received) -> None:
            if state.ended.is_set():
                return
            state.handling = asyncio.current_task()
            try:
                await handle(message)
            finally:
                state.handling = None
            if state.ended.is_set():
                await self._connection.unsubscribe(subscription, barrier=False)

        async def end() -> None:
            state.ended.set()
            if state.handling is None or state.handling is not asyncio.current_task():
                await self._connection.unsubscribe(subscription)

        subscription = await self._connection.subscribe(subject, receive)
        return end


@dataclass(slots=True)
class _State:
    """Of one subscription: whether it was ended, and the task in which its handler runs now."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    handling: asyncio.Task[object] | None = None
