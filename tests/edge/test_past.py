"""What is read back is what the log holds, or nothing: never a part of it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from hustings.chunk import pack
from hustings.edge.past import Past
from hustings.edge.spool import Spool
from hustings.errors import LogAway
from hustings.log.contract import Entry
from hustings.log.memory import MemoryLog
from hustings.log.subjects import Kind
from tests import programme
from tests.edge.house import SPACE


class Shelf(MemoryLog):
    """A log of which one copy ends after entry `end`, or breaks."""

    def __init__(self) -> None:
        super().__init__(now_ns=time.time_ns)
        self.end = 1 << 62
        self.broken = False

    async def next(self, space: str, kind: Kind, *, seq: int) -> Entry | None:
        if self.broken:
            raise RuntimeError("a mistake of ours")
        return None if seq > self.end else await super().next(space, kind, seq=seq)


async def shelf(count: int) -> Shelf:
    log = Shelf()
    await log.create(SPACE)
    for n in range(count):
        await log.append(SPACE, Kind.MIX, pack(programme.chunk(n)), message_id=str(n))
    return log


def past(log: Shelf, folder: Path, tasks: asyncio.TaskGroup) -> Past:
    return Past(
        SPACE, log=log, spool=Spool(folder), stored=None, tasks=tasks, settled=lambda _: True
    )


async def test_a_copy_of_the_log_that_lags_makes_no_short_segment(tmp_path: Path) -> None:
    log = await shelf(16)
    async with asyncio.TaskGroup() as tasks:
        old = past(log, tmp_path, tasks)
        assert [one.n for one in await old.chunks(0)] == [*range(6)]
        log.end = 10  # four of the six chunks of segment 1
        with pytest.raises(LogAway):
            await old.chunks(1)
        assert not old.has(1)
        log.end = 1 << 62
        assert [one.n for one in await old.chunks(1)] == [*range(6, 12)]
        # The log's true end is one.
        assert [one.n for one in await old.chunks(2)] == [*range(12, 16)]


async def test_a_mistake_ends_the_answer_and_not_the_edge(tmp_path: Path) -> None:
    log = await shelf(6)
    async with asyncio.TaskGroup() as tasks:
        old = past(log, tmp_path, tasks)
        log.broken = True
        with pytest.raises(RuntimeError):
            await old.chunks(0)
        log.broken = False
        assert len(await old.chunks(0)) == 6
