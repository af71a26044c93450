"""A visitor who reads the event stream: server-sent events (WHATWG HTML, section 9.2), checked.

All readers get the same messages, so each is taken apart once.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from hustings.drills import load_reading
from hustings.drills.load_report import Tally
from hustings.errors import BadInput

_KEPT: Final = 256


class Reader(Protocol):
    """Who reads."""

    def told(self, payloads: tuple[dict[str, Any], ...], now: float) -> None:
        """A message came; without payloads it was a sign of life."""

    def ended(self, now: float) -> None:
        """The stream has come to a true end."""

    def broken(self, why: str, now: float) -> None:
        """Bytes came that are wrong."""


class Messages:
    """Messages that some reader got already."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[dict[str, Any], ...]] = {}

    def read(self, text: bytes) -> tuple[dict[str, Any], ...]:
        """The payloads of one or more whole messages; `BadInput` if they are none."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = tuple(_payloads(text))
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return known


class News:
    """One reader's stream."""

    __slots__ = ("_buffer", "_messages", "_reader", "_tally", "_text", "last_s")

    def __init__(self, reader: Reader, messages: Messages, tally: Tally) -> None:
        self.last_s = 0.0
        self._reader = reader
        self._messages = messages
        self._tally = tally
        self._buffer = b""
        self._text = b""

    def begin(self, now: float) -> None:
        """A new connection's body follows."""
        self._buffer = self._text = b""
        self.last_s = now

    def take(self, data: bytes, now: float) -> None:
        """Bytes of the body."""
        self.last_s = now
        self._tally.bytes += len(data)
        self._buffer += data
        try:
            while (line := load_reading.size_line(self._buffer, 0)) is not None:
                start, stop = line
                if len(self._buffer) < stop + 2:
                    return
                text = self._buffer[start:stop]
                self._buffer = self._buffer[stop + 2 :]
                if not text:
                    self._reader.ended(now)
                    return
                self._told(text, now)
        except BadInput as error:
            self._reader.broken(str(error), now)

    def _told(self, text: bytes, now: float) -> None:
        self._text += text
        if self._text.endswith(b"\n\n"):
            self._tally.pieces += 1
            payloads = self._messages.read(self._text)
            self._text = b""
            self._reader.told(payloads, now)


def _payloads(text: bytes) -> list[dict[str, Any]]:
    out = []
    for message in text.split(b"\n\n"):
        for line in message.split(b"\n"):
            name, colon, value = line.partition(b":")
            if name == b"data":
                out += load_reading.payloads(value.strip())
            elif line and (not colon or name not in (b"", b"retry", b"event", b"id")):
                raise BadInput("event stream", expected="data or a comment", got=repr(line[:40]))
    return out
