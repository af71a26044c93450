"""The plan: shares of readers, addresses, and what cannot be carried out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hustings.drills.load_plan import Plan
from hustings.errors import BadInput


def plan(**values: Any) -> Plan:
    return Plan(**{"url": "http://127.0.0.1:1", "space": "abcdefghij", "listeners": 10, **values})


def test_shares_are_as_asked_for_and_spread_evenly() -> None:
    one = plan(slow=0.05, stalled=0.1)
    for first in (0, 1_000, 5_000):
        kinds = [one.kind(i) for i in range(first, first + 1_000)]
        assert abs(kinds.count("slow") - 50) <= 2
        assert abs(kinds.count("stalled") - 100) <= 2
    assert {plan().kind(i) for i in range(100)} == {"healthy"}


def test_each_has_an_address_of_its_own_on_loopback() -> None:
    one = plan(base=199)
    addresses = {one.source(i, loopback=True) for i in range(70_000)}
    assert len(addresses) == 70_000
    assert all(a is not None and a.startswith("127.") for a in addresses)
    assert len({plan(per_address=100).source(i, loopback=True) for i in range(1_000)}) == 10
    assert plan(base=1).source(0, loopback=True) != plan(base=2).source(0, loopback=True)


def test_elsewhere_the_system_chooses_unless_told() -> None:
    assert plan().source(3, loopback=False) is None
    assert plan(sources=("192.0.2.1", "192.0.2.2")).source(3, loopback=False) == "192.0.2.2"


def test_it_travels() -> None:
    one = plan(sources=("192.0.2.1",), cadence_ms=960)
    assert msgspec.json.decode(msgspec.json.encode(one), type=Plan) == one


@pytest.mark.parametrize(
    "values",
    [
        {"listeners": 0},
        {"arrive": "soon"},
        {"codec": "mp3"},
        {"way": "radio"},
        {"cadence_ms": 100},
        {"slow": 0.6, "stalled": 0.6},
        {"slow": -0.1},
        {"workers": 0},
        {"per_address": 0},
    ],
)
def test_what_cannot_be_carried_out_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        plan(**values).checked()
