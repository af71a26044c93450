"""The synthetic client against the endpoint: both ways, on bad lines; what it tells of ticks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bench.stage import address, cost, numbered, voices
from bench.stage.client import Client, Heard, identity
from bench.stage.cost import Case, Void
from bench.stage.pair import played
from bench.stage.relay import Fault, Relay
from bench.stage.speakers import in_order, ticks
from tests.stage.peers import Session, running, until


@contextlib.asynccontextmanager
async def echoed(
    fault: Fault | None = None, *, nack: bool = False
) -> AsyncIterator[tuple[Client, Session]]:
    """A client whose packets come back, by a relay if there is a fault; it sends all the time."""
    async with running(address.own()) as endpoint:
        client = Client(identity(), voices.encoded(numbered.sound(14)), nack=nack)
        session = Session(endpoint, client.offer())
        relay = Relay(endpoint.port, fault, seed=1) if fault is not None else None
        client.take(session.answer, port=relay.port if relay else None)

        async def talk() -> None:
            while True:
                client.send()
                client.tick(asyncio.get_running_loop().time())
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(talk())
        try:
            yield client, session
        finally:
            talking.cancel()
            client.close()
            if relay is not None:
                relay.close()


async def test_sound_both_ways_and_a_new_port() -> None:
    async with echoed() as (client, session):
        client.keeping = True
        await until(lambda: client.received > 10)
        assert session.packets[0].level == 30
        assert client.heard[-1].payload in client.packets
        client.rebind()
        before = client.received
        await until(lambda: client.received > before + 10)
        assert session.states == ["connected"]


async def test_what_is_lost_is_asked_for_again() -> None:
    async with echoed(Fault(loss=0.2), nack=True) as (_, session):
        await until(lambda: session.transport.stats.packets_received > 100)
        stats = session.transport.stats
        assert stats.packets_lost < 0.1 * stats.packets_received


async def test_a_line_that_loses_loses_for_the_stage() -> None:
    async with echoed(Fault(loss=0.2)) as (_, session):
        await until(lambda: session.transport.stats.packets_received > 100)
        stats = session.transport.stats
        assert stats.packets_lost > 0.1 * stats.packets_received


async def test_the_dice_of_a_direction_are_its_own() -> None:
    fates = []
    for _ in range(2):
        relay = Relay(9, Fault(loss=0.5), seed=7)
        fates.append([relay._dice[True].random() < 0.5 for _ in range(50)])
        relay._dice[False].random()
        relay.close()
    assert fates[0] == fates[1]


def heard(*stamps: tuple[int, int]) -> list[Heard]:
    """Packets by their ticks of arrival and their ticks of stamp."""
    return [
        Heard(at * 20_000_000, number, stamp * 960, b"x") for number, (at, stamp) in
        enumerate(stamps)
    ]  # fmt: skip


def test_skipped_ticks_and_lateness_are_read_off_the_packets() -> None:
    even = ticks(heard(*((i, i) for i in range(100))))
    assert (even.skipped, even.late_ms_max) == (0, 0)
    skipped = ticks(heard(*((i, i) for i in range(50)), *((i, i) for i in range(53, 100))))
    assert (skipped.skipped, skipped.late_ms_max) == (3, 0)
    late = ticks(heard(*((i + (i == 30), i) for i in range(100))))
    assert (late.skipped, late.late_ms_max) == (0, 20)


def test_packets_are_put_in_order() -> None:
    row = [Heard(0, number & 0xFFFF, 0, bytes([number & 0xFF])) for number in
           (65_534, 65_535, 65_537, 65_536, 65_539)]  # fmt: skip
    assert in_order(row) == [b"\xfe", b"\xff", b"\x00", b"\x01", None, b"\x03"]


def test_what_is_played_is_what_came() -> None:
    packets = voices.encoded(numbered.sound(6))
    came = [
        Heard(i * 20_000_000, i, i * 960, payload)
        for i, payload in enumerate(packets)
        if i % 20 != 7
    ]
    sound, stats = played(came)
    assert stats.lost == 15
    assert numbered.read(sound).lost < 0.03
    assert played([])[1].received == 0


def test_tones_tell_who_is_in_a_mix() -> None:
    sound = voices.decoded(voices.talking(0)) + voices.decoded(voices.talking(2))
    found = voices.standing_out_db(sound, range(4))
    assert min(found[0], found[2]) > cost.OTHERS_DB
    assert max(found[1], found[3]) < cost.OWN_DB


def report(**seat: object) -> dict[str, object]:
    told = {"due": 300, "received": 300, "missing": 0, "own_db": 5.0, "others_db": 25.0}
    return {"skipped": 0, "late_ms_p99": 1.0, "seats": [told, told | seat]}


CASE = Case(seats=2, talking=2, settle_s=0, window_s=6)


@pytest.mark.parametrize("wrong", [{"own_db": 20.0}, {"others_db": 5.0}, {"received": 200}])
def test_a_measurement_with_a_seat_that_hears_wrong_does_not_count(
    wrong: dict[str, object],
) -> None:
    cost.verify(report(), CASE)
    with pytest.raises(Void, match="seat 1"):
        cost.verify(report(**wrong), CASE)


def test_a_measurement_under_a_late_load_says_nothing() -> None:
    with pytest.raises(Void, match="late"):
        cost.verify({**report(), "late_ms_p99": 50.0}, CASE)
