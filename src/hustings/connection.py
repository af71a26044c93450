"""A client's connection to studio or gate: HTTP/1.1 as uvicorn speaks it, with bounds on strangers.

Both face the internet by themselves. A head must arrive within `limits.HEAD_S`, or one byte a
minute would hold a connection for ever. Whoever goes on sending a body that was answered already,
because it was refused, is cut off. What is not HTTP is answered by a problem (RFC 9457), as every
other error is.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from hustings import limits

_NO_HTTP: Final = json.dumps(
    {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "request",
        "detail": "This is not a request of HTTP/1.1 "
        f"with a head of at most {limits.HEAD_BYTES} bytes.",
    }
).encode()


class Connection(H11Protocol):
    """One client's connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected: its first head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: of a head that goes on, of its end, or of a body."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
            return
        self._head_is_here()
        if self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._head_is_here()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Say what was expected, and close."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # in the middle of an answer nothing can be said
            return
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(_NO_HTTP)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        head = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (head, h11.Data(data=_NO_HTTP), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(limits.HEAD_S, self.transport.abort)

    def _head_is_here(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
