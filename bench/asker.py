"""Many connections that ask for files: as fast as they are answered, or all for one to come.

`python -m bench.asker` obeys commands on standard input, one JSON object a line, each answered with
one (`worker.Worker` speaks to it):

    {"do": "open", "port", "connections", "fields"}
    {"do": "run", "paths", "requests", "same"}   so many requests in turn, one by one per connection
    {"do": "hold", "path"}                       all connections ask once; when each was answered

Connections are kept alive. Every answer must be 200 and of the length that it announces, and where
they are to be the `same`, all bodies of one path must be.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hustings import process

_ADDRESSES: Final = 250
_BIND_ADDRESS_NO_PORT: Final = 24  # linux/in.h
_READ_BYTES: Final = 64 * 1024
_BATCH: Final = 512
_WAIT_S: Final = 30.0
_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Broken(Exception):
    """An answer that is not what it must be."""


class Asker:
    """The connections to one server."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._port = given["port"]
        self._fields = "".join(f"{name}: {value}\r\n" for name, value in given["fields"].items())
        self._epoll = select.epoll()
        self._socks: dict[int, socket.socket] = {}
        self._parts: dict[int, bytes] = {}
        self._heads: dict[bytes, int] = {}
        for index in range(given["connections"]):
            sock = socket.socket()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            sock.bind((f"127.1.0.{1 + index % _ADDRESSES}", 0))
            sock.connect(("127.0.0.1", self._port))
            sock.setblocking(False)
            self._socks[sock.fileno()] = sock
            self._epoll.register(sock.fileno(), select.EPOLLIN)

    def run(self, paths: Sequence[str], requests: int, *, same: bool) -> dict[str, Any]:
        """Ask until that many answers are in; how long it took, and how many bytes they had."""
        asks = [self._request(path) for path in paths]
        turn: dict[int, int] = {}
        bodies: dict[int, bytes] = {}
        sent = done = size = 0
        began_s = time.monotonic()
        for fd, sock in self._socks.items():
            turn[fd] = sent % len(asks)
            sock.send(asks[turn[fd]])
            sent += 1
        while done < requests:
            for fd, _ in self._ready(began_s + _WAIT_S):
                answer = self._answer(fd)
                if answer is None:
                    continue
                head, body = answer
                size += len(head) + len(body)
                if same and bodies.setdefault(turn[fd], body) != body:
                    raise Broken(f"another body than before for {paths[turn[fd]]}")
                done += 1
                if sent < requests:
                    turn[fd] = sent % len(asks)
                    self._socks[fd].send(asks[turn[fd]])
                    sent += 1
        return {"seconds": time.monotonic() - began_s, "bytes": size}

    def hold(self, path: str) -> dict[str, Any]:
        """Every connection asks once: when each had its whole answer, and how often which came."""
        ask = self._request(path)
        began_s = time.monotonic()
        for sock in self._socks.values():
            sock.send(ask)
        asked_s = time.monotonic()
        at_s: list[float] = []
        bodies: set[bytes] = set()
        while len(at_s) < len(self._socks):
            for fd, _ in self._ready(began_s + _WAIT_S):
                answer = self._answer(fd)
                if answer is not None:
                    at_s.append(time.monotonic())
                    bodies.add(answer[1])
        return {"asked_s": asked_s, "at_s": at_s, "bodies": len(bodies)}

    def _ready(self, until_s: float) -> list[tuple[int, int]]:
        if time.monotonic() > until_s:
            raise Broken(f"not all were answered within {_WAIT_S:g} s")
        return self._epoll.poll(1.0, _BATCH)

    def _answer(self, fd: int) -> tuple[bytes, bytes] | None:
        """Head and body of the answer that is whole now, if one is."""
        data = self._socks[fd].recv(_READ_BYTES)
        if not data:
            raise Broken("the server has closed a connection")
        data = self._parts.pop(fd, b"") + data
        end = data.find(_END) + len(_END)
        if end < len(_END):
            self._parts[fd] = data
            return None
        head = data[:end]
        whole = end + self._length(head)
        if len(data) < whole:
            self._parts[fd] = data
            return None
        if len(data) > whole:
            raise Broken("more than was asked for")
        return head, data[end:]

    def _length(self, head: bytes) -> int:
        """The length that a head announces; heads repeat, but for the date."""
        known = self._heads.get(head)
        if known is None:
            if not head.startswith(b"HTTP/1.1 200 "):
                raise Broken(f"the answer {head[:40]!r}")
            low = head.lower()
            known = int(low[low.index(_LENGTH) + len(_LENGTH) :].split(b"\r\n", 1)[0])
            if len(self._heads) > _BATCH:
                self._heads.clear()
            self._heads[head] = known
        return known

    def _request(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._fields}\r\n".encode()


def main() -> None:
    """Obey until standard input ends."""
    process.raise_descriptor_limit()
    asker: Asker | None = None
    for line in sys.stdin:
        given = json.loads(line)
        try:
            if given["do"] == "open":
                asker = Asker(given)
                answer: dict[str, Any] = {}
            elif given["do"] == "run":
                assert asker is not None
                answer = asker.run(given["paths"], given["requests"], same=given["same"])
            else:
                assert asker is not None
                answer = asker.hold(given["path"])
        except (Broken, OSError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    os._exit(0)  # thousands of sockets are closed faster by the system


if __name__ == "__main__":
    main()
