"""TCP for networks that block UDP: passive ICE candidates (RFC 6544) on the number of the UDP port.

A speaker's connection carries the datagrams that a UDP path would, in frames (`framing`). What does
not fit into the kernel's small buffer is lost frame by frame, as a full network would lose it:
sound that waits is worth less than sound that is missing.

Strangers may connect, so everything is bounded: the connections in all and of one network, time and
frames until a check is verified, the size of a frame. When all are taken, the oldest that has not
passed a check makes room; a speaker's never does.

Runs on the loop of the 20 ms tick: a wake reads a connection once, and accepts a few.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable
from typing import Final

from hustings import limits
from hustings.errors import BadInput
from hustings.stage.framing import Deframer, frame
from hustings.stage.path import Address, Owner, Path, Way, deliver

_READ_BYTES: Final = 4_096  # 20 frames of sound
_BACKLOG: Final = 64
_FULL: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_AGAIN_S: Final = 1.0  # after the system was full


class Connection:
    """One TCP connection: a way for checks, and the owner's path once one is verified."""

    __slots__ = (
        "_frames",
        "_listener",
        "_rest",
        "_sock",
        "_strange",
        "address",
        "network",
        "owner",
    )

    def __init__(self, listener: Listener, sock: socket.socket, address: Address) -> None:
        self.address = address
        self.network = network_of(address[0])
        self.owner: Owner | None = None
        self._listener = listener
        self._sock = sock
        self._strange = limits.TCP_UNCHECKED_COUNT  # frames that may come before a verified check
        self._frames = Deframer()
        self._rest = b""  # of a frame that was begun: it has to be finished

    @property
    def kind(self) -> str:
        """As `Path.kind`."""
        return "tcp"

    def path(self, address: Address, owner: Owner) -> Path:
        """The owner's path: this connection; taken from a former owner."""
        if self.owner is not None and self.owner is not owner:
            self.owner.lose_path(self)
        self.owner = owner
        return self

    def send(self, datagram: bytes, address: Address | None = None) -> None:
        """Send a frame, or lose it."""
        try:
            if self._rest:
                self._rest = self._rest[self._sock.send(self._rest) :]
                if self._rest:
                    return
            framed = frame(datagram)
            self._rest = framed[self._sock.send(framed) :]
        except OSError:
            return  # a full buffer loses it; a broken connection is noticed where it is read

    def close(self) -> None:
        """End the connection."""
        self.owner = None
        self._listener.drop(self)

    def read(self) -> None:
        """Take what came in."""
        try:
            data = self._sock.recv(_READ_BYTES)
            frames = self._frames.feed(data)
        except (BlockingIOError, InterruptedError):
            return
        except (OSError, BadInput):
            self._end()
            return
        if not data:
            self._end()
            return
        for datagram in frames:
            first, owner = datagram[0], self.owner
            if owner is None:
                self._strange -= 1
                if first > 3 or self._strange < 0:
                    self.close()
                    return
            if owner is None or first <= 3:
                self._listener.on_stun(datagram, self.address, self)
            elif 128 <= first <= 191 or 20 <= first <= 63:
                deliver(datagram, self, owner)

    @property
    def fileno(self) -> int:
        """The socket's number, -1 when it is closed."""
        return self._sock.fileno()

    def hang_up(self) -> None:
        """Close the socket; for the listener."""
        self._sock.close()

    def _end(self) -> None:
        owner = self.owner
        self.close()
        if owner is not None:
            owner.lose_path(self)


class Listener:
    """One listening socket. `on_stun` gets what may be a check, with its address and connection."""

    def __init__(
        self, sock: socket.socket, *, on_stun: Callable[[bytes, Address, Way], None]
    ) -> None:
        self.on_stun = on_stun
        self._sock = sock
        # With the timers that end those of strangers; the oldest first.
        self._connections: dict[Connection, asyncio.TimerHandle] = {}
        self._networks: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._accept)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    def drop(self, connection: Connection) -> None:
        """End one connection. Does nothing the second time."""
        if connection.fileno < 0:
            return
        self._loop.remove_reader(connection.fileno)
        connection.hang_up()
        self._connections.pop(connection).cancel()
        self._networks[connection.network] -= 1
        if not self._networks[connection.network]:
            del self._networks[connection.network]

    def close(self) -> None:
        """End all, and give the port back."""
        for one in list(self._connections):
            self.drop(one)
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _accept(self) -> None:
        for _ in range(limits.TCP_ACCEPTS_COUNT):
            try:
                sock, address = self._sock.accept()
            except OSError as error:
                if error.errno in _FULL:
                    # The caller keeps waiting, so the socket would wake us again at once.
                    self._loop.remove_reader(self._sock.fileno())
                    self._loop.call_later(_AGAIN_S, self._listen_again)
                return
            connection = Connection(self, sock, address)
            if not self._has_room(connection.network):
                sock.close()
                continue
            sock.setblocking(False)
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection] = self._loop.call_later(
                limits.TCP_UNCHECKED_S, self._expect_owner, connection
            )
            self._networks[connection.network] += 1
            self._loop.add_reader(sock.fileno(), connection.read)

    def _listen_again(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.add_reader(self._sock.fileno(), self._accept)

    def _expect_owner(self, connection: Connection) -> None:
        if connection.owner is None:
            self.drop(connection)

    def _has_room(self, network: str) -> bool:
        if self._networks[network] >= limits.TCP_NETWORK_COUNT:
            oldest = self._unchecked(network)
        elif len(self._connections) >= limits.TCP_CONNECTIONS_COUNT:
            oldest = self._unchecked()
        else:
            return True
        if oldest is not None:
            self.drop(oldest)
        return oldest is not None

    def _unchecked(self, network: str = "") -> Connection | None:
        """The oldest connection, of one network if it is named, that has passed no check."""
        found = (c for c in self._connections if c.owner is None and network in ("", c.network))
        return next(found, None)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on `host` and `port`; on `::` it serves IPv4 as well. `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by connections, and small: what lies in it is late already.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.TCP_SEND_BYTES)
        sock.setblocking(False)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def network_of(host: str) -> str:
    """What is counted together: an IPv4 address, or the /64 of an IPv6 one."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
