"""What is said of a space, and what becomes of it: edits, rehearsal, its end, its recording."""

from __future__ import annotations

from typing import Any

import pytest

from hustings import limits, space
from hustings.space import Publishing, Refusal, Role, Status
from hustings.space import command as c
from tests.space.evening import HOST, NOW, Evening, doors, live

FACTS: dict[str, Any] = {"recording_seconds": 3.2, "receipt_sha256": "ab"}
POST = c.Post(by="archive", **FACTS)
END = c.End(**HOST)
PUBLISH = c.Publish(**HOST)
WITHHOLD = c.Withhold(**HOST, reason="A slip of the tongue")


def test_everything_said_of_a_space_can_be_edited() -> None:
    evening = Evening(publishing=Publishing.REVIEW, listed=False, series="series")
    assert evening.space.publishing is Publishing.REVIEW
    changed: dict[str, Any] = {
        "title": "Another",
        "description": "Words",
        "language": "en",
        "picture": "0f" * 32,
        "listed": True,
        "private": True,
        "publishing": Publishing.NEVER,
        "listeners_max": 500,
        "series": "",
        "guests": False,
    }
    state = evening.do(c.Edit(**HOST, **changed))
    assert {name: getattr(state, name) for name in changed} == changed
    assert evening.refused(c.Edit(**HOST, **changed)) == "done"
    assert evening.refused(c.Edit(**HOST)) == "done"


@pytest.mark.parametrize(
    "changed",
    [
        {"title": " "},
        {"description": "x" * (limits.DESCRIPTION_CHARS + 1)},
        {"language": "x" * (limits.LANGUAGE_CHARS + 1)},
        {"picture": "../../etc"},
        {"listeners_max": -1},
        {"listeners_max": limits.LISTENERS_CHOSEN_COUNT + 1},
        {"series": "no series"},
    ],
)
def test_what_cannot_stand_there_is_refused(changed: dict[str, Any]) -> None:
    assert Evening().refused(c.Edit(**HOST, **changed)) == "value"
    schedule: dict[str, Any] = {"by": "a", "title": "T"}
    made = space.decide(None, c.Schedule(**(schedule | changed)), now_ms=NOW)
    assert isinstance(made, Refusal)
    assert made.code == "value"


def test_after_the_end_words_are_put_right_and_nobodys_rights_change() -> None:
    evening = live()
    evening.do(END)
    both = c.Edit(**HOST, title="Another", publishing=Publishing.REVIEW)
    assert evening.do(both).title == "Another"
    assert evening.space.publishing is Publishing.REVIEW
    assert evening.refused(c.Edit(**HOST, private=True)) == "status"
    assert evening.refused(c.Edit(**HOST, title="Third", guests=False)) == "status"
    assert evening.space.title == "Another"


def test_a_rehearsal_ends_when_the_doors_open() -> None:
    evening = Evening()
    assert evening.do(c.Rehearse(**HOST, on=True)).rehearsing
    assert evening.refused(c.Rehearse(**HOST, on=True)) == "done"
    assert not evening.do(c.OpenDoors(by="timer")).rehearsing
    assert evening.refused(c.Rehearse(**HOST, on=True)) == "status"


def test_an_announced_end_comes_when_it_is_due() -> None:
    evening = live()
    timer = c.End(by="timer")
    assert evening.refused(timer) == "done"
    evening.do(c.EndSoon(**HOST, in_ms=30_000))
    assert evening.space.ends_at_ms == NOW + 30_000
    assert evening.refused(c.EndSoon(**HOST, in_ms=1)) == "done"
    assert evening.refused(timer) == "done"
    evening.now_ms += 30_000
    ended = evening.do(timer)
    assert (ended.status, ended.ends_at_ms) == (Status.ENDED, None)


def test_an_announced_end_can_be_undone_and_no_timer_overrules_that() -> None:
    evening = live()
    assert evening.refused(c.KeepGoing(**HOST)) == "done"
    evening.do(c.EndSoon(**HOST, in_ms=0))
    assert evening.do(c.KeepGoing(**HOST)).ends_at_ms is None
    assert evening.refused(c.End(by="timer")) == "done"
    for in_ms in (-1, limits.END_COUNTDOWN_MS + 1):
        assert evening.refused(c.EndSoon(**HOST, in_ms=in_ms)) == "value"
    evening.do(c.EndSoon(**HOST, in_ms=60_000))
    assert evening.do(END).status is Status.ENDED  # a host need not wait


def test_published_at_once() -> None:
    evening = live()
    evening.do(END)
    posted = evening.do(POST)
    assert (posted.status, posted.recording_ready) == (Status.POSTED, True)
    withheld = evening.do(WITHHOLD)
    assert (withheld.status, withheld.recording_ready) == (Status.WITHHELD, True)
    assert (withheld.reason, withheld.withheld_by) == ("A slip of the tongue", "host")
    again = evening.do(PUBLISH)
    assert (again.status, again.receipt_sha256, again.reason) == (Status.POSTED, "ab", "")


@pytest.mark.parametrize("publishing", [Publishing.REVIEW, Publishing.NEVER])
def test_published_after_review_or_never(publishing: Publishing) -> None:
    evening = live(publishing=publishing)
    evening.do(END)
    state = evening.do(POST)
    assert (state.status, state.recording_ready) == (Status.WITHHELD, True)
    assert (state.recording_seconds, state.withheld_by) == (3.2, "archive")
    assert evening.refused(POST) == "done"
    assert evening.refused(WITHHOLD) == "status"
    if publishing is Publishing.NEVER:
        # The speakers were told so before they took their seats, and it stays so.
        assert evening.refused(PUBLISH) == "status"
        assert evening.refused(c.Edit(**HOST, publishing=Publishing.REVIEW)) == "status"
        return
    assert evening.refused(c.Edit(**HOST, publishing=Publishing.AUTO)) == "status"
    posted = evening.do(PUBLISH)
    assert (posted.status, posted.recording_seconds) == (Status.POSTED, 3.2)


def test_a_host_who_withholds_first_can_publish_when_it_is_finished() -> None:
    evening = live()
    evening.do(END)
    evening.do(WITHHOLD)
    assert evening.refused(PUBLISH) == "status"
    finished = evening.do(POST)
    assert (finished.status, finished.reason) == (Status.WITHHELD, "A slip of the tongue")
    assert evening.do(PUBLISH).status is Status.POSTED


def test_where_nothing_was_said_there_is_nothing_to_publish() -> None:
    nothing = c.Withhold(by="archive", reason="Nothing was said.")
    evening = live()
    evening.do(END)
    assert not evening.do(nothing).recording_ready
    assert evening.refused(PUBLISH) == "status"
    evening = live()
    evening.do(END)
    evening.do(WITHHOLD)
    state = evening.do(nothing)
    assert (state.withheld_by, state.reason) == ("archive", "A slip of the tongue")


def test_a_host_cannot_invent_a_recording() -> None:
    evening = live()
    evening.do(END)
    evening.do(c.Withhold(**HOST, **FACTS))
    assert not evening.space.recording_ready


def test_a_speaker_does_not_publish() -> None:
    evening = doors()
    assert evening.refused(c.Publish(by="ben", role=Role.SPEAKER)) == "role"
