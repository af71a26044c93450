"""The line: strictly in order, bounded, and true about who is still there."""

from __future__ import annotations

import math
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from hustings import limits
from hustings.edge.line import Line, Waiter

KEY: Final = b"k" * 32
SPACE: Final = "abcdefghij"


def line(edge: str = "edge-0", key: bytes = KEY) -> Line:
    return Line(edge=edge, key=key)


def join(of: Line, who: int, *, now_s: float = 0.0, space: str = SPACE) -> Waiter:
    waiter = of.join(space, b"%08d" % who, keyed=True, now_s=now_s)
    assert waiter is not None
    return waiter


def test_numbers_are_called_in_order() -> None:
    one = line()
    waiters = [join(one, who) for who in range(5)]
    assert [w.number for w in waiters] == [1, 2, 3, 4, 5]
    assert [one.place(w) for w in waiters] == [0, 1, 2, 3, 4]
    assert one.call(2, now_s=1) == waiters[:2]
    assert (one.called, one.waiting, one.claims) == (2, 3, 2)
    assert one.place(waiters[2]) == 0
    assert one.take(1)
    assert not one.take(1)
    assert not one.take(3)
    assert one.claims == 1


def test_whoever_asks_again_keeps_its_number() -> None:
    one = line()
    first = join(one, 7)
    join(one, 8)
    assert join(one, 7) is first
    assert join(one, 7, space="other") is not first
    assert one.waiting_in(SPACE) == 2
    # Without a key of its own a visitor cannot be told from its neighbours.
    bare = [one.join(SPACE, b"samesame", keyed=False, now_s=0) for _ in range(2)]
    assert bare[0] is not bare[1]


def test_who_does_not_come_is_passed_over() -> None:
    one = line()
    first, second = join(one, 1), join(one, 2)
    first.reads = second.reads = lambda: True
    one.call(1, now_s=10)
    assert one.second(now_s=10 + limits.CLAIM_S - 0.1) == 0
    assert one.is_called(first)
    assert one.second(now_s=10 + limits.CLAIM_S) == 1
    assert not one.take(first.number)
    assert one.find(first.number) is None
    assert one.call(1, now_s=25) == [second]


def test_a_claim_waits_until_the_visitor_can_know() -> None:
    one = line()
    slow = join(one, 1, now_s=100)
    slow.again_s = 30
    one.call(1, now_s=105)
    assert one.second(now_s=130 + limits.CLAIM_S - 0.1) == 0
    assert one.second(now_s=130 + limits.CLAIM_S) == 1


def test_who_is_silent_is_not_called() -> None:
    one = line()
    silent, reading, asking = (join(one, who) for who in range(3))
    open_stream = [True]
    one.reads(reading, lambda: open_stream[0])
    late_s = limits.LINE_SILENCE_COUNT * limits.LINE_AGAIN_S_MIN + 0.1
    asking.seen_s = late_s
    # Of two edges behind one address the other may have been asked.
    assert one.here(silent, now_s=late_s, edges=2)
    assert one.call(2, now_s=late_s) == [reading, asking]
    assert one.called == asking.number
    assert one.find(silent.number) is None


def test_a_reader_whose_stream_broke_has_time_to_come_back() -> None:
    one = line()
    reader = join(one, 1)
    streams = [True]
    one.reads(reader, lambda: streams[0])
    one.second(now_s=1000)
    streams[0] = False
    assert one.here(reader, now_s=1003)
    assert not one.here(reader, now_s=1020)


def test_the_length_of_the_line_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LINE_SWEEP_COUNT", 10)
    one = line()
    waiters = [join(one, who) for who in range(35)]
    for waiter in waiters[::5]:
        waiter.reads = lambda: True
    for second in range(10):
        one.second(now_s=1000 + second)
    assert one.waiting == 7
    assert one.waiting_in(SPACE) == 7
    assert [one.place(w) for w in waiters[::5]] == list(range(7))


def test_the_line_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LINE_COUNT", 3)
    one = line()
    first = join(one, 0)
    for who in range(1, 3):
        join(one, who)
    assert one.join(SPACE, b"toomany!", keyed=True, now_s=0) is None
    assert join(one, 0) is first
    assert one.call(1, now_s=0) == [first]
    assert join(one, 9).number == 4


def test_a_token_is_its_visitors_own() -> None:
    one = line()
    waiter = join(one, 1)
    token = one.token(waiter)
    assert one.read(token, SPACE, waiter.who) == ("edge-0", 1)
    assert one.read(token, "other", waiter.who) is None
    assert one.read(token, SPACE, b"somebody") is None
    for wrong in (
        "",
        "x",
        "edge-0.1",
        token[:-1],
        token.replace(".1.", ".2."),
        "é.1.é",
        "a.²." * 9,
    ):
        assert one.read(wrong, SPACE, waiter.who) is None
    # Another edge of the installation reads it; one of another installation does not.
    assert line("edge-1").read(token, SPACE, waiter.who) == ("edge-0", 1)
    assert line("edge-1", b"other" * 8).read(token, SPACE, waiter.who) is None
    assert one.is_own("edge-0")
    assert not line("edge-1").is_own("edge-0")


def test_the_estimate_follows_the_pace() -> None:
    one = line()
    waiters = [join(one, who) for who in range(400)]
    for waiter in waiters:
        waiter.reads = lambda: True
    assert one.estimate_s(10) is None
    for second in range(60):
        one.second(now_s=second)
        one.call(2, now_s=second)
    for place, expected_s in ((0, 1), (99, 50), (200, 101)):
        estimate_s = one.estimate_s(place)
        assert estimate_s is not None
        assert math.isclose(estimate_s, expected_s, rel_tol=0.1, abs_tol=1)
    # The pace falls while nobody leaves, until it says nothing any more.
    told = []
    for second in range(60, 600, 30):
        one.second(now_s=second)
        told.append(one.estimate_s(99))
    known = [t for t in told if t is not None]
    assert known == sorted(known)
    assert told[-1] is None


class _Anything(RuleBasedStateMachine):
    """Whatever happens in whatever order, numbers are called once, ascending, and nothing leaks."""

    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        self.line = line()
        self.now_s = 0.0
        self.called: list[int] = []
        self.all: dict[int, Waiter] = {}
        self.taken: set[int] = set()

    @rule(target=numbers, who=st.integers(0, 30), keyed=st.booleans(), reads=st.booleans())
    def join(self, who: int, keyed: bool, reads: bool) -> int:
        waiter = self.line.join(SPACE, b"%08d" % who, keyed=keyed, now_s=self.now_s)
        assert waiter is not None
        if reads:
            self.line.reads(waiter, lambda: True)
        self.all[waiter.number] = waiter
        return waiter.number

    @rule(count=st.integers(0, 4))
    def call(self, count: int) -> None:
        called = self.line.call(count, now_s=self.now_s)
        assert len(called) <= count
        self.called += [waiter.number for waiter in called]

    @rule(number=numbers)
    def take(self, number: int) -> None:
        if self.line.take(number):
            assert number in self.called
            assert number not in self.taken
            self.taken.add(number)

    @rule(number=numbers)
    def is_offered_text(self, number: int) -> None:
        if (waiter := self.line.find(number)) is not None:
            self.line.offer_text(waiter)

    @rule(number=numbers)
    def stops_reading(self, number: int) -> None:
        if (waiter := self.line.find(number)) is not None and waiter.reads is not None:
            self.line.reads(waiter, lambda: False)

    @rule(seconds=st.floats(0.1, 20))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.line.second(now_s=self.now_s)

    @invariant()
    def holds(self) -> None:
        assert self.called == sorted(set(self.called))
        known = [number for number in self.all if self.line.find(number) is not None]
        waiting = [n for n in known if not self.line.is_called(self.all[n])]
        assert self.line.waiting == len(waiting) == self.line.waiting_in(SPACE)
        assert self.line.claims == len(known) - len(waiting)
        assert self.line.texts == sum(self.all[n].reserves for n in known)
        assert [self.line.place(self.all[n]) for n in waiting] == list(range(len(waiting)))


TestAnything = _Anything.TestCase
TestAnything.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
