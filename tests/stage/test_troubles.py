"""Troubles of real speakers on a real stage: an echo, a line that loses, one that is cut."""

from __future__ import annotations

import asyncio
import random
import shutil

import av
import numpy as np
import pytest

from bench.speech import espeak
from hustings.space.event import Cleared, Warned
from tests import tones
from tests.peers import Exchange, Microphone, Peer, until
from tests.stage.hall import Hall, hall
from tests.stage.peers import Relay, through
from tests.stage.test_echo import HARBOUR, returned

__all__ = ["hall"]
pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")


class Loudspeaker(Microphone):
    """A microphone in front of a loudspeaker: sends on what its peer hears, 200 ms later."""

    def __init__(self, peer: Echo) -> None:
        super().__init__(tones.silence(1.0))
        self._peer = peer
        self._at = -10

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms."""
        heard = self._peer.heard
        self._at = max(self._at + 1, len(heard) - 20)  # two clocks: they drift
        frame = heard[self._at] if 0 <= self._at < len(heard) else tones.silence(0.02)
        self.sound = returned(frame[:960], delay_ms=0, level_db=-12)
        return await super().recv()


class Echo(Peer):
    """A speaker without headphones."""

    def _microphone_of(self, connection: object) -> None:
        self.microphone = Loudspeaker(self)
        connection.addTrack(self.microphone)  # type: ignore[attr-defined]


def told(hall: Hall, kind: type[Warned] | type[Cleared], seat: str) -> list[str]:
    return [
        event.code for event in hall.observed
        if isinstance(event, (Warned, Cleared)) and isinstance(event, kind) and event.seat == seat
    ]  # fmt: skip


def relayed(hall: Hall, seat: str, *, port: int, relay: int) -> Exchange:
    """Through the relay instead of straight."""

    async def carry(sdp: str) -> str:
        answer = await hall.exchange(seat)(sdp)
        return through(answer, port=port, relay=relay)

    return carry


async def test_an_echo_and_a_lossy_line_and_a_cut_one(hall: Hall) -> None:
    stage = await hall.stage()
    port = stage.context.settings.media_port
    await hall.scheduled("ann", "bob", "cem")
    dice, loss = random.Random(6), [0.0]
    verdict = Relay.before(port, lambda _up, _i, data: [] if dice.random() < loss[0] else [data])
    speech = espeak(HARBOUR)
    speech = (speech * np.float32(0.08 / np.sqrt(np.mean(speech**2)))).astype(np.float32)
    async with (
        verdict as (_, relay),
        Peer(speech, hall.exchange("ann")) as ann,
        Echo(tones.silence(1.0), hall.exchange("bob")) as bob,
        Peer(tones.tone(300, 1.0, -60), relayed(hall, "cem", port=port, relay=relay)) as cem,
    ):
        await until(lambda: ann.connected and bob.connected and cem.connected)
        await asyncio.sleep(0.5)
        assert hall.observed[-1].__class__ not in (Warned, Cleared)  # the green room is private
        await hall.doors()
        await hall.go_live()
        loss[0] = 0.3
        await until(lambda: "line_loss" in told(hall, Warned, "cem"), 20)
        loss[0] = 0.0
        await until(lambda: "seat_echo" in told(hall, Warned, "bob"), 30)
        await until(lambda: "line_loss" in told(hall, Cleared, "cem"), 30)
        loss[0] = 1.0
        await until(lambda: "seat_gone" in told(hall, Warned, "cem"), 10)
        loss[0] = 0.0
        await until(lambda: "seat_gone" in told(hall, Cleared, "cem"), 10)
        assert told(hall, Warned, "ann") == []
        warned = next(e for e in hall.observed if isinstance(e, Warned) and e.code == "seat_echo")
        assert warned.advice.startswith("Bob sends back what the others say")
