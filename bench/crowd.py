"""Many listeners in one process: they come as they are told, and check every byte that they get.

`python -m bench.crowd` reads commands from standard input, one JSON object a line, and answers each
with one (`worker.Worker` speaks to it):

    {"do": "open", "form", "size", "port", "path", "tls", "visitors", "number_ms"}
    {"do": "join", "count", "within_s", "wait_s"}    when all hear sound, or time is up
    {"do": "mark"}                                   counts from here on
    {"do": "report"}                                 what was counted since
    {"do": "weed"}                                   who has heard nothing yet leaves
    {"do": "leave"}

`mark` and `report` wait for the pause between two frames, so that what is counted, and the CPU time
that whoever asks takes down, belong to whole frames.

A listener's clock starts with its first sound: whoever has heard less than has passed since then
would have fallen silent (`stalled`). Times are measured from the moment of connecting, so they hold
what the kernel's queue takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import ssl
import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from bench import frames
from hustings import process
from hustings.errors import BadInput

_ADDRESSES: Final = 250  # of loopback, so that no server takes the crowd for one visitor
_BIND_ADDRESS_NO_PORT: Final = 24  # linux/in.h
_READ_BYTES: Final = 16 * 1024
_BATCH: Final = 1024
_STARTS: Final = 64  # connections begun before what has come is read
_QUIET_S: Final = 0.06  # nothing came for this long: the frame is with everybody
_REASONS: Final = 5
_LOUD_S: Final = 5.0  # a pause is waited for at most so long
_BLOCKED: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Listener:
    """One connection. `first_s` is when it first heard sound; `heard` counts numbers since then."""

    __slots__ = (
        "began_s",
        "buffer",
        "first_s",
        "frames",
        "heard",
        "index",
        "last",
        "last_s",
        "opened",
        "sent",
        "silence_s",
        "slack_s",
        "sock",
    )

    def __init__(self, sock: socket.socket, index: int, now_s: float) -> None:
        self.sock = sock
        self.index = index
        self.began_s = now_s
        self.first_s = 0.0
        self.last_s = 0.0
        self.last: int | None = None
        self.heard = 0
        self.frames = 0
        self.sent = False
        self.opened = False
        self.buffer = b""
        self.slack_s = float("inf")
        self.silence_s = 0.0


class Crowd:
    """All listeners of one stream."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.form = frames.form(given["form"], size=given.get("size", 0))
        self._port = given["port"]
        self._number_s = given["number_ms"] / 1000
        self._path = given["path"]
        self._visitors = given["visitors"]
        self._tls = _trusting() if given.get("tls") else None
        self._epoll = select.epoll()
        self._by_fd: dict[int, Listener] = {}
        self._due: deque[float] = deque()
        self._until_s = 0.0
        self._came = 0
        self.joining = False
        self.first_s: list[float] = []
        self.in_s: list[float] = []
        self._bytes = self._frames = self._numbers = 0
        self._gaps = self._gone = self._refused = 0
        self._why: list[str] = []
        self._joined_s = self._began_s = 0.0
        self._read_s = 0.0
        self._asked: tuple[str, float] | None = None

    def fileno(self) -> int:
        """The descriptor that is readable when any listener has something."""
        return self._epoll.fileno()

    def join(self, count: int, *, within_s: float, wait_s: float) -> None:
        """Have `count` come, spread evenly over some seconds or all at once."""
        now = time.monotonic()
        self._due = deque(now + within_s * i / count for i in range(count))
        self._until_s, self._began_s = now + wait_s, now
        self._came = 0
        self.joining = True
        self.first_s, self.in_s = [], []

    def patience_s(self) -> float:
        """How long nothing happens by itself."""
        if self._asked is not None:
            return 0.01
        if not self.joining:
            return 1.0
        if self._due:
            return min(max(0.0, self._due[0] - time.monotonic()), 0.1)
        return 0.1

    def go_on(self) -> bool:
        """Begin the connections that are due; True when the joining is over."""
        if not self.joining:
            return False
        for _ in range(_STARTS):
            if not self._due or self._due[0] > time.monotonic():
                break
            self._due.popleft()
            self._begin()
        settled = len(self.first_s) + self._gone + self._refused
        if settled < self._came or self._due:
            return self._finished() if time.monotonic() > self._until_s else False
        return self._finished()

    def joined(self) -> dict[str, Any]:
        """What became of the last `join`; times in seconds."""
        return {
            "listeners": len(self._by_fd),
            "all_s": self._joined_s - self._began_s,
            "first_s": self.first_s,  # of each, since it began to connect
            "in_s": self.in_s,  # of each, since the joining began
            "refused": self._refused,
            "gone": self._gone,
            "why": self._why,
        }

    def ask(self, what: str) -> None:
        """Have `answer` do `what` in the next pause: mark or report."""
        self._asked = (what, time.monotonic())

    def answer(self) -> dict[str, Any] | None:
        """The answer to what was asked, if this is a pause."""
        if self._asked is None:
            return None
        what, since_s = self._asked
        now = time.monotonic()
        if now - self._read_s < _QUIET_S and now - since_s < _LOUD_S:
            return None
        self._asked = None
        if what == "mark":
            self._mark()
            return {}
        return self._report()

    def _mark(self) -> None:
        self._bytes = self._frames = self._numbers = 0
        self._gaps = self._gone = self._refused = 0
        self._why = []
        for one in self._by_fd.values():
            one.frames = 0
            one.slack_s, one.silence_s = float("inf"), 0.0

    def _report(self) -> dict[str, Any]:
        here = self._by_fd.values()
        return {
            "listeners": len(here),
            "bytes": self._bytes,
            "frames": self._frames,
            "numbers": self._numbers,
            "frames_min": min((one.frames for one in here), default=0),
            "frames_max": max((one.frames for one in here), default=0),
            "gaps": self._gaps,
            "gone": self._gone,
            "why": self._why,
            "stalled": sum(one.slack_s < 0 for one in here),
            "silence_max_s": max((one.silence_s for one in here), default=0.0),
        }

    def weed(self) -> dict[str, Any]:
        """Close those who have heard nothing; how many are left."""
        for one in [one for one in self._by_fd.values() if one.last is None]:
            self._close(one)
        return {"listeners": len(self._by_fd)}

    def leave(self) -> None:
        """Close all."""
        for one in list(self._by_fd.values()):
            self._close(one)
        self._mark()

    def serve(self) -> None:
        """Read what has come."""
        ready = self._epoll.poll(0, _BATCH)
        if ready:
            self._read_s = time.monotonic()
        for fd, _ in ready:
            one = self._by_fd.get(fd)
            if one is None:
                continue
            try:
                if one.sent:
                    self._read(one)
                else:
                    self._send(one)
            except _BLOCKED:
                pass
            except (OSError, frames.Broken, BadInput, ValueError, KeyError, IndexError) as error:
                self._lose(one, f"{type(error).__name__}: {error}")

    def _begin(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        sock.bind((f"127.1.0.{1 + self._came % _ADDRESSES}", 0))
        one = Listener(sock, self._came, time.monotonic())
        self._came += 1
        sock.connect_ex(("127.0.0.1", self._port))
        self._by_fd[sock.fileno()] = one
        self._epoll.register(sock.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _send(self, one: Listener) -> None:
        """It is connected: shake hands, and ask."""
        self._epoll.modify(one.sock.fileno(), select.EPOLLIN)
        if self._tls is not None:
            if not isinstance(one.sock, ssl.SSLSocket):
                one.sock = self._tls.wrap_socket(one.sock, do_handshake_on_connect=False)
            one.sock.do_handshake()
        one.sock.send(self._request(one.index))
        one.sent = True

    def _request(self, index: int) -> bytes:
        """What a browser sends, with the visitor's and the tab's own keys as our player does."""
        path = self._path
        if self._visitors:
            path += f"&v={self._visitors}-visitor-{index:012d}&t=tab1"
        return (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
            "Accept: */*\r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
        ).encode()

    def _read(self, one: Listener) -> None:
        data = one.sock.recv(_READ_BYTES)
        if isinstance(one.sock, ssl.SSLSocket):
            while one.sock.pending():
                data += one.sock.recv(_READ_BYTES)
        if not data:
            self._lose(one, "the server has closed the connection")
            return
        self._bytes += len(data)
        if not one.buffer and one.opened and data in self.form.known:
            self._hear(one, self.form.known[data])
            return
        data = one.buffer + data
        if not one.opened:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                one.buffer = head
                return
            one.opened = True
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
                self._refused += 1
                self._close(one)
                return
        cut, one.buffer = self.form.cut(data)
        for _, numbers in cut:
            self._hear(one, numbers)

    def _hear(self, one: Listener, numbers: frames.Numbers) -> None:
        one.frames += 1
        self._frames += 1
        if numbers is None:
            return
        now = time.monotonic()
        first, last = numbers
        if one.last is None:
            one.first_s = now
            self.first_s.append(now - one.began_s)
            self.in_s.append(now - self._began_s)
        else:
            if first != one.last + 1:
                self._gaps += 1
            one.silence_s = max(one.silence_s, now - one.last_s)
            one.slack_s = min(one.slack_s, one.first_s + one.heard * self._number_s - now)
        one.heard += last - first + 1
        self._numbers += last - first + 1
        one.last, one.last_s = last, now

    def _finished(self) -> bool:
        self.joining = False
        self._joined_s = time.monotonic()
        return True

    def _lose(self, one: Listener, why: str) -> None:
        self._gone += 1
        if len(self._why) < _REASONS:
            self._why.append(why)
        self._close(one)

    def _close(self, one: Listener) -> None:
        fd = one.sock.fileno()
        if self._by_fd.pop(fd, None) is not None:
            self._epoll.unregister(fd)
        with contextlib.suppress(OSError):
            one.sock.close()


def main() -> None:
    """Obey until standard input ends."""
    process.raise_descriptor_limit()
    crowd: Crowd | None = None
    waiting = select.epoll()
    waiting.register(0, select.EPOLLIN)
    said = b""
    while True:
        events = waiting.poll(crowd.patience_s() if crowd is not None else -1)
        if crowd is not None:
            crowd.serve()
            if crowd.go_on():
                _answer(crowd.joined())
            answer = crowd.answer()
            if answer is not None:
                _answer(answer)
        if not any(fd == 0 for fd, _ in events):
            continue
        block = os.read(0, _READ_BYTES)
        if not block:
            return
        *lines, said = (said + block).split(b"\n")
        for line in lines:
            given = json.loads(line)
            if given["do"] == "open":
                crowd = Crowd(given)
                waiting.register(crowd.fileno(), select.EPOLLIN)
                _answer({})
            else:
                assert crowd is not None
                _obey(crowd, given)


def _obey(crowd: Crowd, given: Mapping[str, Any]) -> None:
    match given["do"]:
        case "join":
            crowd.join(given["count"], within_s=given["within_s"], wait_s=given["wait_s"])
        case "mark" | "report" as what:
            crowd.ask(what)
        case "weed":
            _answer(crowd.weed())
        case "leave":
            crowd.leave()
            _answer({})


def _answer(what: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


if __name__ == "__main__":
    main()
