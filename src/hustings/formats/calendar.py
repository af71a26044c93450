"""One event as an iCalendar file (RFC 5545), for a visitor's own calendar. Pure.

Times are UTC, so every calendar shows them in its owner's zone. The same event keeps its UID, and
what is newer has a greater SEQUENCE: importing the file again moves the event instead of doubling
it, and one with STATUS CANCELLED strikes it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
    """The file."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Hustings//Hustings//EN",
        "METHOD:PUBLISH",
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
        "END:VCALENDAR",
    )
    return b"".join(_folded(line) for line in lines)


def _text(words: str) -> str:
    """A TEXT value (section 3.3.11); control characters have no place in one."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    broken = escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(c for c in broken if c >= " " and c != "\x7f")


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
