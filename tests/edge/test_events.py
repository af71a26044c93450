"""What listeners are told heals itself, and says no more than has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hustings.edge import events
from hustings.edge.events import Pending
from hustings.space import Role, Seat, Space, Status

ADA = Seat(id="s1", name="Ada", role=Role.HOST, connected=True)
BEN = Seat(id="s2", name="Ben", role=Role.SPEAKER)
SPACE = Space(id="abcd", status=Status.LIVE, live_n=4, seats={"s2": BEN, "s1": ADA})


def types(payloads: list[dict[str, Any]]) -> list[str]:
    return [p["type"] for p in payloads]


def test_a_newcomer_is_told_everything() -> None:
    told = events.whole(SPACE, 7)
    assert types(told) == ["status", "seats", "listening"]
    assert told[0] == {"type": "status", "status": "live", "reason": "", "live_n": 4}
    assert [s["id"] for s in told[1]["seats"]] == ["s1", "s2"]  # the host first
    posted = replace(SPACE, status=Status.POSTED, recording_seconds=3.5)
    assert events.whole(posted, 0)[-1] == {"type": "posted", "seconds": 3.5, "revision": 0}


def test_only_what_changed_is_told() -> None:
    assert events.changed(SPACE, replace(SPACE, title="other")) == []
    held = replace(SPACE, status=Status.HELD, reason="rain")
    assert events.changed(SPACE, held) == [
        {"type": "status", "status": "held", "reason": "rain", "live_n": 4}
    ]
    talking = replace(SPACE, seats={"s1": replace(ADA, speaking=True), "s2": BEN})
    assert events.changed(SPACE, talking) == [{"type": "speaking", "seats": ["s1"]}]
    joined = replace(talking, seats={**talking.seats, "s2": replace(BEN, connected=True)})
    assert types(events.changed(talking, joined)) == ["seats"]


def test_what_waits_is_the_newest_of_each_type() -> None:
    pending = Pending()
    assert pending.take() is None
    pending.put([{"type": "speaking", "seats": ["s1"]}, events.listening(3)])
    pending.put([{"type": "seats", "seats": []}, events.listening(4)])
    data = pending.take()
    assert data is not None
    assert json.loads(data) == [events.listening(4), {"type": "seats", "seats": []}]
    assert pending.take() is None


def test_reactions_that_wait_are_added_up() -> None:
    pending = Pending()
    pending.put([events.reactions({"clap": 3, "no": 1}), events.listening(3)])
    pending.put([events.reactions({"clap": 4, "yes": 2})])
    data = pending.take()
    assert data is not None
    by_type = {p["type"]: p for p in json.loads(data)}
    assert by_type["reactions"]["counts"] == {"clap": 7, "no": 1, "yes": 2}
    pending.put([events.reactions({"clap": 1})])
    assert pending.take() == events.encode([events.reactions({"clap": 1})])


def test_the_log_of_an_evening_leads_every_listener_to_the_same_state() -> None:
    """Any payloads may be lost: a later one of the type makes up for them."""
    states = [
        SPACE,
        replace(SPACE, seats={"s1": replace(ADA, speaking=True), "s2": BEN}),
        replace(SPACE, seats={"s1": ADA}),
        replace(SPACE, status=Status.HELD, reason="x", seats={"s1": ADA}),
    ]
    lost = Pending()
    for old, new in zip([None, *states], states, strict=False):
        lost.put(events.changed(old, new))
    data = lost.take()
    assert data is not None
    by_type = {p["type"]: p for p in json.loads(data)}
    assert by_type["status"] == events.status(states[-1])
    assert by_type["seats"]["seats"] == events.seats(states[-1])
