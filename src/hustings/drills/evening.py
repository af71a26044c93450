"""An evening's people: speakers who take the stage, a crowd that listens, the replay afterwards.

What the demo, the benchmarks and the journeys have in common.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import av
import numpy as np

from hustings.drills import measure
from hustings.drills.host import HTTP_S, Host, Person
from hustings.drills.installation import Installation
from hustings.drills.listener import Listener
from hustings.drills.measure import Sound
from hustings.drills.speaker import NotSeated, Speaker

SEATED_S: Final = 15.0
POSTED_S: Final = 30.0
JOIN_EVERY_S: Final = 0.02  # a crowd arrives one by one, 50 a second


@asynccontextmanager
async def on_stage(
    installation: Installation, host: Host, space: str, *, count: int
) -> AsyncIterator[list[Speaker]]:
    """`count` speakers, the host among them, on stage and saying the time code in turns."""
    people: list[Person] = [host]
    people += [await host.invite(space, f"Speaker {i + 1}") for i in range(1, count)]
    speakers = []
    async with asyncio.TaskGroup() as group:
        tasks = []
        for index, person in enumerate(people):
            seat = await person.seat(space)
            speaker = Speaker(
                gate_url=installation.gate_url,
                space=space,
                ticket=seat.ticket,
                voice=measure.voice(index, of=count),
            )
            speakers.append(speaker)
            tasks.append(group.create_task(_until_ended(speaker)))
        async with asyncio.timeout(SEATED_S):
            await asyncio.gather(*(speaker.connected.wait() for speaker in speakers))
        yield speakers
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def crowd(
    listen_url: str, space: str, *, count: int, codecs: tuple[str, ...] = ("opus",)
) -> AsyncIterator[list[Listener]]:
    """`count` listeners, all of whom have heard something; codecs take turns."""
    people = [Listener(listen_url, space, codec=codecs[i % len(codecs)]) for i in range(count)]
    async with asyncio.TaskGroup() as group:
        tasks = []
        for one in people:
            tasks.append(group.create_task(one.run()))
            await asyncio.sleep(JOIN_EVERY_S)
        async with asyncio.timeout(SEATED_S):
            while not all(one.heard for one in people):
                await asyncio.sleep(0.05)
        yield people
        for task in tasks:
            task.cancel()


async def posted(visitor: Person, listen_url: str, space: str) -> dict[str, Any]:
    """Wait for the replay; returns the door that leads to it."""
    async with asyncio.timeout(POSTED_S):
        while True:
            door = await look(visitor, listen_url, space)
            if door["status"] == "posted" and door["replay"]:
                return door
            await asyncio.sleep(0.05)


async def look(visitor: Person, listen_url: str, space: str) -> dict[str, Any]:
    """The door of a space: what a listener is told."""
    door: dict[str, Any] = json.loads(await visitor.page(f"{listen_url}/live/{space}/door.json"))
    return door


def fetch(address: str) -> Sound:
    """Decode a recording by its address or path with PyAV: float32 mono at 48 kHz."""
    pieces = []
    with av.open(address, timeout=HTTP_S) as container:
        for frame in container.decode(audio=0):
            pieces.append(frame.to_ndarray().reshape(-1))  # noqa: PERF401 - frames own buffers
    return np.concatenate(pieces).astype(np.float32)


async def _until_ended(speaker: Speaker) -> None:
    with contextlib.suppress(NotSeated):  # the space has ended: there is no seat to come back to
        await speaker.run()
