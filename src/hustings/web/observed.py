"""What the stage has observed in one space: the floor so far, and what troubles it now."""

from __future__ import annotations

from hustings.space import Event, Space
from hustings.space.event import Cleared, Warned
from hustings.space.floor_fold import FloorFold
from hustings.space.troubles import Troubles
from hustings.web.floor import FloorNow, floor_now
from hustings.web.viewer import Advice


class Observed:
    """The folds of one log, begun anew when it is read from its start."""

    def __init__(self) -> None:
        self._floor = FloorFold()
        self._troubles = Troubles()
        self._told: FloorNow | None = None
        self._n = 0  # the chunk that the stage has come to, as far as it told
        self._troubled: set[tuple[str, str]] = set()  # as of the last `ended`

    @property
    def advices(self) -> list[Advice]:
        """What troubles the stage now."""
        return [Advice(one.code, one.advice, one.seat) for one in self._troubles.present]

    def ended(self) -> list[Advice]:
        """What troubles the stage no more since this was asked last because a seat or the stage
        went. What the stage itself takes back comes by the live path, which is ahead of the log."""
        present = {(one.code, one.seat) for one in self._troubles.present}
        gone = sorted(self._troubled - present)
        self._troubled = present
        return [Advice(code, "", seat, over=True) for code, seat in gone]

    def take(self, event: Event) -> None:
        """Take an event of the log."""
        self._floor.take(event)
        self._troubles.take(event)
        if isinstance(event, Cleared):
            self._troubled.discard((event.code, event.seat))

    def reached(self, n: int) -> None:
        """The stage has come to chunk `n`."""
        self._n = n

    def news(self, space: Space) -> FloorNow | None:
        """The floor now, if it is another one than the last time: off air it stands still."""
        floor = self.floor(space)
        if floor == self._told:
            return None
        self._told = floor
        return floor

    def floor(self, space: Space) -> FloorNow:
        """The floor now."""
        return floor_now(space, self._floor.figures(self._n))


def advice_of(event: Event) -> Advice | None:
    """What an observation means to those who look on; None if it is no matter of theirs."""
    match event:
        case Warned():
            return Advice(event.code, event.advice, event.seat)
        case Cleared():
            return Advice(event.code, "", event.seat, over=True)
        case _:
            return None
