"""A clock on the wall: the same time of day, whatever the offset."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest

from hustings.errors import BadInput
from hustings.web.agenda.recurrence import Rule, local, moment_ms, occurrences, zone_of

BERLIN = "Europe/Berlin"


def utc(anchor: str, rule: Rule, count: int, zone: str = BERLIN) -> list[str]:
    found = islice(occurrences(anchor, zone, rule), count)
    return [datetime.fromtimestamp(ms / 1000, UTC).strftime("%m-%dT%H:%M") for _, ms in found]


def test_eight_in_the_evening_stays_eight_in_the_evening() -> None:
    # Clocks in Berlin go forward on 28 March 2027 and back on 31 October.
    assert utc("2027-03-18T20:00", Rule.WEEKLY, 3) == ["03-18T19:00", "03-25T19:00", "04-01T18:00"]
    assert utc("2027-10-24T20:00", Rule.WEEKLY, 2) == ["10-24T18:00", "10-31T19:00"]


def test_month_without_the_day_is_left_out() -> None:
    assert utc("2027-01-31T20:00", Rule.MONTHLY, 3, "UTC") == [
        "01-31T20:00", "03-31T20:00", "05-31T20:00",
    ]  # fmt: skip
    assert utc("2027-11-15T20:00", Rule.MONTHLY, 3, "UTC") == [
        "11-15T20:00", "12-15T20:00", "01-15T20:00",
    ]  # fmt: skip


def test_time_that_clocks_skip_and_time_that_comes_twice() -> None:
    # RFC 5545 section 3.3.5: 02:30 that does not exist is 01:30 UTC; of two, the first.
    assert utc("2027-03-21T02:30", Rule.WEEKLY, 2) == ["03-21T01:30", "03-28T01:30"]
    assert utc("2027-10-24T02:30", Rule.WEEKLY, 2) == ["10-24T00:30", "10-31T00:30"]


def test_occurrences_end() -> None:
    assert utc("2027-01-31T20:00", Rule.NONE, 3, "UTC") == ["01-31T20:00"]
    assert len(list(occurrences("2099-12-01T20:00", "UTC", Rule.WEEKLY))) == 5
    assert len(list(occurrences("2099-11-30T20:00", "UTC", Rule.MONTHLY))) == 2


def test_wall_and_moment() -> None:
    ms = moment_ms("2027-07-01T20:00", BERLIN)
    assert datetime.fromtimestamp(ms / 1000, UTC).hour == 18
    assert local(ms, BERLIN) == "2027-07-01T20:00"
    for wrong in ("../../etc/passwd", "Mars/Olympus", "", "/etc/localtime"):
        with pytest.raises(BadInput):
            zone_of(wrong)
    with pytest.raises(BadInput):
        moment_ms("tomorrow", BERLIN)
