"""Finding a chunk in a log that holds other things and has holes."""

from __future__ import annotations

import random
import time

import pytest

from hustings import chunk
from hustings.errors import LogAway
from hustings.log.contract import Entry, Log
from hustings.log.memory import MemoryLog
from hustings.log.seek import seek_chunk
from hustings.log.subjects import Kind
from tests.log.conftest import SPACE, Servers


async def _fill(log: Log, *, numbers: list[int], seed: int) -> dict[int, int]:
    """Log the chunks among other entries; sequence by number."""
    dice = random.Random(seed)
    seqs = {}
    for n in numbers:
        for i in range(dice.randrange(4)):
            kind = dice.choice([Kind.STEM, Kind.OBS])
            await log.append(SPACE, kind, b"x", message_id=f"{n} {i}")
        data = chunk.pack(chunk.silent(n, epoch=1))
        seqs[n] = await log.append(SPACE, Kind.MIX, data, message_id=f"{n}")
    await log.append(SPACE, Kind.OBS, b"x", message_id="end")
    return seqs


async def _check(log: Log, numbers: list[int], seqs: dict[int, int]) -> None:
    for n in range(numbers[-1] + 3):
        wanted = next((seqs[m] for m in numbers if m >= n), None)
        assert await seek_chunk(log, SPACE, n) == wanted, n


@pytest.mark.parametrize("seed", range(20))
async def test_any_number_is_found(seed: int) -> None:
    log = MemoryLog(now_ns=time.time_ns)
    await log.create(SPACE)
    assert await seek_chunk(log, SPACE, 0) is None
    dice = random.Random(seed)
    numbers = sorted(dice.sample(range(100), dice.randrange(1, 60)))
    await _check(log, numbers, await _fill(log, numbers=numbers, seed=seed))


async def test_on_a_real_log(servers: Servers) -> None:
    web, _ = await servers.role("web")
    stage, _ = await servers.role("stage")
    await web.create(SPACE)
    numbers = [0, 1, 2, 5, 6, 20, 21, 22, 40]
    await _check(stage, numbers, await _fill(stage, numbers=numbers, seed=0))


async def test_it_asks_few_questions() -> None:
    log = MemoryLog(now_ns=time.time_ns)
    await log.create(SPACE)
    seqs = await _fill(log, numbers=list(range(2000)), seed=1)
    asked = 0

    class Counted:
        async def last(self, *arguments: object, **named: object) -> object:
            return await log.last(*arguments, **named)  # type: ignore[arg-type]

        async def next(self, *arguments: object, **named: object) -> object:
            nonlocal asked
            asked += 1
            return await log.next(*arguments, **named)  # type: ignore[arg-type]

    found = await seek_chunk(Counted(), SPACE, 777)  # type: ignore[arg-type]
    assert found == seqs[777]
    assert asked <= 14


async def test_a_copy_that_lags_is_an_outage_and_no_answer() -> None:
    """In a cluster each question may be answered by another copy, which may end earlier."""

    class Lagging(MemoryLog):
        async def next(self, space: str, kind: Kind, *, seq: int) -> Entry | None:
            return None if seq > 5 else await super().next(space, kind, seq=seq)

    log = Lagging(now_ns=time.time_ns)
    await log.create(SPACE)
    await _fill(log, numbers=list(range(20)), seed=1)
    with pytest.raises(LogAway):
        await seek_chunk(log, SPACE, 18)
