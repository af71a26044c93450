"""Who is let in follows from load and limits alone."""

from __future__ import annotations

from hustings.edge.admission import Admit, Load, Wait, admit


def test_there_is_room() -> None:
    load = Load(listeners=99, descriptors_left=1)
    assert admit(load, listeners_max=100) == Admit()


def test_full_is_a_value_with_a_time() -> None:
    for load in (Load(listeners=100, descriptors_left=9), Load(listeners=0, descriptors_left=0)):
        rung = admit(load, listeners_max=100)
        assert isinstance(rung, Wait)
        assert rung.retry_after_s > 0
        assert rung.reason.endswith(".")
