"""Captures what real clients send, as seeds of the corpus: `python -m tests.fuzz.capture FOLDER`.

Chromium, aiortc and ffmpeg's WHIP muxer each speak for some seconds to an endpoint on the loopback
interface. What the parsers of `tests.fuzz.targets` are given meanwhile is written to
`FOLDER/<target>/<client>-<number>`: a few of each kind, since more of the same teach nothing.
Credentials in it are those of a session that is long over.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hustings.stage import dtls, ice, rtcp, rtp, sdp
from tests import tones
from tests.stage.peers import Caller, Session, running, until
from tests.stage.test_transport import ANSWER, OFFER, browser
from tests.stage.test_whip_client import test_ffmpeg_speaks

EACH = 4


class Tap:
    """Keeps what the parsers are given, by target and kind."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, object], list[bytes]] = {}

    def keep(self, target: str, kind: object, data: bytes) -> None:
        """Keep `data`, unless there is enough of its kind."""
        held = self.kept.setdefault((target, kind), [])
        if len(held) < EACH and data not in held:
            held.append(data)

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Listen at the parsers."""
        with contextlib.ExitStack() as stack:
            for module, name, target in (
                (ice, "parse", "stun"),
                (rtp, "media", "rtp"),
                (rtcp, "parse", "rtcp"),
                (sdp, "parse", "sdp"),
            ):
                stack.enter_context(
                    patch.object(module, name, self._listener(module, name, target))
                )
            plain = dtls.Association.receive

            def receive(association: dtls.Association, datagram: bytes, now: float) -> list[bytes]:
                self.keep("dtls", (datagram[0], datagram[13:14]), _sized(datagram))
                return plain(association, datagram, now)

            stack.enter_context(patch.object(dtls.Association, "receive", receive))
            yield

    def _listener(self, module: Any, name: str, target: str) -> Any:
        plain = getattr(module, name)

        def listen(data: Any, **more: Any) -> Any:
            raw = data.encode() if isinstance(data, str) else data
            kind = (len(raw), raw[:1]) if target == "stun" else (raw[:2] if target == "rtcp" else 0)
            self.keep(target, kind, raw)
            return plain(data, **more)

        return listen

    def write(self, folder: Path, client: str) -> None:
        """Write all that is kept."""
        counts: dict[str, int] = {}
        for (target, _), entries in self.kept.items():
            for data in entries[: 1 if target in ("dtls", "stun", "rtcp") else EACH]:
                counts[target] = number = counts.get(target, 0) + 1
                path = folder / target / f"{client}-{number}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        packets = [d for (t, _), entries in self.kept.items() if t == "rtp" for d in entries]
        played = b"".join(_played(rtp.parse(packet)) for packet in packets)
        (folder / "jitter").mkdir(exist_ok=True)
        (folder / "jitter" / f"{client}-1").write_bytes(played)
        flights = [d for (t, _), entries in self.kept.items() if t == "dtls" for d in entries]
        (folder / "dtls" / f"{client}-whole").write_bytes(b"".join(flights))


def _sized(datagram: bytes) -> bytes:
    return len(datagram).to_bytes(2, "big") + datagram


def _played(packet: rtp.RtpPacket) -> bytes:
    payload = packet.payload[:255]
    return bytes([9, 72, 1, len(payload)]) + payload


async def _chromium(folder: Path) -> None:
    async with browser(folder, tones.tone(600, 5.0)) as page, running() as endpoint:
        session = Session(endpoint, await page.evaluate(OFFER, True))
        await page.evaluate(ANSWER, session.answer)
        await until(lambda: len(session.packets) > 150)
        await page.evaluate("window.pc.close()")
        await until(lambda: session.states[1:])


async def _aiortc(folder: Path) -> None:
    async with running() as endpoint:
        caller = Caller()
        session = Session(endpoint, await caller.offer())
        await caller.answered(session.answer)
        await until(lambda: len(session.packets) > 150)
        await caller.close()


CLIENTS = {"chromium": _chromium, "aiortc": _aiortc, "ffmpeg": test_ffmpeg_speaks}


async def main(folder: Path) -> None:
    """Capture from all clients."""
    for client, speak in CLIENTS.items():
        tap = Tap()
        with tempfile.TemporaryDirectory() as own, tap.open():
            await speak(Path(own))
        tap.write(folder, client)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
