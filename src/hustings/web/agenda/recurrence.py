"""When the spaces of a series take place: every week or every month, by a clock on the wall.

A small part of RFC 5545, section 3.3.10: FREQ=WEEKLY and FREQ=MONTHLY without other parts, from
DTSTART with a time zone. 20:00 stays 20:00 when the clocks change. A month without the day (the
31st) is left out. A time that the clocks skip is taken with the offset before the change, and of
one that comes twice the first counts (section 3.3.5), which is what `zoneinfo` does with `fold=0`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hustings.errors import BadInput

_FORMAT: Final = "%Y-%m-%dT%H:%M"
_LAST_YEAR: Final = 2099


class Rule(StrEnum):
    """How a series repeats."""

    NONE = ""
    WEEKLY = "weekly"
    MONTHLY = "monthly"


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; `BadInput` if none is known by it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput("time zone", expected="a name like Europe/Berlin", got=name[:40]) from error


def local(at_ms: int, zone: str) -> str:
    """What the clock on the wall shows at that moment: `2027-01-15T20:00`."""
    return datetime.fromtimestamp(at_ms / 1000, zone_of(zone)).strftime(_FORMAT)


def moment_ms(wall: str, zone: str) -> int:
    """The moment at which the clock on the wall shows `wall`; `BadInput` if it never does."""
    try:
        at = datetime.fromisoformat(wall)
    except ValueError as error:
        raise BadInput("time", expected="a date and a time", got=wall[:40]) from error
    return int(at.replace(tzinfo=at.tzinfo or zone_of(zone)).timestamp() * 1000)


def occurrences(anchor: str, zone: str, rule: Rule) -> Iterator[tuple[int, int]]:
    """Number and moment (Unix milliseconds) of each occurrence, from the first one on."""
    first, place = datetime.fromisoformat(anchor), zone_of(zone)
    for n, at in enumerate(_walls(first, rule)):
        yield n, int(at.replace(tzinfo=place).astimezone(UTC).timestamp() * 1000)


def _walls(first: datetime, rule: Rule) -> Iterator[datetime]:
    for step in count():
        if rule is Rule.MONTHLY:
            month = first.month - 1 + step
            year = first.year + month // 12
            if year > _LAST_YEAR:
                return
            try:
                yield first.replace(year=year, month=month % 12 + 1)
            except ValueError:
                continue  # this month is too short
        else:
            at = first + timedelta(weeks=step)
            if at.year > _LAST_YEAR or (rule is Rule.NONE and step):
                return
            yield at
