"""What the stage tells of its seats, and what it keeps to itself because everybody knows it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from hustings import limits
from hustings.clock import TICK_MS, TICKS_PER_CHUNK
from hustings.log.contract import Live
from hustings.log.subjects import Kind
from hustings.space import Role, Space, Status, decode
from hustings.space import Seat as Granted
from hustings.space.event import Cleared, Warned
from hustings.stage.belated import Belated
from hustings.stage.outlet import Outlet
from hustings.stage.reports import Reports
from hustings.stage.seat import Seat
from hustings.stem import StemPacket, unpack

SPACE = Space(
    id="reports001",
    status=Status.LIVE,
    seats={"ann": Granted(id="ann", name="Ann", role=Role.SPEAKER, connected=True)},
)


class Kept:
    """Keeps what a log would."""

    def __init__(self) -> None:
        self.warned: list[str] = []
        self.cleared: list[str] = []
        self.stems: list[StemPacket] = []

    def put(self, kind: Kind, data: bytes, number: int) -> None:
        if kind is Kind.STEM:
            self.stems += unpack(data).packets
        event = decode(data) if kind is Kind.OBS else None
        if isinstance(event, Warned):
            self.warned.append(event.code)
        if isinstance(event, Cleared):
            self.cleared.append(event.code)


def warnings(space: Space) -> list[str]:
    """What is told of a seat that sends digital silence."""
    kept = Kept()
    outlet = Outlet(space.id, live=cast(Live, None), appender=kept, epoch=1)
    reports, seat = Reports(Belated(outlet), now_ms=lambda: 1), Seat("ann")
    silence = np.zeros(960, np.float32)
    for _ in range(round(limits.SEAT_SILENT_S * 1000 / TICK_MS) + 5):
        seat.pull()
        reports.tick(space, [seat], slot=0, live=False, mix=silence)
    return kept.warned


def test_a_silent_seat_is_told_of_unless_its_speaker_is_away() -> None:
    assert warnings(SPACE) == ["seat_silent"]
    away = replace(SPACE.seats["ann"], away=True)
    assert warnings(replace(SPACE, seats={"ann": away})) == []


def test_who_is_back_and_silent_all_the_same_is_told_of() -> None:
    kept = Kept()
    outlet = Outlet(SPACE.id, live=cast(Live, None), appender=kept, epoch=1)
    reports, seat = Reports(Belated(outlet), now_ms=lambda: 1), Seat("ann")
    away = replace(SPACE, seats={"ann": replace(SPACE.seats["ann"], away=True)})
    silence = np.zeros(960, np.float32)

    def ticks(space: Space, seconds: float) -> list[str]:
        for _ in range(round(seconds * 1000 / TICK_MS)):
            seat.pull()
            reports.tick(space, [seat], slot=0, live=False, mix=silence)
        return kept.warned + kept.cleared

    assert ticks(away, limits.SEAT_SILENT_S + 1) == []
    assert ticks(SPACE, 0.1) == ["seat_silent"]
    # Another call; the microphone is well again before the page says that the call is over.
    assert ticks(away, 1) == ["seat_silent"]
    seat.mute(True, now_ns=0)
    assert ticks(away, limits.SEAT_SILENT_S + 1) == ["seat_silent", "seat_silent"]
    assert kept.cleared == ["seat_silent"]


def test_what_is_wrong_in_the_green_room_is_told_when_the_doors_open() -> None:
    kept = Kept()
    outlet = Outlet(SPACE.id, live=cast(Live, None), appender=kept, epoch=1)
    reports, seat = Reports(Belated(outlet), now_ms=lambda: 1), Seat("ann")
    silence = np.zeros(960, np.float32)

    def ticks(space: Space, seconds: float) -> list[str]:
        for _ in range(round(seconds * 1000 / TICK_MS)):
            seat.pull()
            reports.tick(space, [seat], slot=0, live=False, mix=silence)
        return kept.warned + kept.cleared

    green, doors = (replace(SPACE, status=one) for one in (Status.SCHEDULED, Status.DOORS))
    assert ticks(green, limits.SEAT_SILENT_S + 2) == []
    assert ticks(doors, 0.1) == ["seat_silent"]
    assert ticks(doors, 5) == ["seat_silent"]
    seat.mute(True, now_ns=0)
    assert ticks(doors, limits.SEAT_SILENT_S + 1) == ["seat_silent", "seat_silent"]
    # What was over before the doors opened is nobody's business.
    seat.mute(False, now_ns=0)
    assert len(ticks(green, limits.SEAT_SILENT_S + 1)) == 2
    seat.mute(True, now_ns=0)
    ticks(green, limits.SEAT_SILENT_S + 1)
    assert len(ticks(doors, 0.1)) == 2


def stem(seat: str, number: int) -> StemPacket:
    return StemPacket(seat, 1, number, 960 * number, 960 * number, b"\xf8")


def belated() -> tuple[Belated, Reports, Kept]:
    kept = Kept()
    held = Belated(Outlet(SPACE.id, live=cast(Live, None), appender=kept, epoch=1))
    return held, Reports(held, now_ms=lambda: 1), kept


def test_packets_that_come_late_hold_nobody_elses_up() -> None:
    held, reports, kept = belated()
    held.packet(stem("bob", 0), slot=100)  # of a line that was away
    for number in range(50):
        held.packet(stem("ann", number), slot=number)
        held.played(number, reports.heard)
    reports.flush()
    assert [packet.seat for packet in kept.stems] == ["ann"] * 50
    held.played(100, reports.heard)
    reports.flush()
    assert kept.stems[-1].seat == "bob"


def test_a_seats_packets_of_one_slot_keep_their_order() -> None:
    held, reports, kept = belated()
    for number in range(20):
        held.packet(stem("ann", number), slot=5)
    held.drop_packets(6)
    held.played(5, reports.heard)
    reports.flush()
    assert [packet.sequence for packet in kept.stems] == list(range(20))


def test_lines_that_come_back_together_lose_nothing() -> None:
    held, reports, kept = belated()
    for number in range(3 * limits.STEM_PACKETS_COUNT):
        held.packet(stem(f"s{number % 13}", number), slot=7)
    held.played(7, reports.heard)
    reports.flush()
    assert len(kept.stems) == 3 * limits.STEM_PACKETS_COUNT


def test_levels_name_the_chunk_that_listeners_hear() -> None:
    """With them the desk draws the floor, of which nothing was told that is not yet heard."""
    told: list[int] = []

    class Told(Outlet):
        def levels(self, n: int, levels: object, lines: object) -> None:
            told.append(n)

    held = Belated(Told(SPACE.id, live=cast(Live, None), appender=Kept(), epoch=1))
    held.slots = 4 * TICKS_PER_CHUNK
    reports, seat = Reports(held, now_ms=lambda: 1), Seat("ann")
    for slot in range(10):
        heard_in = slot + 200 + held.slots
        reports.tick(SPACE, [seat], slot=heard_in, live=True, mix=np.zeros(960, np.float32))
    assert told == [209 // TICKS_PER_CHUNK]
