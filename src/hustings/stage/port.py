"""The port: one UDP socket of the endpoint, and the paths to speakers that lead through it.

A path exists once a connectivity check has come from that address.

Runs on the loop of the 20 ms tick: a wake reads at most `limits.DATAGRAMS_BATCH_COUNT` datagrams,
and there is one each `limits.PORT_REST_S` at most, and one before each tick (`read`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from hustings import limits
from hustings.stage.path import Address, Owner, Way, deliver


class UdpPath:
    """The way between one of our sockets and an address that passed a check."""

    __slots__ = ("_port", "_sock", "address", "owner")

    def __init__(self, port: Port, sock: socket.socket, address: Address, owner: Owner) -> None:
        self.address = address
        self.owner = owner
        self._port = port
        self._sock = sock

    @property
    def kind(self) -> str:
        """As `Path.kind`."""
        return "udp"

    def send(self, datagram: bytes) -> None:
        """Send, or lose it as the network would: a full buffer, a route that is gone."""
        try:  # noqa: SIM105 a context manager would cost as much as the call
            self._sock.sendto(datagram, self.address)
        except OSError:
            pass

    def close(self) -> None:
        """From now on nothing is taken from this address."""
        if self._port.paths.get(self.address) is self:
            del self._port.paths[self.address]


class Port:
    """One bound UDP socket. `on_stun` gets what may be a check, with its address and this port."""

    def __init__(
        self, sock: socket.socket, *, on_stun: Callable[[bytes, Address, Way], None]
    ) -> None:
        self.paths: dict[Address, UdpPath] = {}
        self._sock = sock
        self._on_stun = on_stun
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._loop.add_reader(sock.fileno(), self._wake)

    def path(self, address: Address, owner: Owner) -> UdpPath | None:
        """As `Way.path`."""
        path = self.paths.get(address)
        if path is not None and path.owner is owner:
            return path
        if path is not None:
            if path.owner.holds(path):
                return None
            path.owner.lose_path(path)
        path = self.paths[address] = UdpPath(self, self._sock, address, owner)
        return path

    def send(self, datagram: bytes, address: Address) -> None:
        """Send to an address that is no path."""
        try:  # noqa: SIM105 as in `Path.send`
            self._sock.sendto(datagram, address)
        except OSError:
            pass

    def close(self) -> None:
        """Stop reading and give the port back."""
        if self._resting is not None:
            self._resting.cancel()
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _wake(self) -> None:
        """Read, then let what comes next gather for a moment, as network cards do: being woken for
        each datagram costs more than reading it. In a flood there is no rest."""
        if self.read() and self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._resting = self._loop.call_later(limits.PORT_REST_S, self._watch)

    def _watch(self) -> None:
        self._resting = None
        self._loop.add_reader(self._sock.fileno(), self._wake)

    def read(self) -> bool:
        """Take in what has come; the tick asks for it, so that nothing waits for the next one.
        Returns whether that was all."""
        receive, paths = self._sock.recvfrom, self.paths
        for _ in range(limits.DATAGRAMS_BATCH_COUNT):
            try:
                datagram, address = receive(limits.DATAGRAM_BYTES)
            except (BlockingIOError, InterruptedError):
                return True
            except OSError:
                # An ICMP error of something sent before. A closed socket ends the batch.
                if self._sock.fileno() < 0:
                    return True
                continue
            if not datagram:
                continue
            first = datagram[0]
            if 128 <= first <= 191 or 20 <= first <= 63:
                if (path := paths.get(address)) is not None:
                    deliver(datagram, path, path.owner)
            elif first <= 3:
                self._on_stun(datagram, address, self)
        return False


def bind(host: str, port: int) -> socket.socket:
    """A UDP socket on `host` and `port` (0: any); on `::` it serves IPv4 as well. `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, limits.SOCKET_BUFFER_BYTES)
        sock.setblocking(False)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
