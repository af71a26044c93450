"""Events as iCalendar files (RFC 5545): one for a visitor's own calendar, or a feed. Pure.

Times are UTC, so every calendar shows them in its owner's zone. The same event keeps its UID, and
what is newer has a greater SEQUENCE: importing the file again moves the event instead of doubling
it, and one with STATUS CANCELLED strikes it out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hustings import limits

MIME: Final = "text/calendar; charset=utf-8"

_LINE_BYTES: Final = 75  # section 3.1: longer content lines are folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a calendar shows. Times are UTC as section 3.3.5 writes them (19980119T070000Z);
    `revision` grows with changes."""

    uid: str
    title: str
    description: str
    url: str
    starts: str
    ends: str
    changed: str
    revision: int
    cancelled: bool = False


def render(event: Event) -> bytes:
    """The file of one event."""
    return _file(["METHOD:PUBLISH", *_entry(event)])


def feed(events: Iterable[Event], *, name: str) -> bytes:
    """A calendar to subscribe to; its reader asks again after `limits.CALENDAR_AGAIN_MINUTES`.

    Name and interval as RFC 7986 has them, sections 5.1 and 5.7, and as calendars before it did.
    """
    again = f"PT{limits.CALENDAR_AGAIN_MINUTES}M"
    lines = [
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{again}",
        f"X-PUBLISHED-TTL:{again}",
    ]
    for event in events:
        lines += _entry(event)
    return _file(lines)


def _file(lines: Iterable[str]) -> bytes:
    whole = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Hustings//Hustings//EN"),
        *lines,
        "END:VCALENDAR",
    )
    return b"".join(_folded(line) for line in whole)


def _entry(event: Event) -> tuple[str, ...]:
    return (
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{event.changed}",
        f"DTSTART:{event.starts}",
        f"DTEND:{event.ends}",
        f"SEQUENCE:{event.revision}",
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        f"SUMMARY:{_text(event.title)}",
        f"DESCRIPTION:{_text(event.description)}",
        f"URL:{event.url}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
    )


def _text(words: str) -> str:
    """A TEXT value (section 3.3.11); control characters have no place in one."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    broken = escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(c for c in broken if unicodedata.category(c) not in ("Cc", "Cs"))


def _folded(line: str) -> bytes:
    """A content line, cut so that no part is longer than allowed and no character is cut."""
    parts = []
    part, room = b"", _LINE_BYTES
    for letter in line:
        coded = letter.encode()
        if len(part) + len(coded) > room:
            parts.append(part)
            part, room = b"", _LINE_BYTES - 1  # the blank that marks a continuation
        part += coded
    parts.append(part)
    return b"\r\n ".join(parts) + b"\r\n"
