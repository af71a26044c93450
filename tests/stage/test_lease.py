"""Taking leases from a real log: one winner, no zombie entries, and where the programme goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings import chunk as chunks
from hustings import clock, limits
from hustings.errors import BadInput, Fenced
from hustings.log.contract import Entry, Log
from hustings.log.subjects import Kind, message_id
from hustings.stage import boot, lease
from hustings.stage.rivals import SILENCE_NS, Rivals
from tests.servers import connected, nats_servers

SPACE = "lease00001"
BOOT = bytes(range(16))


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    async with nats_servers(tmp_path) as servers:
        async with connected("web", *servers) as (made, _):
            await made.create(SPACE)
        async with connected("stage", *servers) as (record, _):
            yield record


def holder(name: str) -> lease.Holder:
    return lease.Holder(instance=name, boot_id=BOOT.hex(), at_ns=boot.boottime_ns())


async def taken(log: Log, name: str = "stage-0-1") -> lease.Lease:
    over = await log.last(SPACE, Kind.LEASE)
    won = await lease.take(log, SPACE, holder=holder(name), over=over)
    assert won is not None
    return won


async def chunk_logged(
    log: Log, epoch: int, n: int, *, boottime_ns: int, boot: bytes = BOOT
) -> int:
    silent = chunks.silent(n, epoch=epoch)
    made = chunks.Chunk(
        epoch=epoch,
        n=n,
        boot_id=boot,
        boottime_ns=boottime_ns,
        programme=chunks.Programme.LIVE,
        opus=silent.opus,
        aac=silent.aac,
    )
    once = message_id(SPACE, Kind.MIX, epoch=epoch, number=n)
    return await log.append(SPACE, Kind.MIX, chunks.pack(made), message_id=once, fence=epoch)


async def test_of_racing_stages_one_wins(log: Log) -> None:
    for _ in range(20):
        over = await log.last(SPACE, Kind.LEASE)
        won = await asyncio.gather(
            *(lease.take(log, SPACE, holder=holder(f"stage-{i}-1"), over=over) for i in range(5))
        )
        winners = [one for one in won if one is not None]
        assert len(winners) == 1
        newest = await log.last(SPACE, Kind.LEASE)
        assert newest is not None
        assert newest.seq == winners[0].epoch
        assert newest.stamp_ns == winners[0].stamp_ns


async def test_the_previous_holder_is_named(log: Log) -> None:
    first = await taken(log, "stage-0-1")
    second = await taken(log, "stage-1-2")
    assert first.previous is None
    assert second.previous is not None
    assert second.previous.instance == "stage-0-1"
    assert second.epoch > first.epoch


async def test_a_replaced_holder_cannot_write(log: Log) -> None:
    first = await taken(log)
    await chunk_logged(log, first.epoch, 0, boottime_ns=1)
    second = await taken(log, "stage-1-2")
    with pytest.raises(Fenced):
        await chunk_logged(log, first.epoch, 1, boottime_ns=1)
    await chunk_logged(log, second.epoch, 1, boottime_ns=1)


async def test_a_space_without_chunks_begins_at_zero(log: Log) -> None:
    at = await lease.resumption(log, await taken(log), boot_id=BOOT, boottime_ns=lambda: 10**12)
    assert at == lease.Resumption(n=0, into_ns=0, n_last=None)


@pytest.mark.parametrize(
    ("elapsed_ns", "n", "into_ns"),
    [
        (0, 8, 0),
        (5_000_000, 8, 5_000_000),
        (clock.CHUNK_NS - 1, 8, clock.CHUNK_NS - 1),
        (3 * clock.CHUNK_NS + 7, 11, 7),
        (-5, 8, 0),
        (10**15, 8 + limits.CHUNKS_SKIP_MAX, 10**15 % clock.CHUNK_NS),
    ],
)
async def test_on_the_same_boot_the_boot_clock_counts(
    log: Log, elapsed_ns: int, n: int, into_ns: int
) -> None:
    first = await taken(log)
    await chunk_logged(log, first.epoch, 7, boottime_ns=10**12)
    second = await taken(log, "stage-1-2")
    at = await lease.resumption(log, second, boot_id=BOOT, boottime_ns=lambda: 10**12 + elapsed_ns)
    assert at == lease.Resumption(n=n, into_ns=into_ns, n_last=7)


async def test_on_another_boot_the_log_servers_stamps_count(log: Log) -> None:
    first = await taken(log)
    seq = await chunk_logged(log, first.epoch, 7, boottime_ns=10**18, boot=bytes(16))
    entry = await log.next(SPACE, Kind.MIX, seq=seq)
    assert entry is not None
    await asyncio.sleep(1.2 * clock.CHUNK_MS / 1000)  # the programme has no stage for so long
    second = await taken(log, "stage-1-2")
    later_ns = 2 * clock.CHUNK_NS
    at = await lease.resumption(
        log, second, boot_id=BOOT, boottime_ns=lambda: second.at_ns + later_ns
    )
    elapsed_ns = second.stamp_ns - entry.stamp_ns + later_ns
    assert (at.n, at.into_ns) == (8 + elapsed_ns // clock.CHUNK_NS, elapsed_ns % clock.CHUNK_NS)
    assert at.n >= 11


async def test_the_clock_goes_on_while_the_log_takes_its_time(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await taken(log)
    began_ns = boot.boottime_ns()
    await chunk_logged(log, first.epoch, 7, boottime_ns=began_ns)
    second = await taken(log, "stage-1-2")
    answer = log.last

    async def slowly(space: str, kind: Kind) -> Entry | None:
        await asyncio.sleep(0.1)
        return await answer(space, kind)

    monkeypatch.setattr(log, "last", slowly)
    at = await lease.resumption(log, second, boot_id=BOOT, boottime_ns=boot.boottime_ns)
    counted_ns = (at.n - 8) * clock.CHUNK_NS + at.into_ns
    assert 0 <= boot.boottime_ns() - began_ns - counted_ns < 50_000_000


def test_a_lease_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput):
        lease.holder_of(Entry(Kind.LEASE, 1, b"{}", 0))


def test_the_boot_is_one_and_its_clock_runs() -> None:
    assert boot.boot_id() == boot.boot_id()
    assert len(boot.boot_id()) == 16
    before = boot.boottime_ns()
    assert 0 <= boot.boottime_ns() - before < 10**9
    assert before >= time.monotonic_ns() - 10**9


class TestRivals:
    """Whose lease may be taken over, and when."""

    def test_a_holder_that_beats_is_left_alone(self) -> None:
        rivals = Rivals(since_ns=0)
        rivals.beat("a", ["s"], now_ns=10**10)
        assert rivals.held_for_ns("s", by="a", taken_ns=0, now_ns=10**10 + 1) is None

    def test_three_missed_beats_free_its_spaces(self) -> None:
        rivals = Rivals(since_ns=0)
        rivals.beat("a", ["s", "t"], now_ns=10**10)
        assert rivals.silent(now_ns=10**10 + SILENCE_NS - 1) == frozenset()
        assert rivals.silent(now_ns=10**10 + SILENCE_NS) == {"s", "t"}
        assert not rivals.any
        assert rivals.held_for_ns("s", by="a", taken_ns=0, now_ns=10**10 + SILENCE_NS) == 0

    def test_the_supervisors_word_frees_them_at_once(self) -> None:
        rivals = Rivals(since_ns=10**10)
        rivals.beat("a", ["s"], now_ns=10**10)
        assert rivals.gone("a") == {"s"}
        assert rivals.held_for_ns("s", by="a", taken_ns=10**10, now_ns=10**10) == 0
        rivals.beat("a", ["s"], now_ns=10**10)  # a beat that was on its way
        assert not rivals.any

    def test_after_our_start_a_holder_has_time_to_beat(self) -> None:
        rivals = Rivals(since_ns=10**10)
        waits = rivals.held_for_ns("s", by="a", taken_ns=0, now_ns=10**10 + 100)
        assert waits == SILENCE_NS - 100

    def test_a_lease_just_taken_has_time_for_its_first_beat(self) -> None:
        rivals = Rivals(since_ns=0)
        waits = rivals.held_for_ns("s", by="a", taken_ns=10**10, now_ns=10**10 + 100)
        assert waits == SILENCE_NS - 100
        rivals.beat("a", ["t"], now_ns=10**10 + 50)  # it holds another one already
        waits = rivals.held_for_ns("s", by="a", taken_ns=10**10, now_ns=10**10 + 100)
        assert waits == SILENCE_NS - 100

    def test_a_space_that_was_let_go_is_free(self) -> None:
        rivals = Rivals(since_ns=0)
        rivals.beat("a", ["t"], now_ns=10**10)
        assert rivals.held_for_ns("s", by="a", taken_ns=0, now_ns=10**10) == 0
        rivals.beat("a", [], now_ns=10**10)
        assert not rivals.any
