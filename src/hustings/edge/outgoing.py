"""Sending without waiting: a socket is given what it takes now.

A write under TLS is all or nothing, however long it is: OpenSSL says what was taken only when all
of it was. So it is given in pieces, for whoever takes an answer slowly to be seen taking it.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final

BLOCKED: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_RECORD_BYTES: Final = 16_384  # RFC 8446 section 5.1


def send(sock: socket.socket, data: bytes | memoryview, *, secure: bool) -> int:
    """How many bytes were taken. What was not is given again, from its first byte on: a record that
    was begun under TLS has to be finished. `OSError` when the other side is gone."""
    if not secure or len(data) <= _RECORD_BYTES:
        try:
            return sock.send(data)
        except BLOCKED:
            return 0
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[sock.send(rest[:_RECORD_BYTES]) :]
        except BLOCKED:
            break
    return len(data) - len(rest)
