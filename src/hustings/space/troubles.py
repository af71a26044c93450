"""The fold from a space's log to what troubles its stage now: what was warned of and is not over.

Pure.
"""

from __future__ import annotations

from typing import Final

from hustings.space import event as e

GONE: Final = "seat_gone"


class Troubles:
    """The present warnings of one space, in the order they were given."""

    def __init__(self) -> None:
        self._present: dict[tuple[str, str], e.Warned] = {}

    @property
    def present(self) -> tuple[e.Warned, ...]:
        """What was warned of and is not over."""
        return tuple(self._present.values())

    def take(self, event: e.Event) -> None:
        """Take an event; those that are not about troubles change nothing."""
        match event:
            case e.Warned(code=code, seat=seat):
                self._present[code, seat] = event
            case e.Cleared(code=code, seat=seat):
                self._present.pop((code, seat), None)
            case e.SeatLeft(seat=seat, cause=cause):
                # Whoever was lost may be back at once: their page tries.
                self._drop(seat, but=GONE if cause == "lost" else "")
            case e.SeatRevoked(seat=seat):
                self._drop(seat)
            case e.StageTaken() | e.Ended():
                self._present = {}  # the next stage looks with fresh eyes

    def _drop(self, seat: str, *, but: str = "") -> None:
        for code, of in list(self._present):
            if of == seat and code != but:
                del self._present[code, of]
