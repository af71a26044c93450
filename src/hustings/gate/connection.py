"""The connection: HTTP/1.1 as uvicorn speaks it, with bounds on what a stranger may do to it.

The gate faces the internet by itself. A head must arrive within `limits.HEAD_S`, or one byte a
minute would hold a connection for ever; and whoever goes on sending a body that was answered
already, because it was refused, is cut off.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from hustings import limits


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

    def _await_head(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(limits.HEAD_S, self.transport.abort)

    def _head_is_here(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
