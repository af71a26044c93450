"""A connection to a NATS server or cluster: what a role's log and its live path each speak through.

It waits patiently for a server that is not there yet and comes back by itself after an outage;
subscriptions are renewed. What is wrong for good (password, right) is a `ConfigError`. A request
never hangs on a dead server: it fails as soon as the connection breaks, and one that is made while
there is none waits for it within its own time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

# nats-py loads aiohttp for WebSockets where it finds it: 0.4 s and 15 MiB in every role, for what
# nobody here uses. It does without where it is told that there is none.
_HIDDEN: Final = "aiohttp" not in sys.modules
if _HIDDEN:
    sys.modules["aiohttp"] = None  # type: ignore[assignment]

import nats.aio.client  # noqa: E402
import nats.errors  # noqa: E402
from nats.aio.client import Client  # noqa: E402
from nats.aio.msg import Msg  # noqa: E402
from nats.aio.subscription import Subscription as _Subscription  # noqa: E402
from nats.aio.transport import TcpTransport  # noqa: E402

if _HIDDEN:
    del sys.modules["aiohttp"]

from hustings import limits  # noqa: E402
from hustings.errors import ConfigError, LogAway, NoResponder  # noqa: E402
from hustings.log import permissions  # noqa: E402

log = logging.getLogger("hustings.log")

Received: TypeAlias = Msg
Subscription: TypeAlias = _Subscription
Receive = Callable[[Received], Awaitable[None]]

_FORBIDDEN: Final = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"')
_COMPLAIN_EVERY_S: Final = 10.0
_CANCEL_AGAIN_S: Final = 0.05
_PING_S: Final = 2
_NO_RESPONDERS: Final = "503"


class _Transport(TcpTransport):
    """Leaves no socket to the collector, as the client's own does when a greeting fails."""

    async def connect(self, *args: Any, **kwargs: Any) -> None:
        self.close()  # type: ignore[no-untyped-call]
        await super().connect(*args, **kwargs)


# The client makes its transport itself, by this name, and has no setting for another.
nats.aio.client.TcpTransport = _Transport  # type: ignore[attr-defined]


class Connection:
    """One client of NATS. `name` is shown in the server's monitoring."""

    def __init__(self, *, name: str, user: str) -> None:
        self.name = name
        self.user = user
        self.lost = asyncio.Event()  # closed by the server for good: this process should end
        self._client = Client()
        self._begun = False
        self._closing = False
        self._up = asyncio.Event()
        self._opened = asyncio.Event()
        self._refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers = f"{permissions.inbox(user)}.{secrets.token_hex(8)}"
        self._asked = 0
        self._in_flight: dict[str, tuple[str, asyncio.Future[Msg]]] = {}
        self._subscribing: list[tuple[str, asyncio.Future[None]]] = []
        self._wakers: set[Callable[[], None]] = set()
        self._complained_at = -_COMPLAIN_EVERY_S

    async def open(
        self, servers: Sequence[str], *, password: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        """Connect, however long it takes; `ConfigError` when the servers refuse the user.

        Until then this behaves as during an outage: requests fail in their time, what is published
        is dropped, and who subscribes waits.
        """
        self._begun = True
        opening = asyncio.ensure_future(self._connect(servers, password=password, tls=tls))
        try:
            await asyncio.wait((opening, self._refused), return_when=asyncio.FIRST_COMPLETED)
            if self._refused.done() and not opening.done():
                raise ConfigError(
                    "nats_user", self.user, allowed="a user of the NATS servers, with its password"
                )
            await opening
            if tls is not None and not self._client._server_info.get("tls_required"):
                raise ConfigError("nats_ca", "set", allowed="nothing for servers without TLS")
            await self._client.subscribe(f"{self._answers}.*", cb=self._on_answer)
        except BaseException:
            while not opening.done():
                # Again and again: a cancellation that meets the end of what `wait_for` waits for
                # is lost in it before Python 3.12, and the client would go on trying for ever.
                opening.cancel()
                await asyncio.wait((opening,), timeout=_CANCEL_AGAIN_S)
            await self.close()
            raise
        if self._client.is_connected:
            self._up.set()
        self._opened.set()

    async def _connect(
        self, servers: Sequence[str], *, password: str, tls: ssl.SSLContext | None
    ) -> None:
        await self._client.connect(
            servers=list(servers),
            name=self.name,
            user=self.user or None,
            password=password or None,
            tls=tls,
            inbox_prefix=permissions.inbox(self.user),
            reconnect_time_wait=limits.NATS_RECONNECT_S,  # type: ignore[arg-type]
            max_reconnect_attempts=-1,
            ping_interval=_PING_S,
            pending_size=limits.LOG_BUFFER_BYTES,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
            closed_cb=self._on_closed,
        )

    async def close(self) -> None:
        """Send what is buffered and disconnect. Safe to call twice."""
        self._closing = True
        self._up.clear()
        self._fail_in_flight(f"{self.name}: this connection was closed")
        if self._begun and not self._client.is_closed:
            with contextlib.suppress(OSError):  # a server that is dead takes nothing more
                await self._client.close()
        returning = self._client._reconnection_task
        while returning is not None and not returning.done():
            returning.cancel()  # again and again, as in `open`
            await asyncio.wait((returning,), timeout=_CANCEL_AGAIN_S)
        if self._client._transport is not None:
            # Made by a try that the client's own close did not see.
            self._client._transport.close()  # type: ignore[no-untyped-call]

    @property
    def up(self) -> bool:
        """Whether there is a connection at the moment."""
        return self._up.is_set()

    @property
    def buffered_bytes(self) -> int:
        """What was published and not yet handed to the system."""
        return self._client.pending_data_size

    async def wait_up(self, timeout: float) -> None:
        """Wait for the connection; `LogAway` when it does not come in time."""
        if self.up:
            return
        try:
            await asyncio.wait_for(self._up.wait(), timeout)
        except TimeoutError:
            raise LogAway(f"{self.name}: no connection for {timeout} s") from None

    def on_change(self, waker: Callable[[], None]) -> Callable[[], None]:
        """Have `waker` called whenever the connection breaks or is back; returns what ends it."""
        self._wakers.add(waker)
        return lambda: self._wakers.discard(waker)

    async def publish(self, subject: str, data: bytes) -> bool:
        """Send without an answer. Buffered while there is no connection; False when it could not
        be, because the buffer is full or this connection closed or not opened yet."""
        if not self._opened.is_set():
            return False
        try:
            await self._client.publish(subject, data)
        except (nats.errors.OutboundBufferLimitError, nats.errors.ConnectionClosedError):
            return False
        return True

    async def request(
        self,
        subject: str,
        data: bytes,
        *,
        timeout: float,
        headers: Mapping[str, str] | None = None,
    ) -> Msg:
        """Ask and wait for one answer.

        `LogAway` when it does not come in `timeout` seconds or the connection breaks meanwhile (the
        request may have arrived), `NoResponder` when nobody serves the subject, `ConfigError` when
        this user may not ask.
        """
        deadline = time.monotonic() + timeout
        await self.wait_up(timeout)
        self._asked += 1
        token = str(self._asked)
        answer: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._in_flight[token] = (subject, answer)
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._client.publish(
                    subject,
                    data,
                    reply=f"{self._answers}.{token}",
                    headers=dict(headers) if headers else None,
                )
                message = await answer
        except TimeoutError:
            raise LogAway(f"{subject}: no answer in {timeout} s") from None
        except nats.errors.Error as error:
            raise LogAway(f"{subject}: {error}") from error
        finally:
            answer.cancel()
            self._in_flight.pop(token, None)
        if not message.data and (message.headers or {}).get("Status") == _NO_RESPONDERS:
            raise NoResponder(subject)
        return message

    async def subscribe(
        self, subject: str, receive: Receive, *, barrier: bool = True
    ) -> Subscription:
        """Have `receive` called with each message, in order; the server knows of it on return.

        While there is no connection, or when it breaks meanwhile, the server will know of it once
        there is one again: an outage is no error here. Nothing is dropped on this side, so
        `receive` must not wait long. `ConfigError` when this user may not.
        `barrier` False does not wait for the server: for whoever sends it a request next.
        """
        await self._opened.wait()
        subscription = await self._client.subscribe(
            subject, cb=receive, pending_msgs_limit=0, pending_bytes_limit=0
        )
        try:
            # A server that answers nothing for too long breaks the connection, which ends this.
            while barrier and self.up and not await self._barrier(subject):
                log.warning("%s: the server is slow to subscribe to %s", self.name, subject)
        except BaseException:
            await self.unsubscribe(subscription, barrier=False)
            raise
        return subscription

    async def unsubscribe(self, subscription: Subscription, *, barrier: bool = True) -> None:
        """End a subscription: nothing is received afterwards, and the server knows on return.

        A `receive` that runs is cancelled, so it must not call this itself.
        """
        try:
            await subscription.unsubscribe()
        except nats.errors.Error:
            return  # it has ended already, or the connection has
        if barrier and self.up:
            await self._barrier(subscription.subject)

    def new_inbox(self) -> str:
        """A fresh subject on which only this user can receive."""
        return f"{permissions.inbox(self.user)}.{secrets.token_hex(11)}"

    async def _barrier(self, subscribed: str) -> bool:
        """Whether the server has answered behind what was sent; `ConfigError` when it refused
        `subscribed`."""
        # The client's flush is no barrier: its PING overtakes what is still buffered. A request
        # takes its place behind the subscription, and the server reads in order: its answer, that
        # nobody listens on a fresh inbox, means that it has seen both. A refusal comes before it.
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        subscribing = subscribed, refused
        self._subscribing.append(subscribing)
        try:
            await self.request(self.new_inbox(), b"", timeout=limits.REQUEST_S)
        except NoResponder:
            answered = True
        except LogAway:
            answered = False
        finally:
            self._subscribing.remove(subscribing)
            refused.cancel()
        if not refused.cancelled():
            refused.result()
        return answered

    async def _on_answer(self, message: Msg) -> None:
        waiting = self._in_flight.get(message.subject.rsplit(".", 1)[1])
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(message)

    async def _on_error(self, error: Exception) -> None:
        text = str(error).lower()
        if (found := _FORBIDDEN.search(text)) is not None:
            self._forbidden(found[1], found[2])
        elif "authorization violation" in text:
            log.error("%s: the NATS server refuses user %r or its password", self.name, self.user)
            if not self._refused.done():
                self._refused.set_result(None)
        elif time.monotonic() - self._complained_at > _COMPLAIN_EVERY_S:
            self._complained_at = time.monotonic()
            log.warning("%s: %s", self.name, error or type(error).__name__)

    def _forbidden(self, act: str, subject: str) -> None:
        log.error("%s: user %r has no right to %s %s", self.name, self.user, act, subject)
        waiting: list[tuple[str, asyncio.Future[Any]]] = [*self._in_flight.values()]
        for asked, answer in (*waiting, *self._subscribing):
            # The server's sentence comes in lower case.
            if asked.lower() == subject and not answer.done():
                answer.set_exception(
                    ConfigError("nats_user", self.user, allowed=f"a user with the right to {asked}")
                )

    async def _on_disconnected(self) -> None:
        self._up.clear()
        if not self._closing:
            log.warning("%s: the connection to NATS broke", self.name)
        self._fail_in_flight(f"{self.name}: the connection broke")
        self._wake()

    async def _on_reconnected(self) -> None:
        log.info("%s: connected to NATS again", self.name)
        self._complained_at = -_COMPLAIN_EVERY_S
        self._up.set()
        self._wake()

    async def _on_closed(self) -> None:
        if not self._closing:
            log.error("%s: the NATS server ended the connection for good", self.name)
            self.lost.set()

    def _wake(self) -> None:
        for waker in list(self._wakers):
            waker()

    def _fail_in_flight(self, reason: str) -> None:
        for _, answer in list(self._in_flight.values()):
            if not answer.done():
                answer.set_exception(LogAway(reason))
