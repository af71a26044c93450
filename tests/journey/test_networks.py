"""A speaker's network changes in mid-sentence: the seat stays, and listeners miss little.

A real page in a real browser speaks through relays that stand for its networks; what listeners lose
is measured in programme time, on decoded sound.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from bench import usage
from hustings.drills import evening
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.listener import Listener
from tests import coturn
from tests.journey.browser import chromium
from tests.journey.people import until
from tests.stage.peers import Relay
from tests.tones import tone, write_wav

HZ: Final = 660.0
GAP_S: Final = 1.5
WINDOW: Final = 960  # 20 ms
QUIET_DBFS: Final = -45.0


@dataclass
class Gate:
    """Stands before the real gate: sends UDP elsewhere, and counts what is asked."""

    instead: dict[int, int] = field(default_factory=dict)  # UDP ports by those of the answers
    tcp: bool = False  # whether TCP is left in the answers: it would hide what becomes of UDP
    script: str = ""  # runs in the page before its own
    posts: int = 0
    patches: list[int] = field(default_factory=list)  # status codes of their answers

    async def stand_before(self, page: Page) -> None:
        await page.add_init_script(self.script)
        await page.route(re.compile("/whip/"), self._answer)

    async def _answer(self, route: Route) -> None:
        if route.request.method not in ("POST", "PATCH"):
            await route.continue_()
            return
        answer = await route.fetch()
        if route.request.method == "POST":
            self.posts += 1
        else:
            self.patches.append(answer.status)
        lines = (await answer.text()).split("\r\n")
        text = "\r\n".join(self._line(line) for line in lines if self.tcp or " tcp " not in line)
        await route.fulfill(response=answer, body=text)

    def _line(self, line: str) -> str:
        for port, other in self.instead.items():
            if " tcp " not in line:
                line = line.replace(f" {port} ", f" {other} ")
        return line


def longest_gap_s(listener: Listener, *, since: int) -> float:
    """The longest time without the tone, from programme sample `since` on."""
    start, sound = listener.sound()
    part = sound[max(0, since - start) :]
    whole = part[: len(part) // WINDOW * WINDOW].reshape(-1, WINDOW)
    quiet = 20 * np.log10(np.sqrt((whole**2).mean(axis=1)) + 1e-9) < QUIET_DBFS
    longest = run = 0
    for one in quiet:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest * WINDOW / 48_000


async def speak(page: Page, link: str) -> None:
    """Accept an invitation and press Join, with the browser's noise suppression off."""
    await page.goto(link)
    await page.locator("#accept").click()
    await page.wait_for_selector("body[data-events=true]")
    await page.goto(page.url.split("?")[0] + "?raw=1")
    await page.wait_for_selector("body[data-events=true]")
    await page.locator("#join").click()
    await connected(page)


async def connected(page: Page) -> None:
    await expect(page.locator("body")).to_have_attribute("data-connected", "true")


async def heard(listener: Listener, *, seconds: float) -> int:
    """Wait until the tone has been heard so long without a pause; returns the sample of its end."""

    def steady() -> bool:
        _, sound = listener.sound()
        part = sound[-round(seconds * 48_000) :]
        return len(part) == round(seconds * 48_000) and longest_gap_s(listener, since=end()) == 0

    def end() -> int:
        start, sound = listener.sound()
        return start + len(sound) - round(seconds * 48_000)

    assert await until(steady, seconds=15.0), "the speaker is not heard"
    start, sound = listener.sound()
    return start + len(sound)


@dataclass(frozen=True, slots=True)
class Call:
    """A live space in which one page speaks, and a listener."""

    page: Page
    gate: Gate
    listener: Listener


@asynccontextmanager
async def call(folder: Path, gate: Gate, installation: Installation) -> AsyncIterator[Call]:
    """One speaker on air by way of `gate`, whose microphone hears a tone."""
    microphone = write_wav(folder / "tone.wav", tone(HZ, 120.0))
    async with (
        async_playwright() as playwright,
        chromium(playwright, folder / "profile", microphone=microphone) as context,
    ):
        host = Host(installation.studio_url)
        await host.sign_up((folder / "data" / "first-link").read_text().strip(), name="Host")
        space = await host.create("A tunnel under the river")
        seat = await host.call("POST", f"/spaces/{space}/seats", {"name": "On the train"})
        page = await context.new_page()
        await gate.stand_before(page)
        await speak(page, seat["link"])
        await host.step(space, "doors")
        await host.step(space, "live")
        async with evening.crowd(installation.listen_url, space, count=1) as [listener]:
            yield Call(page, gate, listener)


async def gap_s(listener: Listener, *, since: int) -> float:
    """How long the tone was missed once it is back for good."""
    assert await until(lambda: longest_gap_s(listener, since=since) > 0.1, seconds=5.0), "no gap"
    await heard(listener, seconds=1.5)
    return longest_gap_s(listener, since=since)


@asynccontextmanager
async def network(stages: list[int]) -> AsyncIterator[tuple[list[Relay], dict[int, int]]]:
    """A network: a relay to each stage process, and the ports that lead there."""
    async with contextlib.AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(Relay.before(port, lambda up, i, d: [d]))
            for port in stages
        ]
        yield (
            [relay for relay, _ in made],
            {stage: port for stage, (_, port) in zip(stages, made, strict=True)},
        )


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_a_speaker_changes_networks_and_loses_a_stage(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        installation = await stack.enter_async_context(Installation(tmp_path / "data"))
        stages = [installation.media_port, installation.media_port + 1]
        old, first = await stack.enter_async_context(network(stages))
        new, second = await stack.enter_async_context(network(stages))
        gate = Gate(first)
        now = await stack.enter_async_context(call(tmp_path, gate, installation))
        gaps_s = []
        # The browser says that there is another network: ICE is restarted, and the sound moves.
        before = await heard(now.listener, seconds=1.0)
        gate.instead = second
        await now.page.evaluate("dispatchEvent(new Event('online'))")
        assert await until(lambda: sum(relay.counts[True] for relay in new) > 100, seconds=10.0)
        for relay in old:
            relay.verdict = lambda up, i, d: []
        await heard(now.listener, seconds=1.0)
        assert (gate.posts, gate.patches) == (1, [200]), "the session is the one that it was"
        gaps_s.append(longest_gap_s(now.listener, since=before))
        # The address from which the speaker comes is another from one packet to the next.
        before = await heard(now.listener, seconds=0.5)
        for relay in new:
            relay.rebind("127.0.0.2")
        gaps_s.append(await gap_s(now.listener, since=before))
        # The way is dead from one packet to the next, and there is another one.
        before = await heard(now.listener, seconds=0.5)
        gate.instead = first
        for relay in old:
            relay.verdict = lambda up, i, d: [d]
        for relay in new:
            relay.verdict = lambda up, i, d: []
        gaps_s.append(await gap_s(now.listener, since=before))
        # The stage dies, and the network to the next one lets only TCP through.
        black_hole = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        black_hole.bind(("127.0.0.1", 0))
        gate.tcp, gate.instead = True, dict.fromkeys(stages, black_hole.getsockname()[1])
        before = await heard(now.listener, seconds=0.5)
        posts = gate.posts
        pids = {n: p for n, p in installation.processes().items() if n.startswith("stage")}
        installation.kill(max(pids, key=lambda name: usage.cpu_seconds([pids[name]])))
        gaps_s.append(await gap_s(now.listener, since=before))
        assert gate.posts > posts
        await connected(now.page)
        black_hole.settimeout(5.0)
        assert black_hole.recv(2_048)[0] <= 3, "the page has tried UDP"
    print(
        "gaps (s): restart {:.2f}, new address {:.2f}, new way {:.2f}, kill {:.2f}".format(*gaps_s)
    )
    assert max(gaps_s) < GAP_S, gaps_s


RELAY_ONLY: Final = """
    const Real = RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
        constructor(given) {
            super({...given, iceTransportPolicy: "relay"});
            window.pc = this;
        }
    };
"""
LOCAL: Final = """async () => {
    const all = await window.pc.getStats();
    const transport = [...all.values()].find((stat) => stat.type === "transport");
    const pair = all.get(transport.selectedCandidatePairId);
    return all.get(pair.localCandidateId).candidateType;
}"""


@coturn.needed
@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_speaker_is_heard_through_a_turn_server(tmp_path: Path) -> None:
    async with coturn.coturn(tmp_path / "turn") as server:
        flags = {"stages": "1", "turn_urls": server.url(), "turn_secret": coturn.SECRET}
        async with Installation(tmp_path / "data", flags) as installation:
            gate = Gate(script=RELAY_ONLY)
            async with call(tmp_path, gate, installation) as now:
                await heard(now.listener, seconds=1.0)
                assert await now.page.evaluate(LOCAL) == "relay"
            assert coturn.SECRET not in "\n".join(installation.lines)
