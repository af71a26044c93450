"""What a visitor has sent that is not answered yet: bytes in, whole requests out. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from hustings.edge import head
from hustings.edge.head import Request


class Incoming:
    """The unread bytes of one connection, with `peer`; see `head.parse`.

    `whole` is the request that was taken last as it came, if nothing came before or behind it.
    """

    __slots__ = ("_buffer", "_coming", "_peer", "_proxied", "whole")

    def __init__(self, peer: str, *, proxied: bool) -> None:
        self.whole: bytes | None = None
        self._peer = peer
        self._proxied = proxied
        self._buffer = b""
        self._coming: Request | None = None  # its head has come, its body is coming

    @property
    def begun(self) -> bool:
        """Whether there is something of a request that is not whole."""
        return bool(self._buffer) or self._coming is not None

    @property
    def expected(self) -> bool:
        """Whether the visitor sends on when it is told to (RFC 9110 section 10.1.1)."""
        return self._coming is not None and self._coming.expects and not self._buffer

    def put(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer = self._buffer + data if self._buffer else data

    def take(self) -> Request | None:
        """The next request, with its body; None if more has to come. Raises `BadHead`."""
        request = self._coming
        if request is None:
            if not self._buffer:
                return None
            parsed = head.parse(self._buffer, peer=self._peer, proxied=self._proxied)
            if parsed is None:
                return None
            request, taken = parsed
            self.whole = self._buffer if taken == len(self._buffer) else None
            self._buffer = self._buffer[taken:]
        if len(self._buffer) < request.length:
            self._coming = request
            return None
        self._coming = None
        if request.length:
            request = replace(request, body=self._buffer[: request.length])
            self._buffer = self._buffer[request.length :]
        return request
