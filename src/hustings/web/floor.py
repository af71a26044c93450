"""The floor as pages see it: figures of each seat by name, and the clocks of equal-time mode."""

from __future__ import annotations

import msgspec

from hustings.space import Space
from hustings.space.clocks import Level, clocks
from hustings.space.floor import FloorTime


class SeatNow(msgspec.Struct, frozen=True, kw_only=True):
    """One seat's part of the floor; see `space.floor`. It may have been taken away meanwhile.

    `allowance_ms`, `used` and `level` are those of its clock, in equal-time mode.
    """

    id: str
    name: str
    talk_ms: int
    share: float
    speaking: bool
    turns: int = 0
    longest_ms: int = 0
    interruptions: int = 0
    interrupted: int = 0
    overlap_ms: int = 0
    allowance_ms: int = 0
    used: float = 0.0
    level: Level = ""


class FloorNow(msgspec.Struct, frozen=True, kw_only=True):
    """The floor of a space at one moment; seats in the order of their talk time."""

    on_air_ms: int
    silence_ms: int
    overlap_ms: int
    seats: tuple[SeatNow, ...] = ()


def floor_now(space: Space, floor: FloorTime) -> FloorNow:
    """All of it, for hosts."""
    names = {seat.id: seat.name for seat in (*space.seats_removed.values(), *space.seats.values())}
    timed = clocks(floor, space.seats, speaker_s=space.speaker_s) if space.equal_time else {}
    seats = []
    for seat, name in names.items():
        one, clock = floor.seats.get(seat), timed.get(seat)
        if one is None and clock is None:
            continue
        seats.append(
            SeatNow(
                id=seat,
                name=name,
                talk_ms=one.talk_ms if one else 0,
                share=round(floor.share(seat), 4),
                speaking=bool(one and one.speaking),
                turns=one.turns if one else 0,
                longest_ms=one.longest_ms if one else 0,
                interruptions=one.interruptions if one else 0,
                interrupted=one.interrupted if one else 0,
                overlap_ms=one.overlap_ms if one else 0,
                allowance_ms=clock.allowance_ms if clock else 0,
                used=round(clock.used, 4) if clock else 0.0,
                level=clock.level if clock else "",
            )
        )
    return FloorNow(
        on_air_ms=floor.on_air_ms,
        silence_ms=floor.silence_ms,
        overlap_ms=floor.overlap_ms,
        seats=tuple(sorted(seats, key=lambda one: -one.talk_ms)),
    )


def for_speaker(floor: FloorNow, seat: str) -> FloorNow:
    """What a speaker sees: everybody's talk time, and of the clocks their own."""
    return FloorNow(
        on_air_ms=floor.on_air_ms,
        silence_ms=floor.silence_ms,
        overlap_ms=floor.overlap_ms,
        seats=tuple(
            one
            if one.id == seat
            else SeatNow(
                id=one.id,
                name=one.name,
                talk_ms=one.talk_ms,
                share=one.share,
                speaking=one.speaking,
            )
            for one in floor.seats
        ),
    )
