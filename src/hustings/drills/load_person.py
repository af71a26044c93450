"""Somebody of a crowd that talks: one connection that is kept alive, one question at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from hustings.drills.load_loop import Loop
from hustings.drills.load_talk import Deed
from hustings.drills.load_wire import Answer, Place, Sink, Wire

_REST_S: Final = 3.0  # a connection that rested longer may be closed while it is asked on
_GOOD: Final = frozenset({201, 202, 204})

Then = Callable[[Answer], None]


class Person:
    """Somebody with one connection, who asks one thing at a time."""

    __slots__ = ("_asked_s", "_deed", "_loop", "_place", "_source", "_then", "_wire")

    def __init__(self, loop: Loop, place: Place, source: str | None) -> None:
        self._loop = loop
        self._place = place
        self._source = source
        self._wire: Wire | None = None
        self._deed: Deed | None = None
        self._then: Then | None = None
        self._asked_s = 0.0

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._deed is not None

    def ask(self, request: bytes, deed: Deed, then: Then | None = None) -> None:
        """Send a request; what comes of it is counted as `deed`."""
        deed.sent += 1
        self._deed, self._then = deed, then
        now = time.monotonic()
        if now - self._asked_s > _REST_S:
            self.close()
        self._asked_s = now
        if self._wire is None:
            try:
                self._wire = Wire(self._loop, self._place, self, source=self._source)
            except OSError as error:
                self.lost((error.strerror or str(error)).lower(), self._asked_s)
                return
        self._wire.ask(request)

    def answered(self, answer: Answer, now: float) -> None:
        """The wire's call."""
        deed, then = self._deed, self._then
        if deed is None:
            return
        self._deed = self._then = None
        if answer.status in _GOOD:
            deed.accepted += 1
            deed.ms.add((now - self._asked_s) * 1000)
        elif then is None or answer.status != 303:
            name = str(answer.status)
            deed.refused[name] = deed.refused.get(name, 0) + 1
        if answer.fields.get("connection", "").lower() == "close":
            self.close()
        if then is not None:
            then(answer)

    def lost(self, why: str, now: float) -> None:
        """The wire's call: the connection is gone; between two requests that is no error."""
        self._wire = None
        deed, then = self._deed, self._then
        self._deed = self._then = None
        if deed is not None:
            deed.errors[why] = deed.errors.get(why, 0) + 1
            if then is not None:
                then(Answer(0, {}, b""))

    def stream(self, status: int, fields: Mapping[str, str], now: float) -> Sink:
        """The wire's call: an answer without a length is one without a body here."""
        self.answered(Answer(status, fields, b""), now)
        self.close()
        return lambda _data, _now: None

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None
