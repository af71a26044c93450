"""Framing: datagrams on a TCP connection, each behind its length in two bytes (RFC 4571).

Pure. ICE over TCP carries STUN, DTLS and SRTP alike in such frames (RFC 6544 section 3).
"""

from __future__ import annotations

from typing import Final

from hustings import limits
from hustings.errors import BadInput

HEAD_BYTES: Final = 2


def frame(datagram: bytes) -> bytes:
    """The datagram with its length before it."""
    return len(datagram).to_bytes(HEAD_BYTES, "big") + datagram


class Deframer:
    """Cuts what a connection brings into datagrams. Holds less than one frame."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The datagrams that `data` completes; empty frames are passed over.

        `BadInput` for a frame of more than `limits.DATAGRAM_BYTES`: that is no media, and what
        follows cannot be found any more.
        """
        data = self._rest + data
        found = []
        at = 0
        while at + HEAD_BYTES <= len(data):
            length = data[at] << 8 | data[at + 1]
            if length > limits.DATAGRAM_BYTES:
                raise BadInput(
                    "frame", expected=f"at most {limits.DATAGRAM_BYTES} bytes", got=str(length)
                )
            end = at + HEAD_BYTES + length
            if end > len(data):
                break
            if length:
                found.append(data[at + HEAD_BYTES : end])
            at = end
        self._rest = data[at:]
        return found
