"""The watch: notices what a host has to know at once, such as a microphone that sends silence.

Real-time contract: called in every tick; pure. Each warning is given once and again only after the
matter was well in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.clock import TICK_MS
from hustings.stage.seat import Seat
from hustings.words import mark

DIGITAL_SILENCE_DBFS: Final = -90.0  # an open microphone is never this quiet (16 bits: -98)
DEAD_AIR_DBFS: Final = -60.0  # a listener hears nothing in the programme
CLIPPED_DBFS: Final = -0.1
_SECOND: Final = 1000 // TICK_MS


@dataclass(frozen=True, slots=True)
class Notice:
    """Something for the host. `seat` is empty where it concerns the whole space."""

    code: str
    seat: str = ""


class _Alarm:
    """Goes off when its score reaches `limit`; is armed again when the score is back at 0.

    The score rises by `rise` in each tick in which the matter is ill, and falls by `fall`.
    """

    __slots__ = ("_armed", "_fall", "_limit", "_rise", "_score")

    def __init__(self, *, limit: int, rise: int = 1, fall: int) -> None:
        self._limit, self._rise, self._fall = limit, rise, fall
        self._score = 0
        self._armed = True

    def update(self, ill: bool) -> bool:
        self._score += self._rise if ill else -min(self._fall, self._score)
        self._score = min(self._score, self._limit)
        if self._score == 0:
            self._armed = True
        if self._score < self._limit or not self._armed:
            return False
        self._armed = False
        return True


class _SeatWatch:
    __slots__ = ("_clipping", "_muted", "_silent")

    def __init__(self) -> None:
        ticks = round(limits.SEAT_SILENT_S * _SECOND)
        self._silent = _Alarm(limit=ticks, fall=ticks)
        # Half a minute without a word into the muted microphone arms it again.
        self._muted = _Alarm(limit=30 * _SECOND, rise=30, fall=1)
        # Ten clipped frames within some seconds; a single one is a knock on the table.
        self._clipping = _Alarm(limit=150, rise=15, fall=1)

    def update(self, seat: Seat) -> str:
        if self._silent.update(not seat.muted and seat.level_dbfs < DIGITAL_SILENCE_DBFS):
            return "seat_silent"
        if self._muted.update(seat.muted and seat.speaking):
            return "seat_muted"
        if self._clipping.update(not seat.muted and seat.peak_dbfs > CLIPPED_DBFS):
            return "seat_clipping"
        return ""


class Watch:
    """The watch over one space."""

    def __init__(self) -> None:
        ticks = round(limits.DEAD_AIR_S * _SECOND)
        self._dead_air = _Alarm(limit=ticks, fall=ticks)
        self._seats: dict[str, _SeatWatch] = {}

    def update(self, seats: Iterable[Seat], *, live: bool, mix_dbfs: float) -> list[Notice]:
        """What has to be told after this tick. `seats` are the connected ones, `live` is whether
        the audience hears the mix, whose level is `mix_dbfs`."""
        found = []
        if self._dead_air.update(live and mix_dbfs < DEAD_AIR_DBFS):
            found.append(Notice("dead_air"))
        present = {}
        for seat in seats:
            watch = present[seat.id] = self._seats.get(seat.id) or _SeatWatch()
            if code := watch.update(seat):
                found.append(Notice(code, seat.id))
        self._seats = present
        return found


def advice(code: str, name: str) -> str:
    """A sentence for the host; `name` is the speaker's."""
    return _ADVICE[code].format(name)


_ADVICE: Final = {
    "dead_air": "Listeners have heard nothing for three seconds: is everybody muted?",
    "seat_silent": mark("{0} cannot be heard: the microphone sends silence."),
    "seat_muted": mark("{0} is speaking, but is muted."),
    "log_away": "The recording is held in memory: the server's log does not answer.",
    "log_lost": "A part of the recording is lost: the server's log was away too long.",
    "seat_clipping": mark("{0} is too loud: the microphone distorts."),
}
