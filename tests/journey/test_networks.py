"""A speaker's network changes in mid-sentence: the seat stays, and listeners miss little.

A real page in a real browser speaks through relays that stand for its networks; what listeners lose
is measured in programme time, on decoded sound.
"""

from __future__ import annotations

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
    """Stands before the real gate: sends UDP through a relay, and counts what is asked."""

    stage: int  # the port that the answers name
    relay: int  # the UDP port that the page is told instead
    tcp: bool = False  # whether TCP, which goes through no relay, is left in the answers
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
        return line if " tcp " in line else line.replace(f" {self.stage} ", f" {self.relay} ")


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


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_speaker_changes_networks(tmp_path: Path) -> None:
    async with Installation(tmp_path / "data", {"stages": "1"}) as installation:
        stage = installation.media_port
        async with (
            Relay.before(stage, lambda up, i, d: [d]) as (first, port),
            Relay.before(stage, lambda up, i, d: [d]) as (_, second),
            call(tmp_path, Gate(stage, port), installation) as now,
        ):
            gate, listener = now.gate, now.listener
            # The address from which the speaker comes is another from one packet to the next.
            before = await heard(listener, seconds=2.0)
            first.rebind("127.0.0.2")
            assert await until(lambda: gate.patches == [200], seconds=5.0)
            await heard(listener, seconds=2.0)
            moved_s = longest_gap_s(listener, since=before)
            # The way is dead for good, and there is another one.
            before = await heard(listener, seconds=0.5)
            gate.relay = second
            first.verdict = lambda up, i, d: []
            assert await until(lambda: gate.patches == [200, 200], seconds=5.0)
            await heard(listener, seconds=2.0)
            switched_s = longest_gap_s(listener, since=before)
            await connected(now.page)
    print(f"gaps: {moved_s:.2f} s by a new address, {switched_s:.2f} s by a new way")
    assert gate.posts == 1, "the session is the one that was there before"
    assert 0.1 < moved_s < GAP_S
    assert 0.1 < switched_s < GAP_S


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_speaker_whose_network_blocks_udp_is_heard(tmp_path: Path) -> None:
    async with Installation(tmp_path / "data", {"stages": "1"}) as installation:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
            black_hole.bind(("127.0.0.1", 0))
            gate = Gate(installation.media_port, black_hole.getsockname()[1], tcp=True)
            async with call(tmp_path, gate, installation) as now:
                await heard(now.listener, seconds=2.0)
                await connected(now.page)
                black_hole.settimeout(5.0)
                assert black_hole.recv(2_048)[0] <= 3, "the page has tried UDP"
    assert (gate.posts, gate.patches) == (1, [])


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_a_page_whose_stage_is_killed_is_back_at_once(tmp_path: Path) -> None:
    async with Installation(tmp_path / "data") as installation:
        gate = Gate(0, 0, tcp=True)
        async with call(tmp_path, gate, installation) as now:
            before = await heard(now.listener, seconds=2.0)
            stages = {n: p for n, p in installation.processes().items() if n.startswith("stage")}
            installation.kill(max(stages, key=lambda name: usage.cpu_seconds([stages[name]])))
            assert await until(lambda: gate.posts == 2, seconds=5.0)
            await heard(now.listener, seconds=2.0)
            gap_s = longest_gap_s(now.listener, since=before)
            await connected(now.page)
    print(f"gap: {gap_s:.2f} s by a killed stage")
    assert gate.patches == [404], "a stage that has forgotten the session says so"
    assert 0.1 < gap_s < GAP_S


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
            gate = Gate(installation.media_port, installation.media_port, script=RELAY_ONLY)
            async with call(tmp_path, gate, installation) as now:
                await heard(now.listener, seconds=2.0)
                assert await now.page.evaluate(LOCAL) == "relay"
            assert coturn.SECRET not in "\n".join(installation.lines)
