"""The watch: notices what a host has to know at once, such as a microphone that sends silence.

Real-time contract: called in every tick; pure. Each warning is given once, is taken back when the
matter is over, and comes again only after it was well in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hustings import limits
from hustings.clock import TICK_MS
from hustings.space.troubles import GONE
from hustings.stage.alarm import Alarm, Notice
from hustings.stage.echo import EchoWatch
from hustings.stage.lines import LATE, LOSS
from hustings.stage.seat import Seat
from hustings.words import mark

DIGITAL_SILENCE_DBFS: Final = -90.0  # an open microphone is never this quiet (16 bits: -98)
DEAD_AIR_DBFS: Final = -60.0  # a listener hears nothing in the programme
CLIPPED_DBFS: Final = -0.1
ECHO: Final = "seat_echo"
SILENT: Final = "seat_silent"
_SECOND: Final = 1000 // TICK_MS


class _SeatWatch:
    __slots__ = ("_clipping", "_muted", "_silent")

    def __init__(self) -> None:
        ticks = round(limits.SEAT_SILENT_S * _SECOND)
        self._silent = Alarm(limit=ticks, fall=ticks)
        # Half a minute without a word into the muted microphone arms it again.
        self._muted = Alarm(limit=30 * _SECOND, rise=30, fall=1)
        # Ten clipped frames within some seconds; a single one is a knock on the table.
        self._clipping = Alarm(limit=150, rise=15, fall=1)

    def update(self, seat: Seat) -> list[Notice]:
        muted = seat.muted
        silent = self._silent.update(not muted and seat.level_dbfs < DIGITAL_SILENCE_DBFS)
        spoken = self._muted.update(seat.speaking) if muted else self._muted.calm()
        clipped = self._clipping.update(not muted and seat.peak_dbfs > CLIPPED_DBFS)
        if silent is spoken is clipped is None:
            return []
        changes = {SILENT: silent, "seat_muted": spoken, "seat_clipping": clipped}
        return [
            Notice(code, seat.id, over=not on) for code, on in changes.items() if on is not None
        ]


class Watch:
    """The watch over one space."""

    def __init__(self) -> None:
        ticks = round(limits.DEAD_AIR_S * _SECOND)
        self._dead_air = Alarm(limit=ticks, fall=ticks)
        self._seats: dict[str, _SeatWatch] = {}
        self._echo = EchoWatch()

    def update(self, seats: Sequence[Seat], *, live: bool, mix_dbfs: float) -> list[Notice]:
        """What has to be told after this tick. `seats` are the connected ones, `live` is whether
        the audience hears the mix, whose level is `mix_dbfs`."""
        found = []
        dead = self._dead_air.update(live and mix_dbfs < DEAD_AIR_DBFS)
        if dead is not None:
            found.append(Notice("dead_air", over=not dead))
        present = {}
        for seat in seats:
            watch = present[seat.id] = self._seats.get(seat.id) or _SeatWatch()
            found += watch.update(seat)
        self._seats = present
        found += [Notice(ECHO, name, over=not on) for name, on in self._echo.update(seats)]
        return found


def advice(code: str, name: str) -> str:
    """A sentence for the host; `name` is the speaker's."""
    return _ADVICE[code].format(name)


_ADVICE: Final = {
    "dead_air": "Listeners have heard nothing for three seconds: is everybody muted?",
    SILENT: mark("{0} cannot be heard: the microphone sends silence."),
    "seat_muted": mark("{0} is speaking, but is muted."),
    "log_away": "The recording is held in memory: the server's log does not answer.",
    "log_lost": "A part of the recording is lost: the server's log was away too long.",
    "seat_clipping": mark("{0} is too loud: the microphone distorts."),
    ECHO: mark(
        "{0} sends back what the others say: headphones would help, or a softer loudspeaker."
    ),
    LOSS: mark("{0} has a poor connection: a part of the sound is lost on the way."),
    LATE: mark("{0} has a slow connection: what they say, and what they hear, comes late."),
    GONE: mark("{0} has lost the connection. The page tries to come back by itself."),
}
