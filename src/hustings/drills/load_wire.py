"""One connection of a listener under load: connects, asks, reads a head, hands on the body.

Never blocks. Loopback has sixteen million addresses, so each visitor can have one of its own there
and no port ever runs out; elsewhere the machine's own address is used. No timer belongs to it.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import urlsplit

from hustings.drills.load_loop import NOTHING, READ, WRITE, Loop
from hustings.errors import BadInput, HustingsError

_READ_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 16 * 1024
_BLOCKED: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_IP_BIND_ADDRESS_NO_PORT: Final = 24  # linux/in.h: the port is chosen as late as at connect


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edge is. `tls` says how certificates are looked at, None for plain HTTP."""

    authority: str
    address: tuple[str, int]
    family: socket.AddressFamily
    host: str
    tls: ssl.SSLContext | None

    @property
    def loopback(self) -> bool:
        """Whether it is this very machine."""
        return self.address[0].startswith("127.")


def place(url: str, *, insecure: bool = False) -> Place:
    """The place that a URL names; `HustingsError` when there is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput("address", expected="http://... or https://...", got=url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise HustingsError(f"{parts.hostname} cannot be found: {error.strerror}") from error
    # Of "localhost" the IPv4 address: only there has every visitor an address of its own.
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    host, number = str(address[0]), int(address[1])
    context = None
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    return Place(parts.netloc, (host, number), family, parts.hostname, context)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Field names are in lower case."""

    status: int
    fields: Mapping[str, str]
    body: bytes


Sink = Callable[[bytes, float], None]


class Owner(Protocol):
    """What a wire calls; the time is monotonic. It may close the wire in any of them."""

    def stream(self, status: int, fields: Mapping[str, str], now: float) -> Sink:
        """An answer without a length begins; the result takes its body."""

    def answered(self, answer: Answer, now: float) -> None:
        """An answer is complete."""

    def lost(self, why: str, now: float) -> None:
        """The connection failed or ended."""


class Wire:
    """One connection. `receive_bytes` bounds what the system takes in ahead of the reader."""

    __slots__ = (
        "_buffer",
        "_connecting",
        "_fields",
        "_length",
        "_loop",
        "_outgoing",
        "_owner",
        "_status",
        "place",
        "recv",
        "sink",
        "sock",
    )

    def __init__(
        self,
        loop: Loop,
        place: Place,
        owner: Owner,
        *,
        source: str | None = None,
        receive_bytes: int | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        self.place = place
        self.sink: Sink | None = None
        self._loop = loop
        self._owner = owner
        self._outgoing = b""
        self._buffer = b""
        self._length = -1
        self._status = 0
        self._fields: Mapping[str, str] = {}
        sock = socket.socket(place.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            if receive_bytes is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            if source is not None:
                sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
                sock.bind((source, 0))
            sock.connect_ex(place.address)
            if place.tls is not None:
                sock = place.tls.wrap_socket(
                    sock,
                    do_handshake_on_connect=False,
                    server_hostname=place.host,
                    session=session,
                )
        except OSError:
            sock.close()
            raise
        self.sock = sock
        self.recv = sock.recv
        self._connecting = True
        loop.watch(sock.fileno(), WRITE, self)

    @property
    def open(self) -> bool:
        """Whether it is not closed."""
        return self.sock.fileno() >= 0

    @property
    def session(self) -> ssl.SSLSession | None:
        """What resumes TLS on the visitor's next connection."""
        return self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None

    def ask(self, request: bytes) -> None:
        """Send a request, as soon as there is a connection. One at a time."""
        self.sink = None
        self._buffer = b""
        self._length = -1
        self._outgoing += request
        if not self._connecting:
            self._send()

    def pause(self) -> None:
        """Read no more until told."""
        self._loop.change(self.sock.fileno(), NOTHING)

    def trickle(self, size: int) -> None:
        """Read at most `size` bytes now; for a wire that is paused."""
        self._read(size)

    def close(self) -> None:
        """Close it; nothing is called any more."""
        if self.open:
            self._loop.forget(self.sock.fileno())
            self.sock.close()

    def ready(self, mask: int) -> None:
        """The loop's call."""
        if self._connecting:
            self._connect()
        elif self._outgoing and mask & WRITE:
            self._send()
        else:
            self._read(_READ_BYTES)

    def _connect(self) -> None:
        error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._fail(OSError(error, ""))
            return
        if isinstance(self.sock, ssl.SSLSocket):
            try:
                self.sock.do_handshake()
            except ssl.SSLWantReadError:
                self._loop.change(self.sock.fileno(), READ)
                return
            except ssl.SSLWantWriteError:
                self._loop.change(self.sock.fileno(), WRITE)
                return
            except (OSError, ValueError) as failure:
                self._fail(failure)
                return
        self._connecting = False
        self._loop.change(self.sock.fileno(), READ)
        self._send()

    def _send(self) -> None:
        try:
            sent = self.sock.send(self._outgoing) if self._outgoing else 0
        except _BLOCKED:
            sent = 0
        except OSError as error:
            self._fail(error)
            return
        waiting = bool(self._outgoing)
        self._outgoing = self._outgoing[sent:]
        if waiting:
            self._loop.change(self.sock.fileno(), READ | WRITE if self._outgoing else READ)

    def _read(self, size: int) -> None:
        try:
            data = self.recv(size)
        except _BLOCKED:
            return
        except OSError as error:
            self._fail(error)
            return
        if not data:
            self._fail(None)
            return
        now = time.monotonic()
        if self.sink is not None:
            self.sink(data, now)
        else:
            self._head(data, now)
        if self.place.tls is not None and self.open and self._pending():
            self._read(size)

    def _pending(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0

    def _head(self, data: bytes, now: float) -> None:
        """Bytes of a head, or of a body with a known length."""
        self._buffer += data
        if self._length < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _HEAD_BYTES:
                    self._fail(BadInput("answer", expected="a head"))
                return
            try:
                self._status, self._fields = parse(self._buffer[:end])
                length = self._fields.get("content-length")
                self._length = -1 if length is None else int(length)
            except (BadInput, ValueError) as error:
                self._fail(error)
                return
            self._buffer = self._buffer[end + 4 :]
            if self._status in (204, 304):
                self._length = 0
            if self._length < 0:
                self._stream(now)
                return
        if len(self._buffer) >= self._length:
            answer = Answer(self._status, self._fields, self._buffer[: self._length])
            self._buffer = b""
            self._length = -1
            self._owner.answered(answer, now)

    def _stream(self, now: float) -> None:
        self.sink = sink = self._owner.stream(self._status, self._fields, now)
        rest, self._buffer = self._buffer, b""
        if rest and self.open:
            sink(rest, now)

    def _fail(self, error: Exception | None) -> None:
        self.close()
        self._owner.lost(_words(error), time.monotonic())


@lru_cache(maxsize=512)
def parse(head: bytes) -> tuple[int, Mapping[str, str]]:
    """Status and fields of an answer's head (RFC 9112). Most heads of one second are the same."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise BadInput("answer", expected="HTTP/1.1", got=lines[0][:40])
    pairs = (line.partition(":") for line in lines[1:])
    return int(words[1]), {name.lower(): value.strip() for name, _, value in pairs}


def _words(error: Exception | None) -> str:
    match error:
        case None:
            return "closed"
        case ssl.SSLError():
            return f"TLS: {error.reason or error}"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
        case _:
            return str(error)[:80]
