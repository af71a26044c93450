"""What every log keeps to: the real one and the one for simulation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings.errors import BadInput, Conflict, Fenced, LogError
from hustings.log.contract import Entry, Log
from hustings.log.memory import MemoryLog
from hustings.log.subjects import STAGE_KINDS, Kind
from tests.log.conftest import SPACE, running
from tests.log.waiting import collect, until


class Roles:
    """A log seen with the rights of the roles that the contract's users have."""

    def __init__(self, stage: Log, web: Log, archive: Log) -> None:
        self.stage = stage
        self.web = web
        self.archive = archive


@pytest.fixture(params=["jetstream", "memory"])
async def roles(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Roles]:
    if request.param == "memory":
        one = MemoryLog(now_ns=time.time_ns)
        yield Roles(one, one, one)
        return
    async with running(tmp_path) as servers:
        yield Roles(*[(await servers.role(role))[0] for role in ("stage", "web", "archive")])


@pytest.fixture
async def made(roles: Roles) -> Roles:
    await roles.web.create(SPACE)
    return roles


async def _five(log: Log) -> list[int]:
    kinds = (Kind.MIX, Kind.OBS, Kind.MIX, Kind.EV, Kind.MIX)
    return [
        await log.append(SPACE, kind, b"%d" % i, message_id=f"m{i}") for i, kind in enumerate(kinds)
    ]


async def test_a_space_is_made_once_listed_and_deleted(roles: Roles) -> None:
    assert not await roles.web.exists(SPACE)
    await roles.web.create(SPACE)
    await roles.web.create("zyxwvutsrq")
    seq = await roles.web.append(SPACE, Kind.EV, b"kept", message_id="m")
    await roles.web.create(SPACE)
    last = await roles.web.last(SPACE, Kind.EV)
    assert last is not None
    assert (last.seq, last.data) == (seq, b"kept")
    assert await roles.stage.exists(SPACE)
    assert await roles.stage.spaces() == [SPACE, "zyxwvutsrq"]
    await roles.archive.delete(SPACE)
    await roles.archive.delete(SPACE)
    assert await roles.web.spaces() == ["zyxwvutsrq"]


async def test_appends_are_read_in_order_with_stamps(made: Roles) -> None:
    before = time.time_ns()
    seqs = await _five(made.stage)
    assert seqs == sorted(set(seqs))
    entries = await collect(made.web.read(SPACE, STAGE_KINDS))
    assert [e.seq for e in entries] == seqs
    assert [e.data for e in entries] == [b"0", b"1", b"2", b"3", b"4"]
    assert [e.kind for e in entries] == [Kind.MIX, Kind.OBS, Kind.MIX, Kind.EV, Kind.MIX]
    assert all(before <= e.stamp_ns <= time.time_ns() for e in entries)


async def test_read_filters_kinds_and_begins_after(made: Roles) -> None:
    seqs = await _five(made.stage)
    mixes = await collect(made.web.read(SPACE, [Kind.MIX], after=seqs[0]))
    assert [e.data for e in mixes] == [b"2", b"4"]
    assert await collect(made.web.read(SPACE, [Kind.LEASE, Kind.STEM])) == []
    assert await collect(made.web.read(SPACE, [Kind.MIX], after=seqs[-1])) == []
    assert await collect(made.web.read(SPACE, [Kind.MIX], after=seqs[-1] + 1000)) == []


async def test_read_ends_where_the_log_ended_when_it_was_asked(made: Roles) -> None:
    await _five(made.stage)
    reading = made.web.read(SPACE, [Kind.MIX])
    first = await anext(reading)
    await made.stage.append(SPACE, Kind.MIX, b"later", message_id="later")
    assert [first.data] + [e.data async for e in reading] == [b"0", b"2", b"4"]


async def test_last_and_next(made: Roles) -> None:
    assert await made.web.last(SPACE, Kind.MIX) is None
    assert await made.web.next(SPACE, Kind.MIX, seq=1) is None
    seqs = await _five(made.stage)
    entries = await collect(made.web.read(SPACE, STAGE_KINDS))
    assert await made.web.last(SPACE, Kind.MIX) == entries[4]
    assert await made.web.last(SPACE, Kind.EV) == entries[3]
    assert await made.web.last(SPACE, Kind.LEASE) is None
    assert await made.web.next(SPACE, Kind.MIX, seq=0) == entries[0]
    assert await made.web.next(SPACE, Kind.MIX, seq=seqs[1]) == entries[2]
    assert await made.web.next(SPACE, Kind.MIX, seq=seqs[2]) == entries[2]
    assert await made.web.next(SPACE, Kind.EV, seq=seqs[4]) is None
    assert await made.web.next(SPACE, Kind.MIX, seq=seqs[4] + 1000) is None


async def test_what_the_crowd_writes_stands_apart(made: Roles) -> None:
    await _five(made.stage)
    first = await made.web.append(SPACE, Kind.TALK, b"[1]", message_id="t1")
    second = await made.archive.append(SPACE, Kind.TALK, b"[2]", message_id="t2")
    assert await made.web.append(SPACE, Kind.TALK, b"[1]", message_id="t1") == first
    assert (first, second) == (1, 2)  # a sequence of its own
    talk = await collect(made.stage.read(SPACE, [Kind.TALK]))
    assert [(e.kind, e.data) for e in talk] == [(Kind.TALK, b"[1]"), (Kind.TALK, b"[2]")]
    assert await collect(made.stage.read(SPACE, [Kind.TALK], after=first)) == talk[1:]
    assert await made.web.last(SPACE, Kind.TALK) == talk[1]
    assert await made.web.next(SPACE, Kind.TALK, seq=1) == talk[0]
    assert await made.web.next(SPACE, Kind.TALK, seq=3) is None
    assert len(await collect(made.web.read(SPACE, STAGE_KINDS))) == 5
    with pytest.raises(Conflict):
        await made.web.append(SPACE, Kind.TALK, b"[3]", message_id="t3", expect=first)
    with pytest.raises(AssertionError):
        await collect(made.web.read(SPACE, [Kind.TALK, Kind.EV]))
    assert await made.web.spaces() == [SPACE]
    await made.archive.delete(SPACE)
    with pytest.raises(LogError, match=f"{SPACE} has no log"):
        await made.web.append(SPACE, Kind.TALK, b"[4]", message_id="t4")
    with pytest.raises(LogError, match=f"{SPACE} has no log"):
        await collect(made.web.read(SPACE, [Kind.TALK]))


async def test_the_crowd_is_followed(made: Roles) -> None:
    assert await made.web.last(SPACE, Kind.TALK) is None
    await made.web.append(SPACE, Kind.TALK, b"0", message_id="0")
    tail = made.web.tail(SPACE, [Kind.TALK])
    assert (await anext(tail)).data == b"0"
    waiting = asyncio.ensure_future(anext(tail))
    await made.stage.append(SPACE, Kind.MIX, b"sound", message_id="m")
    await made.web.append(SPACE, Kind.TALK, b"1", message_id="1")
    assert (await asyncio.wait_for(waiting, 5)).data == b"1"
    await tail.aclose()  # type: ignore[attr-defined]


async def test_empty_data_is_an_entry(made: Roles) -> None:
    seq = await made.stage.append(SPACE, Kind.LEASE, b"", message_id="m")
    wanted = (Kind.LEASE, seq, b"")
    for entry in (
        await made.stage.last(SPACE, Kind.LEASE),
        await made.stage.next(SPACE, Kind.LEASE, seq=1),
        *await collect(made.stage.read(SPACE, [Kind.LEASE])),
    ):
        assert entry is not None
        assert (entry.kind, entry.seq, entry.data) == wanted


async def test_expect_compares_the_kind_own_last_sequence(made: Roles) -> None:
    first = await made.web.append(SPACE, Kind.EV, b"a", message_id="a", expect=0)
    await made.stage.append(SPACE, Kind.MIX, b"sound", message_id="s")
    with pytest.raises(Conflict) as lost:
        await made.web.append(SPACE, Kind.EV, b"b", message_id="b", expect=0)
    assert lost.value.expected == 0
    await made.web.append(SPACE, Kind.EV, b"c", message_id="c", expect=first)
    assert [e.data for e in await collect(made.web.read(SPACE, [Kind.EV]))] == [b"a", b"c"]


async def test_fence_compares_the_lease(made: Roles) -> None:
    old = await made.stage.append(SPACE, Kind.LEASE, b"one", message_id="l1", expect=0)
    await made.stage.append(SPACE, Kind.MIX, b"0", message_id="m0", fence=old)
    new = await made.stage.append(SPACE, Kind.LEASE, b"two", message_id="l2", expect=old)
    with pytest.raises(Fenced) as fenced:
        await made.stage.append(SPACE, Kind.MIX, b"1", message_id="m1", fence=old)
    assert (fenced.value.space, fenced.value.epoch) == (SPACE, old)
    await made.stage.append(SPACE, Kind.MIX, b"1", message_id="n1", fence=new)
    await made.stage.append(SPACE, Kind.MIX, b"2", message_id="n2", fence=new)
    mixes = await collect(made.stage.read(SPACE, [Kind.MIX]))
    assert [e.data for e in mixes] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("condition", ["none", "expect", "fence"])
async def test_a_repeated_message_id_is_stored_once(made: Roles, condition: str) -> None:
    lease = await made.stage.append(SPACE, Kind.LEASE, b"", message_id="lease")
    given: dict[str, int] = {"expect": 0} if condition == "expect" else {}
    if condition == "fence":
        given = {"fence": lease}
    first = await made.stage.append(SPACE, Kind.MIX, b"x", message_id="m", **given)
    assert await made.stage.append(SPACE, Kind.MIX, b"x", message_id="m", **given) == first
    await made.stage.append(SPACE, Kind.MIX, b"y", message_id="n")
    assert await made.stage.append(SPACE, Kind.MIX, b"x", message_id="m", **given) == first
    mixes = await collect(made.stage.read(SPACE, [Kind.MIX]))
    assert [e.data for e in mixes] == [b"x", b"y"]


async def test_tail_gives_history_and_what_follows(made: Roles) -> None:
    await _five(made.stage)
    got: list[Entry] = []

    async def follow() -> None:
        async for entry in made.web.tail(SPACE, [Kind.MIX, Kind.EV], after=1):
            got.append(entry)  # noqa: PERF401 - the list is looked at while it grows

    task = asyncio.create_task(follow())
    await until(lambda: len(got) == 3)
    await made.stage.append(SPACE, Kind.OBS, b"not asked for", message_id="o")
    for i in range(20):
        await made.stage.append(SPACE, Kind.MIX, b"n%d" % i, message_id=f"n{i}")
    await until(lambda: len(got) == 23)
    task.cancel()
    await asyncio.wait((task,))
    assert [e.data for e in got] == [b"2", b"3", b"4"] + [b"n%d" % i for i in range(20)]
    assert [e.seq for e in got] == sorted({e.seq for e in got})


async def test_a_tail_of_a_deleted_space_ends_with_an_error(made: Roles) -> None:
    tail = made.web.tail(SPACE, [Kind.EV])
    waiting = asyncio.ensure_future(anext(tail))
    await made.web.append(SPACE, Kind.EV, b"a", message_id="a")
    await waiting
    waiting = asyncio.ensure_future(anext(tail))
    await asyncio.sleep(0)
    await made.archive.delete(SPACE)
    with pytest.raises(LogError, match="no log"):
        await asyncio.wait_for(waiting, 10)


async def test_what_concerns_an_unknown_space_is_an_error_that_says_so(roles: Roles) -> None:
    for call in (
        roles.stage.append(SPACE, Kind.EV, b"", message_id="m"),
        roles.web.last(SPACE, Kind.EV),
        roles.web.next(SPACE, Kind.EV, seq=1),
        collect(roles.web.read(SPACE, [Kind.EV])),
        collect(roles.web.tail(SPACE, [Kind.EV])),
    ):
        with pytest.raises(LogError, match=f"{SPACE} has no log"):
            await call


@pytest.mark.parametrize("space", ["*", "a.b.c.d", "UPPER", "", "log.>", "a b c d"])
async def test_what_cannot_be_a_space_is_bad_input(roles: Roles, space: str) -> None:
    with pytest.raises(BadInput):
        await roles.web.create(space)
    with pytest.raises(BadInput):
        await roles.web.append(space, Kind.EV, b"", message_id="m")
    with pytest.raises(BadInput):
        await roles.web.exists(space)
    with pytest.raises(BadInput):
        await collect(roles.web.read(space, [Kind.EV]))
    with pytest.raises(BadInput):
        await roles.archive.delete(space)


async def test_an_entry_too_large_is_bad_input(made: Roles) -> None:
    with pytest.raises(BadInput, match="log entry"):
        await made.web.append(SPACE, Kind.EV, bytes(1024 * 1024 + 1), message_id="m")


async def test_of_racing_takeovers_one_wins_and_no_stale_chunk_is_stored(made: Roles) -> None:
    """Two stages take the lease from each other and write under every lease they ever held."""
    lease = 0
    for number in range(100):
        results = await asyncio.gather(
            *(
                made.stage.append(
                    SPACE, Kind.LEASE, b"%d" % rival, message_id=f"l{number}.{rival}", expect=lease
                )
                for rival in range(4)
            ),
            return_exceptions=True,
        )
        won = [result for result in results if isinstance(result, int)]
        assert len(won) == 1
        assert sum(isinstance(result, Conflict) for result in results) == 3
        stale, lease = lease, won[0]
        written = await asyncio.gather(
            made.stage.append(SPACE, Kind.MIX, b"stale", message_id=f"s{number}", fence=stale),
            made.stage.append(SPACE, Kind.MIX, b"fresh", message_id=f"f{number}", fence=lease),
            return_exceptions=True,
        )
        assert isinstance(written[0], Fenced)
        assert isinstance(written[1], int)
    mixes = await collect(made.stage.read(SPACE, [Kind.MIX]))
    assert [e.data for e in mixes] == [b"fresh"] * 100


async def test_sound_is_purged_and_decisions_keep_their_places(made: Roles) -> None:
    seqs = await _five(made.stage)
    await made.web.append(SPACE, Kind.TALK, b"hello", message_id="t")
    await made.archive.purge(SPACE, [Kind.MIX, Kind.STEM, Kind.TALK])
    left = await collect(made.web.read(SPACE, STAGE_KINDS))
    assert [(entry.seq, entry.kind) for entry in left] == [
        (seqs[1], Kind.OBS),
        (seqs[3], Kind.EV),
    ]
    assert await made.web.last(SPACE, Kind.MIX) is None
    assert await made.web.last(SPACE, Kind.TALK) is None
    found = await made.web.next(SPACE, Kind.EV, seq=1)
    assert found is not None
    assert found.seq == seqs[3]
    # What comes next comes behind everything that was there, purged or not.
    after = await made.web.append(SPACE, Kind.EV, b"x", message_id="m9", expect=seqs[3])
    assert after > seqs[4]
    again = await collect(made.web.read(SPACE, STAGE_KINDS, after=seqs[1]))
    assert [entry.seq for entry in again] == [seqs[3], after]
    await made.archive.purge("nobodyhere", [Kind.MIX, Kind.TALK])


async def test_single_entries_are_erased(made: Roles) -> None:
    seqs = await _five(made.stage)
    await made.archive.erase(SPACE, [seqs[0], seqs[2]])
    await made.archive.erase(SPACE, [seqs[0]])
    left = await collect(made.web.read(SPACE, [Kind.MIX]))
    assert [entry.seq for entry in left] == [seqs[4]]


async def test_a_tail_goes_on_over_what_was_purged(made: Roles) -> None:
    await _five(made.stage)
    await made.archive.purge(SPACE, [Kind.MIX])
    heard: dict[int, bytes] = {}

    async def follow() -> None:
        async for entry in made.web.tail(SPACE, STAGE_KINDS):
            heard[entry.seq] = entry.data

    task = asyncio.create_task(follow())
    await until(lambda: len(heard) == 2)
    await made.stage.append(SPACE, Kind.MIX, b"more", message_id="m10")
    await until(lambda: len(heard) == 3)
    assert list(heard.values()) == [b"1", b"3", b"more"]
    task.cancel()
