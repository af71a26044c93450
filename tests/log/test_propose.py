"""Deciding about a space, alone and in a race."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest

from hustings import limits
from hustings.errors import BadInput, Conflict, LogAway
from hustings.log.contract import Entry, Message
from hustings.log.follow import read_state
from hustings.log.memory import MemoryLive, MemoryLog
from hustings.log.propose import Proposals, propose
from hustings.log.subjects import Kind
from hustings.space import Refusal, Role, Space, Status, decode, encode
from hustings.space import command as c
from hustings.space import event as e
from tests.log.conftest import SPACE, Servers
from tests.log.waiting import collect, until

SCHEDULE = c.Schedule(by="a", title="Talk")


async def test_a_command_is_decided_appended_and_announced(servers: Servers) -> None:
    log, live = await servers.role("web")
    edge_log, edge = await servers.role("edge")
    heard: list[Message] = []

    async def hear(message: Message) -> None:
        heard.append(message)

    await edge.subscribe("live.*.ev", hear)
    made = await propose(log, live, SPACE, SCHEDULE, now_ms=5)
    assert isinstance(made, Space)
    assert (made.id, made.title, made.starts_at_ms) == (SPACE, "Talk", 5)
    opened = await propose(log, live, SPACE, c.OpenDoors(by="timer"), now_ms=lambda: 7)
    assert isinstance(opened, Space)
    assert (opened.status, opened.opened_at_ms) == (Status.DOORS, 7)
    stored = [entry.data for entry in await collect(edge_log.read(SPACE, [Kind.EV]))]
    await until(lambda: len(heard) == 2)
    assert [message.data for message in heard] == stored
    assert [decode(data) for data in stored] == [
        e.Scheduled(at_ms=5, by="a", title="Talk"),
        e.DoorsOpened(at_ms=7, by="timer"),
    ]
    assert (await read_state(edge_log, SPACE))[0] == opened


async def test_a_refusal_is_a_value_and_leaves_no_trace(servers: Servers) -> None:
    log, live = await servers.role("web")
    refused = await propose(log, live, SPACE, c.Schedule(by="a", title=" "), now_ms=1)
    assert isinstance(refused, Refusal)
    assert refused.code == "value"
    unknown = await propose(log, live, SPACE, c.OpenDoors(by="timer"), now_ms=1)
    assert isinstance(unknown, Refusal)
    assert unknown.code == "status"
    assert not await log.exists(SPACE)
    assert isinstance(await propose(log, live, SPACE, SCHEDULE, now_ms=1), Space)
    twice = await propose(log, live, SPACE, SCHEDULE, now_ms=1)
    assert isinstance(twice, Refusal)
    assert twice.code == "done"
    with pytest.raises(BadInput):
        await propose(log, live, "not/an/id", SCHEDULE, now_ms=1)


async def test_of_two_webs_that_decide_at_once_one_wins(servers: Servers) -> None:
    """A timer that fires on two nodes fires once, whatever the timing; nobody sees an error."""
    webs = [await servers.role("web") for _ in range(2)]
    for number in range(20):
        space = f"space{number}"
        for command in (SCHEDULE, c.OpenDoors(by="timer"), c.GoLive(by="timer")):
            outcomes = await asyncio.gather(
                *(propose(log, live, space, command, now_ms=1) for log, live in webs)
            )
            assert sum(isinstance(outcome, Space) for outcome in outcomes) == 1
            assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 1
        entries = await collect(webs[0][0].read(space, [Kind.EV]))
        assert [type(decode(entry.data)) for entry in entries] == [
            e.Scheduled,
            e.DoorsOpened,
            e.WentLive,
        ]


async def test_commands_that_do_not_exclude_each_other_all_come_through(servers: Servers) -> None:
    webs = [await servers.role("web") for _ in range(2)]
    await propose(*webs[0], SPACE, SCHEDULE, now_ms=1)
    outcomes = await asyncio.gather(
        *(
            propose(
                *webs[i % 2],
                SPACE,
                c.GrantSeat(by="a", seat=f"s{i}", name="Ann", seat_role=Role.SPEAKER),
                now_ms=1,
            )
            for i in range(5)
        )
    )
    assert all(isinstance(outcome, Space) for outcome in outcomes)
    space, _ = await read_state(webs[0][0], SPACE)
    assert space is not None
    assert set(space.seats) == {f"s{i}" for i in range(5)}


async def test_a_short_outage_is_waited_out(servers: Servers) -> None:
    log, live = await servers.role("web")
    await propose(log, live, SPACE, SCHEDULE, now_ms=1)
    assert servers.log.pid is not None
    os.kill(servers.log.pid, signal.SIGKILL)
    await servers.log.wait()
    asking = asyncio.ensure_future(propose(log, live, SPACE, c.OpenDoors(by="a"), now_ms=1))
    await servers.log.start()
    try:
        outcome = await asking
    except LogAway:
        # It was asked before the breaking of the connection was known: asking again is safe.
        outcome = await propose(log, live, SPACE, c.OpenDoors(by="a"), now_ms=1)
    assert isinstance(outcome, Space | Refusal)
    state, _ = await read_state(log, SPACE)
    assert state is not None
    assert state.status is Status.DOORS


class _Unsteady(MemoryLog):
    """A log whose answers get lost, or that others are always quicker with."""

    def __init__(self) -> None:
        super().__init__(now_ns=time.time_ns)
        self.answers_to_lose = 0
        self.rivals = 0
        self.ids: list[str] = []

    async def append(self, space: str, kind: Kind, data: bytes, **named: Any) -> int:
        self.ids.append(named["message_id"])
        if self.rivals:
            self.rivals -= 1
            event = e.SeatMuted(at_ms=1, by="rival", seat=f"nobody{self.rivals}")
            rival = f"rival{self.rivals}"
            await super().append(space, kind, encode(event), message_id=rival)
        seq = await super().append(space, kind, data, **named)
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            raise LogAway("the answer got lost")
        return seq


async def _events(log: MemoryLog, kinds: Collection[Kind] = (Kind.EV,)) -> list[type]:
    return [type(decode(entry.data)) for entry in await collect(log.read(SPACE, kinds))]


async def test_a_lost_answer_does_not_decide_twice() -> None:
    log, live = _Unsteady(), MemoryLive()
    log.answers_to_lose = 1
    assert isinstance(await propose(log, live, SPACE, SCHEDULE, now_ms=1), Space)
    assert await _events(log) == [e.Scheduled]
    assert len(log.ids) == 2
    assert len(set(log.ids)) == 1
    log.answers_to_lose = 2
    with pytest.raises(LogAway):
        await propose(log, live, SPACE, c.OpenDoors(by="a"), now_ms=1)
    again = await propose(log, live, SPACE, c.OpenDoors(by="a"), now_ms=1)
    assert isinstance(again, Refusal)
    assert await _events(log) == [e.Scheduled, e.DoorsOpened]


async def test_a_lost_race_is_run_again_a_bounded_number_of_times() -> None:
    log, live = _Unsteady(), MemoryLive()
    await propose(log, live, SPACE, SCHEDULE, now_ms=1)
    log.rivals = 3
    log.ids.clear()
    assert isinstance(await propose(log, live, SPACE, c.OpenDoors(by="a"), now_ms=1), Space)
    assert await _events(log) == [e.Scheduled, *[e.SeatMuted] * 3, e.DoorsOpened]
    assert len(set(log.ids)) == 4
    log.rivals = 1000
    with pytest.raises(Conflict):
        await propose(log, live, SPACE, c.GoLive(by="a"), now_ms=1)


class _Counted(MemoryLog):
    """A log that counts the entries it gives out."""

    def __init__(self) -> None:
        super().__init__(now_ns=time.time_ns)
        self.read_count = 0

    async def read(
        self, space: str, kinds: Collection[Kind], *, after: int = 0
    ) -> AsyncIterator[Entry]:
        async for entry in super().read(space, kinds, after=after):
            self.read_count += 1
            yield entry


def _hand(person: str) -> c.RaiseHand:
    return c.RaiseHand(by=person, role=Role.LISTENER, person=person, name="Ann")


async def _doors(proposals: Proposals) -> None:
    for command in (SCHEDULE, c.OpenDoors(by="a")):
        assert isinstance(await proposals.propose(SPACE, command, now_ms=1), Space)


async def test_a_burst_reads_the_history_once_and_loses_no_race() -> None:
    log, live = _Counted(), MemoryLive()
    one = Proposals(log, live)
    await _doors(one)
    other = Proposals(log, live)
    outcomes = await asyncio.gather(
        *(other.propose(SPACE, _hand(f"g-{i}"), now_ms=1) for i in range(50))
    )
    assert all(isinstance(outcome, Space) for outcome in outcomes)
    assert log.read_count == 2
    twice = await other.propose(SPACE, _hand("g-7"), now_ms=1)
    assert isinstance(twice, Refusal)
    assert log.read_count == 2
    state = await one.state(SPACE)
    assert state is not None
    assert list(state.hands) == [f"g-{i}" for i in range(50)]
    assert log.read_count == 52


async def test_what_was_refused_on_an_old_state_is_decided_on_the_new_one() -> None:
    log, live = _Counted(), MemoryLive()
    one, other = Proposals(log, live), Proposals(log, live)
    await _doors(one)
    assert isinstance(await one.propose(SPACE, _hand("g-ann"), now_ms=1), Space)
    assert isinstance(await other.propose(SPACE, c.LowerHand(by="x", person="g-ann"), now_ms=1),
                      Space)  # fmt: skip
    assert isinstance(await one.propose(SPACE, _hand("g-ann"), now_ms=1), Space)
    assert await other.state("zyxwvutsrq") is None
    unknown = await other.propose("zyxwvutsrq", _hand("g-ann"), now_ms=1)
    assert isinstance(unknown, Refusal)


async def test_two_processes_in_a_burst_lose_nothing(servers: Servers) -> None:
    webs = [Proposals(*await servers.role("web")) for _ in range(2)]
    await _doors(webs[0])
    outcomes = await asyncio.gather(
        *(webs[i % 2].propose(SPACE, _hand(f"g-{i}"), now_ms=1) for i in range(50))
    )
    assert all(isinstance(outcome, Space) for outcome in outcomes)
    states = [await web.state(SPACE) for web in webs]
    assert states[0] is not None
    assert len(states[0].hands) == 50
    assert states[0] == states[1]


async def test_an_answer_that_got_lost_is_found_by_the_next_command() -> None:
    log, live = _Unsteady(), MemoryLive()
    proposals = Proposals(log, live)
    await _doors(proposals)
    log.answers_to_lose = 2
    with pytest.raises(LogAway):
        await proposals.propose(SPACE, _hand("g-ann"), now_ms=1)
    again = await proposals.propose(SPACE, _hand("g-ann"), now_ms=1)
    assert isinstance(again, Refusal)
    assert again.code == "done"
    assert isinstance(await proposals.propose(SPACE, _hand("g-ben"), now_ms=1), Space)


async def test_the_folds_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FOLDS_COUNT", 3)
    proposals = Proposals(MemoryLog(now_ns=time.time_ns), MemoryLive())
    for number in range(10):
        await proposals.propose(f"space{number}", SCHEDULE, now_ms=1)
        await proposals.state("nowhere")
    assert list(proposals._kept) == ["space7", "space8", "space9"]
