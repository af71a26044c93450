"""What troubles a stage now, as its log tells it."""

from __future__ import annotations

from typing import Final

import pytest

from hustings.space import event as e
from hustings.space.troubles import Troubles


def warned(code: str, seat: str = "") -> e.Warned:
    return e.Warned(at_ms=0, code=code, advice="Look.", n=1, seat=seat)


def cleared(code: str, seat: str = "") -> e.Cleared:
    return e.Cleared(at_ms=0, code=code, n=2, seat=seat)


ALL: Final = (
    warned("dead_air"), warned("seat_echo", "ann"), warned("line_loss", "ann"),
    warned("seat_gone", "ann"), warned("seat_echo", "bob"),
)  # fmt: skip


def present(*events: e.Event) -> set[tuple[str, str]]:
    troubles = Troubles()
    for event in events:
        troubles.take(event)
    return {(one.code, one.seat) for one in troubles.present}


def test_what_is_over_is_gone_and_what_is_told_again_stands_once() -> None:
    assert present(warned("dead_air"), warned("dead_air")) == {("dead_air", "")}
    assert present(*ALL, cleared("seat_echo", "ann"), cleared("nothing")) == {
        ("dead_air", ""), ("line_loss", "ann"), ("seat_gone", "ann"), ("seat_echo", "bob"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (e.SeatLeft(at_ms=0, seat="ann", cause="lost", n=3), {"seat_gone"}),
        (e.SeatLeft(at_ms=0, seat="ann", cause="bye", n=3), set[str]()),
        (e.SeatRevoked(at_ms=0, by="host", seat="ann"), set[str]()),
    ],
)
def test_whoever_leaves_takes_their_troubles_along(event: e.Event, left: set[str]) -> None:
    found = present(*ALL, event)
    assert {code for code, seat in found if seat == "ann"} == left
    assert ("seat_echo", "bob") in found


@pytest.mark.parametrize(
    "event", [e.StageTaken(at_ms=0, n=3, epoch=2, cause="takeover"), e.Ended(at_ms=0, by="host")]
)
def test_another_stage_looks_for_itself(event: e.Event) -> None:
    assert present(*ALL, event) == set()
