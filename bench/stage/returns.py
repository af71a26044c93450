"""Coming back: how long a speaker hears nothing when a page, a network or a server goes.

A whole installation (`hustings serve`), two seats by the synthetic client through the gate. It does
as the studio's page does: no sound for 300 ms, and it posts a new offer, every 150 to 300 ms, until
it hears something. What is told is the longest silence at the seat around each event; where the
sound goes on by itself (gate or live server killed) the seat is left at the same moment, so that
somebody has to come in through what is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import report, usage
from bench.report import Row
from bench.stage import voices
from bench.stage.client import Client, identity
from hustings import process
from hustings.drills.host import Host, Person
from hustings.drills.installation import Installation
from hustings.drills.speaker import HEARD_WITHIN_S, OFFER_EVERY_S

BACK_S: Final = 1.5
_TICK_S: Final = 0.02
_POST_S: Final = 2.0
_ANSWERED_S: Final = 1.0
_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many of each kind, and the time between two."""

    times: int
    settle_s: float


FULL: Final = Plan(times=10, settle_s=3.0)
QUICK: Final = Plan(times=1, settle_s=1.0)


class Speaker:
    """A speaker whose page posts again whenever it hears nothing."""

    def __init__(self, url: str, person: Person, space: str) -> None:
        self.client: Client | None = None
        self.silence_s = 0.0
        self.renewed = False  # since the mark: the same client has a new way
        self._heard_at = time.monotonic()
        self._url = url
        self._person = person
        self._space = space
        self._ticket = ""
        self._session = ""  # the present client's resource
        self._group: asyncio.TaskGroup
        self._own = identity()

    async def run(self) -> None:
        """Talk and listen until cancelled."""
        self._ticket = (await self._person.seat(self._space)).ticket
        async with asyncio.TaskGroup() as self._group:
            self._group.create_task(self._talk())
            self._group.create_task(self._stay())

    def rebind(self) -> None:
        """Its network has changed, and nobody knows."""
        assert self.client is not None
        self.client.rebind()
        self._group.create_task(self._renew(self.client))

    def restart(self) -> None:
        """Its network has changed, and the page knows: it restarts ICE."""
        assert self.client is not None
        self._group.create_task(self._restart(self.client))

    def leave(self) -> None:
        """The page goes: its client, and what it knew."""
        client, self.client = self.client, None
        if client is not None:
            client.close()

    def mark(self) -> None:
        """From now on count the longest silence."""
        self._heard_at = time.monotonic()
        self.silence_s = 0.0
        self.renewed = False

    @property
    def hears(self) -> bool:
        """Whether something was heard just now."""
        return time.monotonic() - self._heard_at < 3 * _TICK_S

    async def _talk(self) -> None:
        due = time.monotonic()
        while True:
            due += _TICK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            client = self.client
            if client is not None:
                client.tick(now)
                client.send()
                if client.last_ns / 1e9 > self._heard_at:
                    self.silence_s = max(self.silence_s, client.last_ns / 1e9 - self._heard_at)
                    self._heard_at = client.last_ns / 1e9

    async def _stay(self) -> None:
        while True:
            if self.client is None or time.monotonic() - self._heard_at > HEARD_WITHIN_S:
                with contextlib.suppress(OSError, TimeoutError):
                    await self._offer()
                    continue
                await asyncio.sleep(random.uniform(*OFFER_EVERY_S))
            await asyncio.sleep(_TICK_S)

    async def _restart(self, client: Client) -> None:
        with contextlib.suppress(OSError):  # then it posts anew, when it has heard nothing
            answer, _ = await asyncio.to_thread(self._request, "PATCH", client.restart())
            client.restarted(answer)
            await self._renew(client)

    async def _renew(self, client: Client) -> None:
        while client is self.client and not client.answered:
            await asyncio.sleep(_TICK_S / 4)
        self.renewed = True

    async def _offer(self) -> None:
        """A new client takes the place of the old one when it is answered, as in the page."""
        client = Client(self._own, voices.talking(0))
        try:
            answer, at = await asyncio.to_thread(self._request, "POST", client.offer())
        except BaseException:
            client.close()
            raise
        client.take(answer)
        self._session = urllib.parse.urljoin(self._url, at)
        old, self.client = self.client, client
        if old is not None:
            old.close()
        async with asyncio.timeout(_ANSWERED_S):
            while not client.received:
                await asyncio.sleep(_TICK_S / 4)

    def _request(self, method: str, body: str) -> tuple[str, str]:
        """Ask the gate; what it answers, and where the session is."""
        headers = {"Authorization": f"Bearer {self._ticket}", "Content-Type": "application/sdp"}
        if method == "PATCH":
            headers |= {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}
        url = self._session if method == "PATCH" else self._url
        request = urllib.request.Request(url, body.encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=_POST_S) as response:
            return response.read().decode(), response.headers.get("Location", "")


async def rows(folder: Path, plan: Plan) -> list[Row]:
    """Measure every kind in turn."""
    process.go_realtime()
    found: dict[str, list[float]] = {}
    async with Installation(folder) as installation, _seated(installation, folder) as speaker:
        kinds: dict[str, Callable[[], None]] = {
            "page reloaded": speaker.leave,
            "network changed (a new port, nobody told)": speaker.rebind,
            "network changed, ICE restarted (PATCH)": speaker.restart,
            "stage killed": lambda: _kill(installation, _busy(installation)),
            "gate killed, page reloaded": lambda: _gone(installation, "gate-0", speaker),
            "live server killed, page reloaded": lambda: _gone(installation, "live", speaker),
        }
        for _ in range(plan.times):
            for kind, happen in kinds.items():
                found.setdefault(kind, []).append(await _silence(speaker, happen, plan))
                await _whole(installation)
    what = "longest silence at a seat that comes back"
    return [report.at_most(f"{what}: {k}", "s", times, BACK_S) for k, times in found.items()]


async def _silence(speaker: Speaker, happen: Callable[[], None], plan: Plan) -> float:
    await asyncio.sleep(plan.settle_s)
    speaker.mark()
    happen()
    client = speaker.client
    async with asyncio.timeout(_PATIENCE_S):
        # What is on its way when a server dies still comes.
        await asyncio.sleep(0.1)
        while not (speaker.hears and speaker.silence_s > 0 and _settled(speaker, client)):
            await asyncio.sleep(_TICK_S)
    await asyncio.sleep(plan.settle_s)
    return round(speaker.silence_s, 3)


def _settled(speaker: Speaker, before: Client | None) -> bool:
    """Whether the event is over: a silence has been and gone, or a new client or way is there."""
    moved = speaker.client is not None and speaker.client is not before
    return moved or speaker.renewed or speaker.silence_s > 2 * _TICK_S


@contextlib.asynccontextmanager
async def _seated(installation: Installation, folder: Path) -> AsyncIterator[Speaker]:
    """A live space with two seats; yields the guest's."""
    host = Host(installation.studio_url)
    await host.sign_up((folder / "first-link").read_text().strip(), name="Bench")
    space = await host.create("Coming back")
    guest = await host.invite(space, "Guest")
    url = f"{installation.gate_url}/whip/{space}"
    speakers = [Speaker(url, person, space) for person in (host, guest)]
    tasks = [asyncio.create_task(speaker.run()) for speaker in speakers]
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not all(one.client is not None and one.client.received for one in speakers):
                await asyncio.sleep(_TICK_S)
        await host.step(space, "doors")
        await host.step(space, "live")
        yield speakers[1]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for speaker in speakers:
            speaker.leave()


def _kill(installation: Installation, name: str) -> None:
    installation.kill(name)


def _gone(installation: Installation, name: str, speaker: Speaker) -> None:
    installation.kill(name)
    speaker.leave()


def _busy(installation: Installation) -> str:
    """The stage that holds the space: the one that has worked more."""
    stages = {n: p for n, p in installation.processes().items() if n.startswith("stage")}
    return max(stages, key=lambda name: usage.cpu_seconds([stages[name]]))


async def _whole(installation: Installation) -> None:
    """Wait until the supervisor has put everything back."""
    async with asyncio.timeout(_PATIENCE_S):
        while not {"stage-0", "stage-1", "gate-0", "live"} <= set(installation.processes()):
            await asyncio.sleep(0.1)
