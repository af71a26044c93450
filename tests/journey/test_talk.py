"""A loud evening: 200 messages and 5,000 reactions a second, votes, and 50 raised hands, while two
people talk and the host's desk is open.

The mixer misses no tick, pages answer, and everything that was acknowledged is there exactly once
and in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import httpx
import pytest

from hustings.config import Settings
from hustings.drills import evening
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.load_report import Spread
from hustings.drills.load_talk import TalkPlan, TalkReport, talking
from hustings.keys import Keys
from hustings.log.connect import connect
from hustings.log.subjects import Kind
from hustings.talk import Said, decode
from tests.journey.figures import told
from tests.journey.people import until

CHAT_PER_S = 200
SAID_PER_S = 5_000
VOTES = 2_000
HANDS = 50
SECONDS = 20.0
SETTLED_S = 3.0  # the last sums of a second, from edge to edge and out
NICE = 10  # of the crowd: on one machine it must not have more than what it tries to overload

# Wide, so that they hold on a machine that does something else as well: docs/bench.md has figures.
PAGE_MS = 1_500
RATE_MET = 0.9
Used = tuple[float, float]
TICKS = re.compile(r"space \w+: (\d+) ticks, (\d+) skipped, (\d+) chunks left out, latest ([\d.]+)")


@dataclass(slots=True)
class Desk:
    """What the host's desk was told, in order: messages, and the newest state and tallies."""

    said: list[str] = field(default_factory=list)
    hands: list[str] = field(default_factory=list)
    tallies: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Evening:
    """Where all of it happens."""

    installation: Installation
    host: Host
    space: str
    poll: str
    data: Path
    cookies: CookieJar
    desk: Desk = field(default_factory=Desk)
    reactions: int = 0
    pages: dict[str, Spread] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def listen(self) -> str:
        return self.installation.listen_url.replace("localhost", "127.0.0.1")


@asynccontextmanager
async def on_air(folder: Path) -> AsyncIterator[Evening]:
    """A live space with two speakers and an open poll."""
    async with Installation(folder, {"log_level": "debug"}) as installation:
        host = Host(installation.studio_url)
        await host.sign_up((folder / "first-link").read_text().strip(), name="Host")
        space = await host.create("A loud evening")
        async with evening.on_stage(installation, host, space, count=2):
            await host.step(space, "doors")
            await host.step(space, "live")
            body = {"question": "Once more?", "options": ["Yes", "No"], "multiple": False}
            made = await host.call("POST", f"/spaces/{space}/polls", {**body, "show": "live"})
            yield Evening(installation, host, space, made["polls"][0]["id"], folder, host.cookies)


async def events(now: Evening, client: httpx.AsyncClient, address: str) -> AsyncIterator[Any]:
    """Server-sent events without end, as (event, data)."""
    async with client.stream("GET", address, timeout=httpx.Timeout(10, read=None)) as stream:
        assert stream.status_code == 200, address
        kind = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))
                kind = ""


async def at_the_desk(now: Evening, client: httpx.AsyncClient, opened: asyncio.Event) -> None:
    address = f"{now.installation.studio_url}/api/spaces/{now.space}/events"
    async for kind, data in events(now, client, address):
        opened.set()
        if kind == "talk":
            now.desk.said += [one["id"] for one in data["said"]]
        elif kind == "state":
            now.desk.hands = [one["person"] for one in data["hands"]]
        elif kind == "tally":
            now.desk.tallies.update(data)


async def among_listeners(now: Evening, client: httpx.AsyncClient, opened: asyncio.Event) -> None:
    address = f"{now.listen}/live/{now.space}/events?v=a-reader-of-reactions&t=tab1"
    async for _, data in events(now, client, address):
        opened.set()
        for one in data:
            if one["type"] == "reactions":
                now.reactions += sum(one["counts"].values())


async def look_around(now: Evening, client: httpx.AsyncClient) -> None:
    """Open every page again and again, and note how long it takes."""
    studio, space = now.installation.studio_url, now.space
    pages = {
        "desk": f"{studio}/s/{space}/stage",
        "join page": f"{studio}/s/{space}/join?for=chat",
        "listen page": f"{now.listen}/s/{space}",
        "talk.json": f"{now.listen}/live/{space}/talk.json",
        "door.json": f"{now.listen}/live/{space}/door.json",
        "healthz of the edge": f"{now.listen}/healthz",
        "healthz of the studio": f"{studio}/healthz",
    }
    for name in itertools.cycle(pages):
        began = time.monotonic()
        answer = await client.get(pages[name])
        now.pages.setdefault(name, Spread()).add((time.monotonic() - began) * 1000)
        if answer.status_code != 200:
            now.failures.append(f"{name}: {answer.status_code}")
        await asyncio.sleep(0.02)


async def loud(now: Evening) -> tuple[TalkReport, dict[str, Used]]:
    """The crowd talks for `SECONDS`; returns what it did, and of each role the share of a core that
    it used, and that it waited for."""
    plan = TalkPlan(
        url=now.listen,
        space=now.space,
        studio=now.installation.studio_url,
        chat_per_s=CHAT_PER_S,
        said_per_s=SAID_PER_S,
        votes=VOTES,
        hands=HANDS,
        ballots=(now.poll,),
        spread_s=SECONDS * 0.75,
        nice=NICE,
    )
    limits = httpx.Limits(max_connections=20)
    async with (
        httpx.AsyncClient(cookies=now.cookies, limits=limits, timeout=20) as client,
        talking(plan) as crowd,
    ):
        opened = [asyncio.Event(), asyncio.Event()]
        async with asyncio.TaskGroup() as tasks:
            around = [
                tasks.create_task(at_the_desk(now, client, opened[0])),
                tasks.create_task(among_listeners(now, client, opened[1])),
                tasks.create_task(look_around(now, client)),
            ]
            async with asyncio.timeout(10):
                await asyncio.gather(*(one.wait() for one in opened))
            before = spent(now)
            await crowd.begin()
            await asyncio.sleep(SECONDS)
            cores = {
                name: ((ran - before[name][0]) / SECONDS, (waited - before[name][1]) / SECONDS)
                for name, (ran, waited) in spent(now).items()
            }
            report = await crowd.end()
            await asyncio.sleep(SETTLED_S)
            for task in around:
                task.cancel()
    return report, cores


def spent(now: Evening) -> dict[str, Used]:
    """CPU time of each process, and how long it was ready and had to wait for a core."""
    found = {name: used(pid) for name, pid in now.installation.processes().items()}
    return {**found, "speakers and looking": used(os.getpid())}


def used(pid: int) -> Used:
    total = [0.0, 0.0]
    for one in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            ran, waited, _ = one.read_text().split()
            total = [total[0] + int(ran) / 1e9, total[1] + int(waited) / 1e9]
    return total[0], total[1]


async def written(now: Evening) -> list[str]:
    """The ids of all messages in the crowd's log, in order."""
    passwords = Keys(now.data / "keys").nats_passwords()
    urls = {
        name: f"nats://127.0.0.1:{(now.data / name / 'port').read_text()}"
        for name in ("live", "log")
    }
    settings = Settings(
        live_servers=(urls["live"],),
        log_servers=(urls["log"],),
        nats_user="archive",
        nats_password=passwords["archive"],
    )
    log, _, close = await connect(settings, name="a test")
    try:
        return [
            piece.id
            async for entry in log.read(now.space, {Kind.TALK})
            for piece in decode(entry.data)
            if isinstance(piece, Said)
        ]
    finally:
        await close()


def ticks(installation: Installation) -> list[tuple[int, int, int, float]]:
    """Ticks, skipped ones, chunks left out, and the latest (ms), as the stages told at the end."""
    found = [m for line in installation.lines if (m := TICKS.search(line))]
    return [(int(m[1]), int(m[2]), int(m[3]), float(m[4])) for m in found]


@pytest.mark.alone
@pytest.mark.timeout(180)
async def test_a_loud_evening(tmp_path: Path) -> None:
    async with on_air(tmp_path) as now:
        report, cores = await loud(now)
        log = await written(now)
        talk = json.loads(await now.host.page(f"{now.listen}/live/{now.space}/talk.json"))
        view = await now.host.call("GET", f"/spaces/{now.space}")
        await now.host.step(now.space, "end")
        door = await evening.posted(now.host, now.listen, now.space)
        receipt = json.loads(await now.host.page(now.listen + door["replay"]["receipt"]))["receipt"]
        assert await until(lambda: bool(ticks(now.installation)), seconds=15)
    figures = {
        **report.figures(),
        "pages_ms": {name: spread.figures() for name, spread in now.pages.items()},
        "cores_used_waited": {n: (round(u, 3), round(w, 3)) for n, (u, w) in cores.items()},
        "ticks": ticks(now.installation),
    }
    told("a loud evening", figures)

    # Nobody was turned away, and nothing that was acknowledged is missing or there twice.
    assert report.sound, figures
    assert report.chat.accepted >= CHAT_PER_S * SECONDS * RATE_MET
    assert report.reactions.accepted >= SAID_PER_S * SECONDS * RATE_MET
    assert len(log) == len(set(log))
    assert set(log) == set(report.messages)
    assert now.desk.said == log
    assert now.reactions == report.reactions.accepted
    assert report.votes.accepted == VOTES
    tally = now.desk.tallies[now.poll]
    assert (tally["voters"], sum(tally["counts"])) == (VOTES, VOTES)
    assert talk["polls"][0]["counts"] == tally["counts"] == [VOTES // 2, VOTES // 2]
    assert report.raised == now.desk.hands == [one["person"] for one in view["hands"]]
    assert len(report.raised) == HANDS == talk["room"]["hands"]

    # Those on stage did not notice.
    run, skipped, left_out, _ = max(ticks(now.installation))
    assert run > SECONDS * 50
    assert (skipped, left_out) == (0, 0), figures
    assert receipt["gaps"] == []

    # Every page answers.
    assert not now.failures
    for name, spread in now.pages.items():
        assert (spread.quantile(0.99) or 0) <= PAGE_MS, (name, spread.figures())
