"""A UDP path with faults, seeded: what a bad network does, in the same way to every server.

The kernel's own network emulation is not everywhere, so the datagrams of each client go through a
socket of this program. The handshake passes untouched: what is measured is sound on a bad path, not
joining on one. Each direction has dice of its own, so that the n-th packet of a direction meets the
same fate whatever the server does in the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.stage import address

_BYTES: Final = 2048
_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Fault:
    """`loss` is the share of media datagrams that vanish, each way, each by itself.

    Each that is left is delayed by 0 to 2 x `jitter_ms`, evenly spread; they may overtake.
    """

    loss: float = 0.0
    jitter_ms: float = 0.0


class Relay:
    """One client's path to `target`. The client sends to `port`."""

    def __init__(self, target: int, fault: Fault, *, seed: int) -> None:
        self.fault = fault
        self.dropped = 0
        self.passed = 0
        self._host = address.own()
        self._dice = {True: Random(2 * seed), False: Random(2 * seed + 1)}
        self._loop = asyncio.get_running_loop()
        self._client: tuple[str, int] | None = None
        self._front, self._back = self._bind(), self._bind()
        self._back.connect((self._host, target))
        self._loop.add_reader(self._front.fileno(), self._read, True)
        self._loop.add_reader(self._back.fileno(), self._read, False)
        self.port: int = self._front.getsockname()[1]

    def close(self) -> None:
        """Pass nothing on any more."""
        for sock in (self._front, self._back):
            self._loop.remove_reader(sock.fileno())
            sock.close()

    def _bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((self._host, 0))
        sock.setblocking(False)
        return sock

    def _read(self, up: bool) -> None:
        for _ in range(_BATCH):
            try:
                data, sender = (self._front if up else self._back).recvfrom(_BYTES)
            except OSError:
                return
            if up:
                self._client = sender
            if not (data and 128 <= data[0] <= 191):
                self._pass(up, data)
                continue
            dice, fault = self._dice[up], self.fault
            lost, wait_s = dice.random() < fault.loss, dice.random() * 2 * fault.jitter_ms / 1000
            if lost:
                self.dropped += 1
            elif wait_s:
                self._loop.call_later(wait_s, self._pass, up, data)
            else:
                self._pass(up, data)

    def _pass(self, up: bool, data: bytes) -> None:
        self.passed += 1
        with contextlib.suppress(OSError):
            if up:
                self._back.send(data)
            elif self._client is not None:
                self._front.sendto(data, self._client)
