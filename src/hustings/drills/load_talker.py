"""The process of a crowd that talks: guests at the studio, visitors at the edge, on one thread.

    stdin   the plan, one JSON object on the first line; `go`; `end`; its end means stop
    stdout  "ready" once every guest has joined; "going"; after `end` the report, one JSON object

What is due is due by the clock: whoever is free does it next, so a server that answers slowly finds
more at once and not less. Run as `python -m hustings.drills.load_talker`.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from hustings.crowd import REACTIONS
from hustings.drills import load_wire
from hustings.drills.load_loop import READ, Loop
from hustings.drills.load_person import Person
from hustings.drills.load_plan import Plan
from hustings.drills.load_talk import Deed, TalkPlan, TalkReport
from hustings.drills.load_wire import Answer, Place
from hustings.errors import HustingsError
from hustings.process import raise_descriptor_limit

_TURN_S: Final = 0.005  # what is due is looked up this often
_JOINING: Final = 6  # guests who join at once
_JOIN_AGAIN_S: Final = 2.0
_LAST_S: Final = 10.0  # for the last answers
_ENDLESS: Final = sys.maxsize


class Due:
    """Something that is done at a rate, by whoever of `people` is free, in turn; `once` by each."""

    def __init__(
        self,
        people: Iterable[Person],
        *,
        per_s: float,
        do: Callable[[Person], None],
        once: bool = False,
    ) -> None:
        self._people = deque(people)
        self._per_s = per_s
        self._most = len(self._people) if once else _ENDLESS
        self._do = do
        self._once = once
        self.done = 0
        self.held = 0

    def turn(self, seconds: float) -> None:
        """Do what is due `seconds` after the beginning."""
        due = min(int(seconds * self._per_s), self._most)
        people = self._people
        looks = len(people)
        while self.done < due and looks:
            person = people.popleft()
            looks -= 1
            free = not person.busy
            if not (free and self._once):
                people.append(person)
            if free:
                self.done += 1
                self._do(person)
        self.held += due > self.done


class Crowd:
    """All of them, and the pipe to whoever started this."""

    def __init__(self, plan: TalkPlan) -> None:
        self.loop = Loop()
        self._plan = plan
        edge, studio = (
            load_wire.place(url, insecure=plan.insecure) for url in (plan.url, plan.studio)
        )
        self._studio = studio
        sources = Plan(url=plan.url, space=plan.space, listeners=1, base=plan.base)
        self.guests = [
            Person(self.loop, studio, sources.source(i, loopback=studio.loopback))
            for i in range(plan.guests)
        ]
        self._tickets: dict[Person, bytes] = {}
        self._names = {guest: f"Guest {i + 1}" for i, guest in enumerate(self.guests)}
        self.visitors = [
            Person(self.loop, edge, sources.source(i, loopback=edge.loopback))
            for i in range(plan.visitors)
        ]
        self.report = TalkReport(guests=plan.guests, visitors=plan.visitors)
        self._joins = Deed()
        self._joining = iter(self.guests)
        self._said = [
            _request(
                "POST",
                f"/live/{plan.space}/say",
                edge,
                {"kind": "reaction", "what": sorted(REACTIONS)[i % len(REACTIONS)], **_keys(i)},
            )
            for i in range(plan.visitors)
        ]
        self._number = {visitor: i for i, visitor in enumerate(self.visitors)}
        self._edge = edge
        self._dues: list[Due] = []
        self._began_s = 0.0
        self._ended_s = 0.0
        self._written = 0
        self._cpu_s = 0.0
        self._polls: dict[Person, Iterator[str]] = {}
        self._commands = b""

    def run(self) -> None:
        """Until told to stop."""
        os.set_blocking(0, False)
        self.loop.watch(0, READ, self)
        for _ in range(min(_JOINING, len(self.guests))):
            self._join_next()
        if not self.guests:
            _say(b"ready\n")
        self.loop.run()
        for person in (*self.guests, *self.visitors):
            person.close()
        self.loop.close()

    def ready(self, mask: int) -> None:
        """A command has come."""
        data = os.read(0, 4_096)
        if not data:
            self.loop.stop()
            return
        *lines, self._commands = (self._commands + data).split(b"\n")
        for line in lines:
            if line == b"go":
                self._begin()
            elif line == b"end":
                self._ended_s = time.monotonic()
                self._finish()

    # --- joining ----------------------------------------------------------------------------

    def _join_next(self) -> None:
        guest = next(self._joining, None)
        if guest is not None:
            self._join(guest)
        elif len(self._tickets) == len(self.guests):
            _say(b"ready\n")

    def _join(self, guest: Person) -> None:
        body = urlencode({"name": self._names[guest]}).encode()
        request = _request(
            "POST",
            f"/s/{self._plan.space}/join?for=chat",
            self._studio,
            body,
            kind="application/x-www-form-urlencoded",
        )
        guest.ask(request, self._joins, lambda answer: self._joined(guest, answer))

    def _joined(self, guest: Person, answer: Answer) -> None:
        where = urlsplit(answer.fields.get("location", ""))
        token = parse_qs(where.fragment).get("talk", [""])[0]
        if answer.status == 303 and token:
            self._tickets[guest] = token.encode()
            self._join_next()
        elif answer.status in (0, 429, 503):
            again_s = float(answer.fields.get("retry-after", _JOIN_AGAIN_S))
            self.loop.after(again_s, lambda: self._join(guest))
        else:
            raise HustingsError(f"nobody can join: {answer.status} {answer.body[:200]!r}")

    # --- talking ----------------------------------------------------------------------------

    def _begin(self) -> None:
        plan, spread_s = self._plan, self._plan.spread_s
        voters = self.visitors[: plan.votes]
        ballots = len(plan.ballots)
        self._dues = [
            Due(self.guests[plan.hands :], per_s=plan.chat_per_s, do=self._write),
            Due(self.visitors, per_s=plan.said_per_s, do=self._react),
            Due(voters * ballots, per_s=len(voters) * ballots / spread_s, do=self._vote, once=True),
        ]
        self._polls = {voter: iter(plan.ballots) for voter in voters}
        self._began_s = time.monotonic()
        self._cpu_s = _cpu_s()
        _say(b"going\n")
        self._turn()
        if plan.hands:
            self._raise_next(iter(self.guests[: plan.hands]))

    def _turn(self) -> None:
        if self._ended_s:
            return
        seconds = time.monotonic() - self._began_s
        for due in self._dues:
            due.turn(seconds)
        self.loop.after(_TURN_S, self._turn)

    def _write(self, guest: Person) -> None:
        self._written += 1
        text = {"text": f"Message {self._written} of tonight, from {self._names[guest]}"}
        request = self._as(guest, "POST", f"/api/spaces/{self._plan.space}/chat", text)
        guest.ask(request, self.report.chat, self._wrote)

    def _wrote(self, answer: Answer) -> None:
        if answer.status == 201:
            self.report.messages.append(msgspec.json.decode(answer.body, type=dict[str, Any])["id"])

    def _react(self, visitor: Person) -> None:
        visitor.ask(self._said[self._number[visitor]], self.report.reactions)

    def _vote(self, visitor: Person) -> None:
        number = self._number[visitor]
        body = {
            "kind": "vote",
            "ballot": next(self._polls[visitor]),
            "choices": [number % 2],
            **_keys(number),
        }
        request = _request("POST", f"/live/{self._plan.space}/say", self._edge, body)
        visitor.ask(request, self.report.votes)

    def _raise_next(self, left: Iterator[Person]) -> None:
        guest = next(left, None)
        if guest is None or self._ended_s:
            return

        def raised(answer: Answer) -> None:
            if answer.status == 201:
                view = msgspec.json.decode(answer.body, type=dict[str, Any])
                self.report.raised.append(view["person"])
            self.loop.after(apart_s, lambda: self._raise_next(left))

        apart_s = self._plan.spread_s / self._plan.hands / 2

        note = {"note": f"A word from {self._names[guest]}"}
        request = self._as(guest, "POST", f"/api/spaces/{self._plan.space}/hand", note)
        guest.ask(request, self.report.hands, raised)

    def _as(self, guest: Person, method: str, target: str, body: Mapping[str, Any]) -> bytes:
        ticket = b"Authorization: Bearer " + self._tickets[guest] + b"\r\n"
        return _request(method, target, self._studio, body, more=ticket)

    # --- the end ----------------------------------------------------------------------------

    def _finish(self) -> None:
        """Report once the last answers are there."""
        busy = any(person.busy for person in (*self.guests, *self.visitors))
        if busy and time.monotonic() - self._ended_s < _LAST_S:
            self.loop.after(0.05, self._finish)
            return
        report = self.report
        report.seconds = self._ended_s - self._began_s
        report.cpu_s = _cpu_s() - self._cpu_s
        for deed, due in zip(
            (report.chat, report.reactions, report.votes), self._dues, strict=True
        ):
            deed.held = due.held
        _say(msgspec.json.encode(report) + b"\n")


def _keys(number: int) -> dict[str, str]:
    return {"v": f"visitor-of-the-load-{number:06d}", "t": f"tab-{number:06d}"}


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _request(
    method: str,
    target: str,
    where: Place,
    body: Mapping[str, Any] | bytes,
    *,
    kind: str = "application/json",
    more: bytes = b"",
) -> bytes:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return (
        (
            f"{method} {target} HTTP/1.1\r\nHost: {where.authority}\r\n"
            f"User-Agent: hustings-load\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
        ).encode()
        + more
        + b"\r\n"
        + data
    )


def _say(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def main() -> int:
    """Read the plan, carry it out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this says when to stop
    raise_descriptor_limit()
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=TalkPlan)
    os.nice(plan.nice)
    try:
        crowd = Crowd(plan)
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 50)
        crowd.run()
    except HustingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
