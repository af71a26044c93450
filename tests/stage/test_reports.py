"""What the stage tells of its seats, and what it keeps to itself because everybody knows it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from hustings import limits
from hustings.clock import TICK_MS
from hustings.log.contract import Live
from hustings.log.subjects import Kind
from hustings.space import Role, Space, Status, decode
from hustings.space import Seat as Granted
from hustings.space.event import Warned
from hustings.stage.belated import Belated
from hustings.stage.outlet import Outlet
from hustings.stage.reports import Reports
from hustings.stage.seat import Seat

SPACE = Space(
    id="reports001",
    status=Status.LIVE,
    seats={"ann": Granted(id="ann", name="Ann", role=Role.SPEAKER, connected=True)},
)


class Kept:
    """Keeps what a log would."""

    def __init__(self) -> None:
        self.warned: list[str] = []

    def put(self, kind: Kind, data: bytes, number: int) -> None:
        event = decode(data) if kind is Kind.OBS else None
        if isinstance(event, Warned):
            self.warned.append(event.code)


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
