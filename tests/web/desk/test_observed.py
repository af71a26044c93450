"""What the studio has observed of a stage: what troubles it, and what does no more."""

from __future__ import annotations

from hustings.space import event as e
from hustings.web.observed import Observed
from hustings.web.viewer import Advice


def warned(code: str, seat: str = "") -> e.Warned:
    return e.Warned(at_ms=1, code=code, advice="Help.", n=1, seat=seat)


def over(code: str, seat: str = "") -> Advice:
    return Advice(code, "", seat, over=True)


def test_pages_are_told_once_of_what_nobody_takes_back() -> None:
    observed = Observed()
    for event in (warned("seat_silent", "ann"), warned("seat_gone", "bob"), warned("dead_air")):
        observed.take(event)
        assert observed.ended() == []
    observed.take(e.Cleared(at_ms=1, code="dead_air", n=1, seat=""))
    assert observed.ended() == []  # they have heard it
    observed.take(e.SeatRevoked(at_ms=1, by="host", seat="ann"))
    assert observed.ended() == [over("seat_silent", "ann")]
    assert observed.ended() == []


def test_what_a_stage_said_that_died_is_over_on_pages_that_are_open() -> None:
    observed = Observed()
    observed.take(warned("seat_gone", "bob"))
    assert observed.ended() == []
    observed.take(e.StageTaken(at_ms=1, n=9, epoch=2, cause="takeover"))
    assert observed.ended() == [over("seat_gone", "bob")]
    assert observed.advices == []
