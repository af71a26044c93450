"""What a visitor does who was refused: enters the ladder, takes its rung, waits for its turn.

The addresses and fields are those of `POST /live/{space}/enter` (docs/listen.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from hustings.drills.load_wire import Answer, Sink, Wire
from hustings.errors import HustingsError

if TYPE_CHECKING:
    from hustings.drills.load_visitor import Visitor

_AGAIN_MS: Final = 5_000
_BETTER: Final = ("live", "slow", "slower")
_HURRY_S: Final = 0.25  # who is refused, or called, comes spread over this (player/ladder.js)
_STAY_S: Final = 20.0  # players on segments enter again this often, so that they are counted


class Entry(msgspec.Struct):
    """The answer to enter. Unknown fields are passed over."""

    rung: str
    push: str | None = None
    edge: str | None = None
    segments: dict[str, Any] | None = None
    events: str | None = None
    number: int | None = None
    called: int | None = None
    line: str | None = None
    again_ms: int | None = None


class Line:
    """One visitor's way up the ladder. `number` is its place in line, once it has one."""

    def __init__(self, visitor: Visitor) -> None:
        self.number: int | None = None
        self.called_up_to = 0
        self._visitor = visitor
        self._token: str | None = None
        self._rung: str | None = None
        self._retry_after_s: float | None = None
        self._again_s = _AGAIN_MS / 1000
        self._hurrying = False

    def refused(self, retry_after_s: float | None) -> None:
        """Sound was refused just now."""
        self._retry_after_s = retry_after_s
        self._hurry()

    def come(self) -> None:
        """After a lost connection: ask for the way anew."""
        self.enter()

    def enter(self) -> None:
        """Ask for a way; beside the event stream, if one is read."""
        one = self._visitor
        if one.rung == "text":
            _Word(one, self._question(), self._entered)
        else:
            one.ask(_target(one), self._entered, body=self._question())

    def called(self, up_to: int) -> None:
        """Numbers have been called, up to this one."""
        self.called_up_to = max(self.called_up_to, up_to)
        if self.number is not None and self.number <= up_to and not self._hurrying:
            self._hurry()

    def waits(self) -> None:
        """There is nothing to read either: wait in silence."""
        one = self._visitor
        one.rung_known(one.floor.loop.now())
        one.stand("wait")
        one.rest()
        one.later(self._again_s, self.enter)

    def _hurry(self) -> None:
        self._hurrying = True
        self._visitor.later(self._visitor.floor.dice.uniform(0.0, _HURRY_S), self.enter)

    def _entered(self, answer: Answer, now: float) -> None:
        one = self._visitor
        self._hurrying = False
        entry = _entry(answer)
        if answer.status == 410:
            one.ended(now)
        elif entry is not None:
            if entry.rung != self._rung:
                one.tally.offered[entry.rung] = one.tally.offered.get(entry.rung, 0) + 1
            self._rung = entry.rung
            self._token = entry.line or self._token
            self.number = entry.number if entry.number is not None else self.number
            self.called_up_to = max(self.called_up_to, entry.called or 0)
            self._again_s = (
                (entry.again_ms or _AGAIN_MS) / 1000 * one.floor.dice.uniform(0.75, 1.25)
            )
            self._obey(entry)
        elif one.rung == "text":
            one.later(self._again_s, self.enter)  # what was asked beside the stream went wrong
        else:
            # An edge without a ladder, or in trouble: what it said of coming again is kept to.
            if answer.status not in (404, 405, 413, 503):
                one.error(f"enter {answer.status}")
            one.rung_known(now)
            one.stand("wait")
            one.again(self._retry_after_s)

    def _obey(self, entry: Entry) -> None:
        one = self._visitor
        match entry.rung:
            case "live" | "slow" | "slower":
                self._come_in(entry.push)
            case "edge" if entry.edge:
                try:
                    one.push(entry.push, one.floor.place(entry.edge), self._claim())
                except HustingsError as error:
                    one.error(str(error)[:80])
                    one.again()
            case "segments":
                given = entry.segments or {}
                one.fetch(hls=False, base=given.get("base"), k=given.get("k"))
                one.floor.loop.after(_STAY_S, self._stay)
            case "text" if entry.events:
                if one.rung != "text":
                    one.read(f"{entry.events}?v={one.v}&t={one.t}&{self._claim()}".rstrip("&"))
                one.later(self._again_s, self.enter)
            case _:
                self.waits()

    def _stay(self) -> None:
        """Say that one is still there, on a connection of its own; go up if there is room."""
        if self._visitor.rung == "segments":
            _Word(self._visitor, self._question(), self._stayed)

    def _stayed(self, answer: Answer, now: float) -> None:
        entry = _entry(answer)
        if entry is not None and entry.rung in _BETTER and self._visitor.rung == "segments":
            self._rung = entry.rung
            self._come_in(entry.push)
        else:
            self._visitor.floor.loop.after(_STAY_S, self._stay)

    def _come_in(self, push: str | None) -> None:
        self._visitor.push(push, None, self._claim())

    def _question(self) -> bytes:
        one = self._visitor
        question = {
            "v": one.v,
            "t": one.t,
            "codec": one.floor.plan.codec,
            "line": self._token,
            "rung": self._rung,
        }
        return msgspec.json.encode(question)

    def _claim(self) -> str:
        return f"line={self._token}" if self._token else ""


class _Word:
    """One request beside what a visitor is doing. If it fails, the next one says the same."""

    def __init__(
        self, visitor: Visitor, question: bytes, then: Callable[[Answer, float], None]
    ) -> None:
        floor = visitor.floor
        self._then = then
        self._wire = Wire(floor.loop, floor.home, self, source=visitor.source)
        self._wire.ask(floor.request("POST", _target(visitor), floor.home, body=question))

    def stream(self, status: int, fields: Mapping[str, str], now: float) -> Sink:
        """No answer to this is endless."""
        self._wire.close()
        self._then(Answer(status, fields, b""), now)
        return lambda _, __: None

    def answered(self, answer: Answer, now: float) -> None:
        """Done."""
        self._wire.close()
        self._then(answer, now)

    def lost(self, why: str, now: float) -> None:
        """It did not work this time."""
        self._then(Answer(0, {}, b""), now)


def _target(visitor: Visitor) -> str:
    return f"/live/{visitor.floor.plan.space}/enter"


def _entry(answer: Answer) -> Entry | None:
    if answer.status != 200:
        return None
    try:
        return msgspec.json.decode(answer.body, type=Entry)
    except msgspec.MsgspecError:
        return None
