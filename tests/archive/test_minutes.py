"""talk.json as it is posted: as an edge has it while live, and the whole evening besides."""

from __future__ import annotations

import json
from typing import Any

from hustings import limits, talk
from hustings.archive.journal import Journal
from hustings.archive.minutes import Minutes
from hustings.archive.slots import Slot
from hustings.archive.spans import Spans
from hustings.archive.walls import Walls
from hustings.chunk import silent
from hustings.edge import talk as edge_talk
from hustings.log.contract import Entry
from hustings.log.subjects import Kind
from hustings.space import event as e
from hustings.talk import Asked, Said, Tally, Voted, ballot

T0 = 1_750_000_000_000
CHUNKS = 100


def _evening() -> tuple[Journal, Spans, Walls]:
    journal, spans, walls = Journal("abcdefghij"), Spans(), Walls()
    for n, event in (
        (-1, e.Scheduled(at_ms=T0, by="a", title="T")),
        (-1, e.Pinned(at_ms=T0, by="a", pin="p1", text="Before")),
        (-1, e.WentLive(at_ms=T0, by="a")),
        (9, e.PollOpened(at_ms=T0, by="a", poll="x", question="?", options=("y", "n"))),
        (19, e.Unpinned(at_ms=T0, by="a", pin="p1")),
        (19, e.Pinned(at_ms=T0, by="a", pin="p2", text="Link", url="https://e.org/")),
        (29, e.QuestionMarked(at_ms=T0, by="a", question="q1", state="asking")),
        (39, e.QuestionMarked(at_ms=T0, by="a", question="q1", state="answered")),
        (49, e.PollClosed(at_ms=T0, by="a", poll="x")),
        (59, e.PollOpened(at_ms=T0, by="a", poll="z", question="??", options=("1", "2"),
                          show="after")),
        (69, e.MessageRemoved(at_ms=T0, by="a", message="m3")),
        (69, e.MessageRemoved(at_ms=T0, by="a", message="q3")),
        (99, e.Ended(at_ms=T0 + 32_000, by="a")),
    ):  # fmt: skip
        journal.add(event, newest_n=n)
    for n in range(CHUNKS):
        slot = Slot(
            index=n, n=n, chunk=silent(n, epoch=1), after=None, opens=n == 0,
            closes=n == CHUNKS - 1, stamp_ns=(T0 + (n + 1) * 320) * 1_000_000,
        )  # fmt: skip
        spans.add(slot)
        walls.add(slot)
    return journal, spans, walls


def _entries() -> list[Entry]:
    votes = {
        "x": {"0" * 16: [1]},
        "z": {"0" * 16: [0]},
        ballot("q2"): {"0" * 16: [0], "1" * 16: [0]},
    }
    written: list[tuple[int, talk.Piece]] = [
        (-5_000, Said(id="m1", person="a-1", name="Eve", text="Early", at_ms=T0)),
        (3_200, Said(id="m2", person="a-1", name="Eve", text="<b>", role="host", at_ms=T0)),
        (3_500, Said(id="m3", person="g-1", name="Mallory", text="Gone", at_ms=T0)),
        (4_000, Asked(id="q1", person="g-2", name="Fay", text="Why?", at_ms=T0)),
        (4_100, Asked(id="q2", person="g-2", name="Fay", text="How?", at_ms=T0)),
        (4_200, Asked(id="q3", person="g-2", name="Fay", text="No", at_ms=T0)),
        (6_400, Voted(votes=votes)),
    ]
    return [
        Entry(Kind.TALK, seq, talk.encode([piece]), (T0 + ms) * 1_000_000)
        for seq, (ms, piece) in enumerate(written, 1)
    ]


def _document(minutes: Minutes, **more: Any) -> Any:
    journal, spans, walls = _evening()
    told = minutes.document(journal, spans, walls, tallies=minutes.tallies(journal.space), **more)
    return json.loads(told)


def _taken(entries: list[Entry]) -> Minutes:
    minutes = Minutes(counting=True)
    for entry in entries:
        minutes.take(entry)
    return minutes


def test_it_has_what_an_edge_gives_out_and_more() -> None:
    """Every member that an edge's document has is there, with the same values where both have."""
    journal, *_ = _evening()
    entries = _entries()
    told = _document(_taken(entries))
    crowd = talk.fold(talk.decode(entry.data) for entry in entries)
    tallies = {"x": Tally([0, 1], 1), "z": Tally([1, 0], 1), "q-q2": Tally([2], 2)}
    edge = json.loads(edge_talk.document(journal.space, crowd, tallies))
    assert set(edge) <= set(told)
    assert set(edge["room"]) <= set(told["room"])
    for name in ("polls", "chat", "questions"):
        assert len(edge[name]) == len(told[name]) > 0
        for ours, theirs in zip(told[name], edge[name], strict=True):
            assert {key: ours[key] for key in theirs} == theirs


def test_everything_has_its_time_in_the_replay() -> None:
    told = _document(_taken(_entries()), reactions=[(T0 + 9_600, {"clap": 3})])
    assert [(one["id"], one["replay_ms"]) for one in told["chat"]] == [("m1", 0), ("m2", 3_200)]
    assert [(one["id"], one["replay_ms"], one["on_stage_ms"]) for one in told["questions"]] == [
        ("q2", 4_100, None), ("q1", 4_000, 9_600),
    ]  # fmt: skip
    assert [(one["id"], one["from_ms"], one["to_ms"]) for one in told["polls"]] == [
        ("x", 3_200, 16_000), ("z", 19_200, 32_000),
    ]  # fmt: skip
    assert [one["counts"] for one in told["polls"]] == [[0, 1], [1, 0]]
    assert [(one["id"], one["from_ms"], one["to_ms"]) for one in told["pins"]] == [
        ("p1", 0, 6_400), ("p2", 6_400, 32_000),
    ]  # fmt: skip
    assert told["reactions"] == [{"replay_ms": 9_600, "said": {"clap": 3}}]


def test_what_was_taken_down_and_who_voted_is_nowhere() -> None:
    text = json.dumps(_document(_taken(_entries())))
    assert "Mallory" not in text
    assert "q3" not in text
    assert "0" * 16 not in text


def test_the_newest_messages_stay_and_what_is_no_entry_is_counted() -> None:
    minutes = Minutes(counting=False)
    said = [
        Said(id=f"m{i}", person="a-1", name="Eve", text="x", at_ms=T0)
        for i in range(limits.CHAT_POSTED_COUNT + 5)
    ]
    for i in range(0, len(said), 50):
        minutes.take(Entry(Kind.TALK, i + 1, talk.encode(said[i : i + 50]), T0 * 1_000_000))
    minutes.take(Entry(Kind.TALK, 99_999, b"nonsense", 0))
    told = _document(minutes)
    assert (len(told["chat"]), told["chat_left_out"]) == (limits.CHAT_POSTED_COUNT, 5)
    assert told["chat"][0]["id"] == "m5"
    assert (minutes.unreadable, minutes.seq) == (1, 99_999)
