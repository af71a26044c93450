"""One visitor of a load test, from arrival to the end: behaves as the page's player does.

    away → coming → live | slow | slower | segments | hls | text → … → over
              ↑        └─ connection lost: back within a quarter of a second, with `from=`
              └─ refused: enters the ladder (`load_line`), or tries again later

Whoever hears or reads is watched: a connection that says nothing for too long is given up.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from hustings.drills import load_arrivals
from hustings.drills.load_fetching import Fetching
from hustings.drills.load_floor import Floor
from hustings.drills.load_line import Line
from hustings.drills.load_listening import Listening
from hustings.drills.load_loop import Timer
from hustings.drills.load_news import News
from hustings.drills.load_playout import Playout
from hustings.drills.load_report import SOUNDING, Promotion
from hustings.drills.load_wire import Answer, Place, Sink, Wire

SILENT_S: Final = 2.0  # beyond its cadence, a stream that says nothing for so long is dead
ANSWER_S: Final = 6.0  # for an answer to begin: as the player waits
_HELD_S: Final = 10.0  # for a document, which may be held until it exists
_QUIET_S: Final = 40.0  # event streams say at least every 15 s that they live
_SMALL_BYTES: Final = 4_096  # what the system takes in for a reader who does not keep up
_TRICKLE: Final = (0.5, 512)  # every so many seconds, so many bytes: a quarter of the programme
_ELSEWHERE_TRIES: Final = 3  # then another edge, to which one was sent, is given up
_RUNGS: Final = {320: "live", 960: "slow", 1920: "slower"}
_LETTERS: Final = string.ascii_letters + string.digits + "-_"


class Visitor:
    """`rung` is where it is now; `playout` what it hears of the programme."""

    def __init__(self, floor: Floor, index: int) -> None:
        plan = floor.plan
        self.floor = floor
        self.rung = "away"
        self.v = "".join(floor.dice.choices(_LETTERS, k=22))
        self.t = "".join(floor.dice.choices(_LETTERS, k=8))
        self._kind = plan.kind(index)
        self.tally = floor.tallies[self._kind]
        self._step_s = (plan.cadence_ms or 320) / 1000
        playout = Playout(self.tally, step_s=self._step_s)
        library = floor.libraries[plan.codec]
        self._listening = Listening(self, library, self.tally, playout)
        self._news: News | None = None
        self._fetching: Fetching | None = None
        self._line: Line | None = None
        self.source = plan.source(index, loopback=floor.home.loopback)
        self._wire: Wire | None = None
        self._session: Any = None
        self._timer: Timer | None = None
        self._then: Callable[[Answer, float], None] | None = None
        self._wanted = "push"
        self._way: tuple[str | None, Place | None] = (None, None)
        self._tries = 0
        self._due_s = self._arrived_s = 0.0
        self._asked_s = self._attempt_s = self._lost_s = 0.0
        self._fresh = True  # no byte of this visitor's programme has come yet
        self._came = False
        self._rung_known = False

    # --- coming ---------------------------------------------------------------------------

    def arrive(self, due_s: float, now: float) -> None:
        """Come to the door; `due_s` is when this should have been."""
        self._due_s, self._arrived_s = due_s, now
        self.tally.arrived += 1
        self.tally.late_ms.add((now - due_s) * 1000)
        self.stand("coming")
        if self.floor.plan.page:
            self.ask(f"/s/{self.floor.plan.space}", self._page, packed=True)
        else:
            self.come()

    def come(self) -> None:
        """Ask for what the plan says."""
        match self.floor.plan.way:
            case "push" if self._tries < _ELSEWHERE_TRIES:
                self.push(*self._way)
            case "push":
                self.push()
            case "events":
                self.read(f"/live/{self.floor.plan.space}/events?v={self.v}&t={self.t}")
            case way:
                self.fetch(hls=way == "hls")

    def push(self, target: str | None = None, where: Place | None = None, extra: str = "") -> None:
        """Ask for the programme, from where it broke off."""
        plan = self.floor.plan
        self._way = (target, where)
        path, _, given = (target or f"/live/{plan.space}/push").partition("?")
        query = {"codec": plan.codec, "v": self.v, "t": self.t}
        if plan.cadence_ms is not None:
            query["cadence"] = str(plan.cadence_ms)
        if self._listening.next >= 0:
            query["from"] = str(self._listening.next * 320)
        named = {pair.partition("=")[0] for pair in given.split("&")}
        parts = [given] if given else []
        parts += [f"{name}={value}" for name, value in query.items() if name not in named]
        if extra and "line" not in named:
            parts.append(extra)
        if self.rung in ("text", "wait"):
            self.stand("coming")
        self._attempt()
        self._wanted = "push"
        self.ask(f"{path}?{'&'.join(parts)}", self._refused, where=where)

    def read(self, target: str, where: Place | None = None) -> None:
        """Read the event stream."""
        self._attempt()
        self._wanted = "events"
        self.ask(target, self._refused, where=where)

    def fetch(self, *, hls: bool, base: str | None = None, k: int | None = None) -> None:
        """Fetch segments, or LL-HLS, from the edge or from a cache at `base`."""
        self._attempt()
        if self._fetching is None:
            listening = self._listening
            self._fetching = Fetching(self, self.floor, listening.playout, hls=hls)
        self._fetching.begin(base, k)

    def ask(
        self,
        target: str,
        then: Callable[[Answer, float], None],
        *,
        where: Place | None = None,
        body: bytes = b"",
        packed: bool = False,
    ) -> None:
        """Send a request, on the connection there is if it leads there; `packed` takes gzip."""
        where = where or self.floor.home
        self._then = then
        self._asked_s = self.floor.loop.now()
        fields = {"Accept-Encoding": "gzip"} if packed else {}
        method = "POST" if body else "GET"
        request = self.floor.request(method, target, where, body=body, fields=fields)
        wire = self._wire
        if wire is None or not wire.open or wire.place is not where or wire.sink is not None:
            self._close()
            try:
                wire = self._wire = Wire(
                    self.floor.loop,
                    where,
                    self,
                    source=self.source if where.loopback or self.floor.plan.sources else None,
                    receive_bytes=None if self._kind == "healthy" else _SMALL_BYTES,
                    session=self._session,
                )
            except OSError as error:
                self.lost((error.strerror or str(error)).lower(), self._asked_s)
                return
        wire.ask(request)

    def stand(self, rung: str) -> None:
        """Be on a rung from now on."""
        self.floor.rungs[self.rung] -= 1
        self.floor.rungs[rung] += 1
        self.rung = rung

    def rung_known(self, now: float) -> None:
        """The visitor knows where it stands."""
        if not self._rung_known:
            self._rung_known = True
            self.tally.rung_ms.add((now - self._arrived_s) * 1000)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do the next thing in so many seconds, instead of what was to be done."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.floor.loop.after(seconds, call)

    def again(self, retry_after_s: float | None = None) -> None:
        """Come again after a pause."""
        wait_s = load_arrivals.pause(self._tries, retry_after_s, self.floor.dice)
        self._tries += 1
        self.later(wait_s, self.come if self._line is None else self._line.come)

    def error(self, what: str) -> None:
        """Count something that should not have happened."""
        self.tally.errors[what] = self.tally.errors.get(what, 0) + 1

    # --- what the wire says -----------------------------------------------------------------

    def stream(self, status: int, fields: Mapping[str, str], now: float) -> Sink:
        """The endless answer begins."""
        self._tries = 0
        self._then = None
        if status != 200 or fields.get("transfer-encoding", "").lower() != "chunked":
            self.broken(f"{self._wanted}: an endless answer with status {status}", now)
            return _nowhere
        if self._fresh:
            self.tally.headers_ms.add((now - self._attempt_s) * 1000)
        if self._wanted == "events":
            if self._news is None:
                self._news = News(self, self.floor.messages, self.tally)
            self._news.begin(now)
            return self._news.take
        self._admitted(fields, now)
        listening = self._listening
        listening.begin(now)
        if self._kind == "slow" and self._wire is not None:
            self._wire.pause()
            self.later(_TRICKLE[0], self._trickle)
        return listening.take

    def answered(self, answer: Answer, now: float) -> None:
        """An answer with a length."""
        if answer.fields.get("connection", "").lower() == "close":
            self._close()
        then, self._then = self._then, None
        if then is not None:
            then(answer, now)

    def lost(self, why: str, now: float) -> None:
        """The connection failed or ended without an end."""
        idle = self._then is None and (self._wire is None or self._wire.sink is None)
        self._close()
        self._then = None
        if self.rung == "over" or idle:
            return  # nothing was expected of it
        if self.rung in SOUNDING or self.rung == "text":
            self.tally.dropped += 1
            self.tally.reconnects += 1
            if self.rung in SOUNDING:
                self._lost_s = now
            self.stand("back")
        else:
            self.error(why)
        self.again()

    def _page(self, answer: Answer, now: float) -> None:
        self.tally.page_ms.add((now - self._arrived_s) * 1000)
        if answer.status != 200:
            self.tally.mistake(f"the page: status {answer.status}")
        elif not self.floor.is_true(answer.body):
            self.tally.mistake("the page: it does not say that this space is open")
        self.come()

    def _refused(self, answer: Answer, now: float) -> None:
        """The answer to a request for sound or news was a document: a refusal."""
        code = _code(answer)
        name = f"{self._wanted} {answer.status} {code}".strip()
        self.tally.refused[name] = self.tally.refused.get(name, 0) + 1
        if answer.status == 410:
            self.ended(now)
        elif self._wanted == "events" and self._line is not None:
            self._line.waits()
        elif code == "full" and self._wanted == "push" and self.floor.plan.ladder:
            if self._line is None:
                self._line = Line(self)
            self._line.refused(_retry_after(answer))
        else:
            self.again(_retry_after(answer))

    # --- what ears and eyes say -------------------------------------------------------------

    def heard_first(self, now: float) -> None:
        """Sound, for the first time or again."""
        if self._fresh:
            self._fresh = False
            self.tally.admitted += 1
            self.tally.audio_ms.add((now - self._attempt_s) * 1000)
            self.tally.due_ms.add((now - self._due_s) * 1000)
        self.rung_known(now)
        if self._lost_s:
            self.tally.back_ms.add((now - self._lost_s) * 1000)
            self._lost_s = 0.0
        if self._kind == "stalled" and self._wire is not None and self._wire.open:
            self._wire.pause()

    def told(self, payloads: tuple[dict[str, Any], ...], now: float) -> None:
        """A message of the event stream."""
        if self.rung != "text":
            self.stand("text")
            self.rung_known(now)
            if self.floor.plan.way == "events" and self._fresh:
                self._fresh = False
                self.tally.admitted += 1
        for one in payloads:
            if one["type"] == "line" and self._line is not None:
                self._line.called(int(one.get("called", 0)))
            elif one["type"] == "move":
                self.asked_to_move(int(one.get("within_ms", 0)))

    def ended(self, now: float) -> None:
        """Over."""
        self._close()
        if self._timer is not None:
            self._timer.cancel()
        self.tally.over += 1
        self._listening.playout.leave(now)
        self.stand("over")

    def broken(self, why: str, now: float) -> None:
        """Wrong bytes: counted, and begun anew."""
        self.tally.mistake(why)
        self.lost("wrong bytes", now)

    def asked_to_move(self, within_ms: int) -> None:
        """Come back at a moment of one's own choice."""
        self.later(self.floor.dice.uniform(0.0, within_ms / 1000), self._move)

    def look(self, now: float) -> None:
        """Called twice a second: give up what has been silent for too long."""
        if self._wire is None or self._kind != "healthy":
            return
        if self._wire.sink is None:
            wait_s = ANSWER_S if self._fetching is None else _HELD_S
            if self._then is not None and now - self._asked_s > wait_s:
                self.lost("no answer", now)
        elif self._wanted == "push":
            if now - self._listening.last_s > SILENT_S + self._step_s:
                self.tally.silences += 1
                self.lost("silence", now)
        elif self._news is not None and now - self._news.last_s > _QUIET_S:
            self.tally.silences += 1
            self.lost("silence", now)

    def leave(self, now: float) -> None:
        """Listen no more: for good, or because the measurement ends."""
        if self.rung not in ("over", "away", "gone") and self._kind == "healthy":
            self._listening.playout.leave(now)
        if self._timer is not None:
            self._timer.cancel()
        self._close()

    def _admitted(self, fields: Mapping[str, str], now: float) -> None:
        cadence = fields.get("x-cadence-ms", "320")
        self._step_s = int(cadence) / 1000 if cadence.isdigit() else 0.32
        if not self._listening.playout.playing:
            self._listening.playout.step(self._step_s)
        self.stand(_RUNGS.get(round(self._step_s * 1000), "live"))
        if self._line is not None and self._line.number is not None and not self._came:
            known = Promotion(now, self._line.number, self._line.called_up_to)
            self.floor.promotions.append(known)
        self._came = True
        self._line = None

    def _attempt(self) -> None:
        self.tally.attempts += 1
        self._attempt_s = self.floor.loop.now()
        slot = self.floor.slot()
        self.tally.by_slot[slot] = self.tally.by_slot.get(slot, 0) + 1

    def _move(self) -> None:
        now = self.floor.loop.now()
        self.tally.moved += 1
        self._lost_s = now
        self._close()
        self.stand("back")
        self.come()

    def rest(self) -> None:
        """Keep no connection while there is nothing to ask."""
        if self._then is None:
            self._close()

    def _trickle(self) -> None:
        if self._wire is not None and self._wire.open and self._wire.sink is not None:
            self.later(_TRICKLE[0], self._trickle)
            self._wire.trickle(_TRICKLE[1])

    def _close(self) -> None:
        if self._wire is not None:
            self._session = self._wire.session
            self._wire.close()
            self._wire = None


def _nowhere(_: bytes, __: float) -> None:
    return


def _code(answer: Answer) -> str:
    try:
        return str(msgspec.json.decode(answer.body, type=dict[str, Any]).get("code", ""))
    except msgspec.MsgspecError:
        return ""


def _retry_after(answer: Answer) -> float | None:
    text = answer.fields.get("retry-after", "")
    return float(text) if text.isdigit() else None
