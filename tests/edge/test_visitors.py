"""Each listener counts once, whatever its connections do; different visitors within 2 %."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable

import pytest

from hustings import limits
from hustings.crowd import Rung
from hustings.edge.head import Request
from hustings.edge.visitors import Visit, Visitors, Who, keys_in, who
from hustings.errors import BadInput
from tests.edge.crowds import crowd, ears
from tests.edge.house import SPACE, House, request

SALT = bytes(32)


def _who(name: str, tab: str = "tab1") -> Who:
    return who(_request(v=name.rjust(16, "0"), t=tab))


def _request(*, address: str = "127.0.0.1", agent: str = "radio", **query: str) -> Request:
    headers = {"user-agent": agent}
    return Request(method="GET", parts=(), query=query, headers=headers, minor=1, address=address)


class Door:
    """Visitors, and the connections that were closed because others replaced them."""

    def __init__(self, *, salt: bytes | None = SALT) -> None:
        self.salt = salt
        self.closed: list[Visit] = []
        self.visitors = Visitors(lambda: self.salt)

    def come(
        self, who: Who, rung: Rung = Rung.LIVE, *, now_s: float = 0.0, again: bool = False
    ) -> Visit:
        visit = self.visitors.visit(who, rung, again=again)
        visit.began(lambda: self.closed.append(visit), now_s=now_s)
        return visit

    @property
    def rungs(self) -> dict[Rung, int]:
        return self.visitors.here().rungs


def test_a_reconnecting_listener_replaces_itself_and_nobody_else() -> None:
    door = Door()
    first = door.come(_who("ada"))
    other_tab = door.come(_who("ada", "tab2"))
    door.come(_who("bob"))
    assert door.visitors.listening == 3
    again = door.come(_who("ada"))
    assert door.closed == [first]
    assert door.visitors.listening == 3
    first.gone()  # its socket closes after the fact
    assert door.visitors.listening == 3
    again.gone()
    again.gone()
    assert door.visitors.listening == 2
    assert other_tab not in door.closed
    assert not door.visitors.holds(_who("ada"))
    assert door.visitors.holds(_who("bob"))


def test_players_without_keys_are_counted_by_connection_and_by_address() -> None:
    door = Door()
    same = [who(_request()) for _ in range(3)]
    others = [who(_request(address="127.0.0.2")), who(_request(agent="kitchen radio"))]
    visits = [door.come(one) for one in [*same, *others]]
    assert door.visitors.listening == 5
    assert door.closed == []
    for visit in visits:
        visit.heard()
    assert door.visitors.sketch.estimate() == 3


def test_only_who_was_given_sound_is_a_visitor() -> None:
    door = Door()
    probe = door.come(_who("probe"))
    probe.gone()
    listener = door.come(_who("ada"))
    assert door.visitors.sketch.estimate() == 0
    listener.heard()
    listener.heard()
    reader = door.come(_who("reads"), Rung.TEXT)
    reader.heard()
    assert door.visitors.sketch.estimate() == 1
    assert door.rungs == {Rung.LIVE: 1, Rung.TEXT: 1}


def test_a_reader_who_listens_as_well_stands_on_one_rung() -> None:
    door = Door()
    reading = door.come(_who("ada"), Rung.TEXT)
    assert door.rungs == {Rung.TEXT: 1}
    assert door.visitors.listening == 0
    listening = door.come(_who("ada"), Rung.SLOW)
    assert door.rungs == {Rung.SLOW: 1}
    assert door.closed == []
    listening.moved(Rung.SLOWER)
    assert door.rungs == {Rung.SLOWER: 1}
    listening.gone()
    assert door.rungs == {Rung.TEXT: 1}
    reading.gone()
    assert door.rungs == {}


def test_listeners_through_caches_count_while_they_give_signs_of_life() -> None:
    door = Door()
    visitors = door.visitors
    visitors.seen(_who("ada"), now_s=0.0)
    visitors.seen(_who("bob"), now_s=1.0)
    assert door.rungs == {Rung.SEGMENTS: 2}
    visitors.seen(_who("ada"), now_s=20.0)
    visitors.second(now_s=30.5)
    assert visitors.listening == 2
    visitors.second(now_s=32.0)
    assert visitors.listening == 1
    assert visitors.sketch.estimate() == 2
    door.come(_who("ada"))
    assert door.rungs == {Rung.LIVE: 1}
    visitors.seen(_who("ada"), now_s=33.0)
    assert visitors.listening == 1


def test_a_listener_through_caches_counts_where_it_was_seen_last() -> None:
    here, there = Door(), Door()
    for door, now_s in ((here, 0.0), (there, 20.0), (there, 40.0), (here, 60.0)):
        door.visitors.seen(_who("ada"), now_s=now_s)
        for one, other in ((here, there), (there, here)):
            other.visitors.elsewhere(keys_in(one.visitors.here().came), now_s=now_s + 1)
        assert here.visitors.listening + there.visitors.listening == 1
        assert door.visitors.listening == 1


def test_a_space_that_is_over_has_no_listeners_left_and_asks_for_no_salt() -> None:
    door = Door(salt=None)
    door.visitors.seen(_who("ada"), now_s=0.0)
    door.salt = SALT
    door.visitors.second(now_s=31.0, over=True)
    assert door.visitors.listening == 0
    assert door.visitors.sketch.estimate() == 0
    door.visitors.second(now_s=31.0)
    assert door.visitors.sketch.estimate() == 1


def test_turned_away_is_who_was_refused_and_given_nothing_since() -> None:
    door = Door()
    for name in ("ada", "ada", "bob"):
        door.visitors.refused(_who(name, random.choice(["tab1", "tab2"])))
    assert door.visitors.here().turned_away == 2
    door.come(_who("ada", "tab3")).heard()
    assert door.visitors.here().turned_away == 1


def test_who_comes_to_another_edge_leaves_no_connection_behind() -> None:
    here, there = Door(), Door()
    left_over = here.come(_who("ada"), now_s=0.0)
    stays = here.come(_who("bob"), now_s=0.0)
    there.come(_who("ada"), now_s=100.0, again=True)
    there.come(_who("eve"), now_s=100.0)
    told = keys_in(there.visitors.here().came)
    here.visitors.elsewhere(told, now_s=100.5)
    assert here.closed == [left_over]
    assert here.visitors.listening == there.visitors.listening - 1 == 1
    assert there.visitors.here().came == b""
    # Its way back may cross with the news of its way there.
    here.come(_who("ada"), now_s=100.6, again=True)
    here.visitors.elsewhere(told, now_s=100.7)
    here.visitors.elsewhere(keys_in(b"cut off"), now_s=100.7)
    assert here.visitors.listening == 2
    assert stays not in here.closed


def test_without_salt_visitors_are_kept_and_counted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNSALTED_COUNT", 10)
    door = Door(salt=None)
    for i in range(15):
        door.come(_who(f"a{i}")).heard()
    door.visitors.second(now_s=1.0)
    assert door.visitors.sketch.estimate() == 0
    door.salt = SALT
    door.visitors.second(now_s=2.0)
    assert door.visitors.sketch.estimate() == 10  # the bound; the others are not known any more
    door.come(_who("late")).heard()
    assert door.visitors.sketch.estimate() == 11


@pytest.mark.parametrize(
    ("v", "t"),
    [("short", "tab1"), ("x" * 65, "tab1"), ("has a blank at 1x", "tab1"), ("é" * 20, "tab1"),
     ("x" * 16, "abc"), ("x" * 16, "x" * 17), ("x" * 16, "a/bc")],
)  # fmt: skip
def test_keys_of_another_form_are_refused(v: str, t: str) -> None:
    with pytest.raises(BadInput):
        who(_request(v=v, t=t))


def test_what_must_be_bounded_is() -> None:
    visitors = Visitors(lambda: SALT)
    for bound, add in (
        ("SEEN_COUNT", lambda one: visitors.seen(one, now_s=0.0)),
        ("REFUSED_COUNT", visitors.refused),
        ("CAME_COUNT", lambda one: visitors.visit(one, Rung.LIVE, again=True).began(_not, now_s=0)),
    ):
        visitors.here()  # who came is told once
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(limits, bound, 5)
            for i in range(9):
                add(_who(f"{bound}{i}"))
    here = visitors.here()
    assert here.rungs[Rung.SEGMENTS] == 5
    assert here.turned_away == 5
    assert len(here.came) == 5 * 8


def _not() -> None:
    pytest.fail("nobody is replaced here")


async def test_now_is_exact_and_distinct_within_two_percent(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """600 visitors on real sockets: some reconnect, some share an address, some never listen."""
    monkeypatch.setattr(limits, "SKETCH_EVERY_S", 1.0)
    await h.open_with(3)
    async with ears(h) as heard, crowd(h) as listeners:
        known = [f"v={f'visitor{i}'.rjust(20, '-')}&t=tab{i % 7}" for i in range(500)]
        places = [await listeners.join(f"?{keys}") for keys in known]
        await _agree(h, lambda: heard.listening == 500)
        # 120 players without keys in 40 houses: three in each, of two kinds.
        for house in range(40):
            for agent in ("radio", "radio", "kitchen"):
                await listeners.join(agent=agent, address=f"127.0.1.{house + 1}")
        await _agree(h, lambda: heard.listening == 620)
        # A third reconnects: half of them before the old connection is closed, half after.
        for i in range(0, 500, 3):
            if i % 2:
                listeners.leave(places[i])
            await listeners.join(f"?{known[i]}&from=0")
        await _agree(h, lambda: heard.listening == 620)
        assert all(listeners.closed(places[i]) for i in range(0, 500, 3))
        for n in range(3, 6):
            await h.chunk(n)
        expected = 500 + 2 * 40
        await _until(lambda: heard.sketch.estimate() >= 0.98 * expected)
        # 100 leave; they were there.
        listeners.leave(*(places[i] for i in range(1, 300, 3)))
        await _probes(h)
        await _agree(h, lambda: heard.listening == 520)
        for n in range(6, 9):
            await h.chunk(n)
        gauges = heard.gauges
        await _until(lambda: heard.gauges >= gauges + 3)  # nothing may come on top
        assert abs(heard.sketch.estimate() - expected) <= 0.02 * expected
        assert heard.asked <= 2


async def _probes(h: House) -> None:
    """Who looks whether there is something, and does not listen."""
    target = f"/live/{SPACE}/push?v={'probe'.rjust(16, 'p')}&t=tab1"
    for _ in range(20):
        assert (await h.get(target, method="HEAD")).status == 200
        sock = socket.create_connection(("127.0.0.1", h.port))
        sock.sendall(request(target))
        sock.close()


async def _agree(h: House, true: Callable[[], bool]) -> None:
    """The archive hears what is so, and the door says the same."""
    await _until(true)
    state = await h.door()
    async with asyncio.timeout(3):
        while True:
            here = (await h.door())["listening"]
            if true() and here == state["listening"]:
                return
            state = await h.door()
            await asyncio.sleep(0.1)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():
            await asyncio.sleep(0.05)
