"""A stranger who floods the media port: `python -m tests.journey.flood PORT KIND RATE SECONDS`.

KIND is what the datagrams look like: `stun` (checks, well formed, for sessions that do not exist),
`hello` (a browser's DTLS ClientHello), `srtp`, `rtcp`, or `noise`. They come from several loopback
addresses, RATE of them a second. Prints how many were sent.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aioice import stun

BURST_S = 0.001
SOURCES = [f"127.0.0.{i}" for i in range(11, 19)]
SEEDS = Path(__file__).parents[1] / "fuzz/corpus"


def _stun(dice: random.Random) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{dice.getrandbits(32):08x}:abcd"
    message.attributes["PRIORITY"] = dice.getrandbits(31)
    message.attributes["USE-CANDIDATE"] = None
    message.attributes["ICE-CONTROLLING"] = dice.getrandbits(63)
    message.add_message_integrity(dice.randbytes(16))
    return bytes(message)


def _hello(dice: random.Random) -> bytes:
    seed = (SEEDS / "dtls/aiortc-1").read_bytes()
    return seed[2 : 2 + int.from_bytes(seed[:2], "big")]


def _srtp(dice: random.Random) -> bytes:
    return b"\x80\x6f" + dice.randbytes(110)


def _rtcp(dice: random.Random) -> bytes:
    return b"\x80\xc8\x00\x06" + dice.randbytes(60)


def _noise(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(1, 1_200))


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    "stun": _stun,
    "hello": _hello,
    "srtp": _srtp,
    "rtcp": _rtcp,
    "noise": _noise,
}


def main(port: int, kind: str, rate: float, seconds: float) -> None:
    """Flood for so many seconds."""
    dice = random.Random(7)
    datagrams = [KINDS[kind](dice) for _ in range(500)]
    sockets = []
    for source in SOURCES:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((source, 0))
        one.connect(("127.0.0.1", port))
        one.setblocking(False)
        sockets.append(one)
    begin, sent = time.monotonic(), 0
    while (now := time.monotonic() - begin) < seconds:
        for _ in range(round(now * rate) - sent):
            with contextlib.suppress(OSError):  # the network is full: so much the better
                sockets[sent % len(sockets)].send(datagrams[sent % len(datagrams)])
            sent += 1
        time.sleep(BURST_S)
    print(sent)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
