"""What can be done with a recording: edits, erasures, chapters, words, clips, and its keeping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hustings import limits
from hustings.space import Role
from hustings.space import command as c
from hustings.space import replay_command as rc
from hustings.space.replay import Heading
from hustings.space.replay_command import ReplayCommand
from tests.space.evening import HOST, Evening, live

SLOT = 320
LENGTH_MS = 100 * SLOT
PLATFORM: dict[str, Any] = {"by": "archive"}


def posted(**scheduled: Any) -> Evening:
    evening = live(**scheduled)
    evening.do(c.End(**HOST))
    evening.do(c.Post(by="archive", recording_seconds=LENGTH_MS / 1000, receipt_sha256="ab"))
    return evening


def revise(evening: Evening, **given: Any) -> None:
    replay = evening.space.replay
    facts: dict[str, Any] = {
        "number": replay.revision + 1,
        "sha256": f"{replay.revision + 1:064x}",
        "version": replay.version + 1,
        "through": replay.asked,
        "recording_seconds": replay.cuts(replay.asked).duration_ms / 1000,
        "kept_bytes": 1_000,
    }
    evening.do(rc.Revise(**PLATFORM, **{**facts, **given}))


def edit(kind: Any, from_ms: int, to_ms: int, **given: Any) -> rc.EditSpan:
    known: dict[str, Any] = {"edit": "edit", "reason": "A private number", "revision": 1, **HOST}
    return rc.EditSpan(kind=kind, from_ms=from_ms, to_ms=to_ms, **{**known, **given})


def erase(to_ms: int, *, seat: str = "", erasure: str = "gone") -> rc.Erase:
    return rc.Erase(**HOST, erasure=erasure, from_ms=0, to_ms=to_ms, seat=seat, revision=1)


def test_a_recording_begins_with_revision_one_and_nothing_changed() -> None:
    replay = posted().space.replay
    assert (replay.revision, replay.version, replay.asked, replay.slots) == (1, 0, 0, 100)
    assert not replay.shown.changes(100)


def test_an_edit_is_shown_once_it_is_done_and_taken_back_once_that_is_done() -> None:
    evening = posted()
    evening.do(edit("cut", 1_000, 2_000))
    replay = evening.space.replay
    assert (replay.asked, replay.done) == (1, 0)
    assert replay.shown.slots == 100
    assert replay.cuts(1).slots == 96  # 960 to 2,240: whole slots
    revise(evening)
    assert evening.space.replay.shown.slots == 96
    assert evening.space.version == 1
    assert evening.space.recording_seconds == pytest.approx(96 * 0.32)
    assert evening.refused(rc.UndoEdit(**HOST, edit="nope")) == "missing"
    evening.do(rc.UndoEdit(**HOST, edit="edit"))
    assert evening.refused(rc.UndoEdit(**HOST, edit="edit")) == "done"
    assert evening.space.replay.shown.slots == 96
    revise(evening)
    assert evening.space.replay.shown.slots == 100


def test_times_are_those_of_what_is_published() -> None:
    evening = posted()
    evening.do(edit("cut", 0, 10 * SLOT))
    revise(evening)
    assert evening.refused(edit("cut", 0, SLOT, edit="next", revision=1)) == "stale"
    evening.do(edit("silence", 0, SLOT, edit="next", revision=2))
    last = evening.space.replay.changes[-1]
    assert (last.from_ms, last.to_ms) == (10 * SLOT, 11 * SLOT)
    # A stretch that ends where something was cut out ends before it, not behind.
    evening = posted()
    evening.do(edit("cut", 10 * SLOT, 20 * SLOT))
    revise(evening)
    evening.do(edit("cut", 5 * SLOT, 10 * SLOT, edit="next", revision=2))
    last = evening.space.replay.changes[-1]
    assert (last.from_ms, last.to_ms) == (5 * SLOT, 10 * SLOT)


def test_a_trim_keeps_what_lies_within() -> None:
    evening = posted()
    evening.do(edit("trim", 10 * SLOT, 90 * SLOT, reason=""))
    revise(evening)
    assert evening.space.replay.shown.kept == ((10, 90),)
    assert evening.refused(edit("cut", 0, 80 * SLOT, edit="all", revision=2)) == "value"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (edit("cut", 10, 10), "value"),
        (edit("cut", -1, 10), "value"),
        (edit("cut", 0, LENGTH_MS + 1_000), "value"),
        (edit("cut", 0, LENGTH_MS), "value"),
        (edit("cut", LENGTH_MS, LENGTH_MS + 9), "value"),
        (edit("cut", 0, 10, reason=" "), "value"),
        (edit("cut", 0, 10, reason="x" * 1_000), "value"),
        (edit("cut", 0, 10, edit="../x"), "value"),
        (edit("cut", 0, 10, role=Role.SPEAKER), "role"),
        (erase(LENGTH_MS), "value"),
        (erase(9, seat="nobody"), "seat"),
        (rc.Correct(**HOST, corrections=(("c1", "a", "b"),)), "missing"),
        (rc.MakeClip(**HOST, clip="clip", from_ms=0, to_ms=9, title="", revision=1), "value"),
        (rc.RemoveClip(**HOST, clip="clip"), "missing"),
        (rc.SetChapters(**HOST, chapters=(Heading(LENGTH_MS, "x"),), revision=1), "value"),
        (rc.SetChapters(**HOST, chapters=(Heading(0, "a"), Heading(0, "b")), revision=1), "value"),
        (rc.SetChapters(**HOST, chapters=None, revision=1), "done"),
        (rc.SetChapters(**HOST, chapters=(), revision=7), "stale"),
        (rc.Expire(**PLATFORM), "status"),
        (rc.Expire(**HOST), "role"),
    ],
)
def test_what_is_refused(command: ReplayCommand, code: str) -> None:
    assert posted().refused(command) == code


def test_before_there_is_a_recording_nothing_of_it_is_decided() -> None:
    evening = live()
    assert evening.refused(edit("cut", 0, SLOT)) == "status"
    evening.do(rc.MarkChapter(**HOST, title="Questions"))
    evening.do(c.End(**HOST))
    assert evening.refused(rc.MarkChapter(**HOST, title="Too late")) == "status"


def test_an_erasure_drops_for_everybody_and_leaves_the_clock_for_one_seat() -> None:
    evening = posted()
    evening.do(erase(SLOT))
    evening.do(erase(LENGTH_MS, seat="host", erasure="seat"))
    replay = evening.space.replay
    assert replay.cuts(replay.asked).slots == 99
    assert [erasure.seat for erasure in replay.erasures] == ["", "host"]


def test_an_erasure_leaves_something_of_what_is_published() -> None:
    """A version without any sound cannot be made, so the erasure would never be carried out."""
    evening = posted()
    evening.do(edit("trim", 0, 10 * SLOT))
    assert evening.refused(erase(10 * SLOT)) == "value"
    revise(evening)
    whole = replace(erase(10 * SLOT), revision=2)
    assert evening.refused(whole) == "value"
    evening.do(replace(whole, seat="host", erasure="voice"))
    evening.do(rc.UndoEdit(**HOST, edit="edit"))
    evening.do(whole)


def test_an_archive_that_comes_late_takes_nothing_back() -> None:
    """One that was stopped in the middle, while another one carried on."""
    evening = posted()
    evening.do(edit("cut", 0, SLOT))
    late = rc.Revise(
        **PLATFORM, number=2, sha256="ee" * 32, version=1, through=1, recording_seconds=1.0,
        kept_bytes=1,
    )  # fmt: skip
    evening.do(edit("cut", 4 * SLOT, 5 * SLOT, edit="more"))
    revise(evening)
    for command in (late, replace(late, number=3), replace(late, number=3, through=2, version=0)):
        assert evening.refused(command) == "done"
    assert (evening.space.version, evening.space.replay.revision) == (1, 2)


def test_chapters_are_kept_on_the_clock_of_the_original() -> None:
    evening = posted()
    evening.do(edit("cut", 0, 10 * SLOT))
    revise(evening)
    given = (Heading(20 * SLOT, "Second"), Heading(0, "First"))
    evening.do(rc.SetChapters(**HOST, chapters=given, revision=2))
    assert evening.space.replay.chapters == (
        Heading(10 * SLOT, "First"),
        Heading(30 * SLOT, "Second"),
    )
    again = rc.SetChapters(**HOST, chapters=tuple(reversed(given)), revision=2)
    assert evening.refused(again) == "done"
    none = evening.do(rc.SetChapters(**HOST, chapters=None, revision=2))
    assert none.replay.chapters is None


def test_chapters_of_what_is_cut_out_stay_for_whoever_puts_it_back() -> None:
    evening = posted()
    given = tuple(Heading(slot * SLOT, f"at {slot}") for slot in (0, 10, 12, 30))
    evening.do(rc.SetChapters(**HOST, chapters=given, revision=1))
    evening.do(edit("cut", 8 * SLOT, 20 * SLOT))
    revise(evening)
    # Of the second nothing is left, and the third begins where the cut ends.
    seen = (Heading(0, "at 0"), Heading(8 * SLOT, "renamed"), Heading(18 * SLOT, "at 30"))
    evening.do(rc.SetChapters(**HOST, chapters=seen, revision=2))
    kept = (given[0], given[1], Heading(12 * SLOT, "renamed"), given[3])
    assert evening.space.replay.chapters == kept


def test_a_transcript_is_corrected_sentence_by_sentence() -> None:
    evening = posted()
    noted = rc.NoteTranscript(by="captions", sha256="0f" * 32, engine="e", language="en")
    evening.do(noted)
    assert evening.refused(noted) == "done"
    said = (("c1", "hallo", "Hello."), ("c2", "same", "same"))
    evening.do(rc.Correct(**HOST, corrections=said))
    assert evening.space.replay.corrections == 1
    assert evening.refused(rc.Correct(**HOST, corrections=said[1:])) == "done"
    long = (("c1", "", "x" * (limits.CUE_CHARS + 1)),)
    assert evening.refused(rc.Correct(**HOST, corrections=long)) == "value"


def test_clips_are_made_renamed_and_removed() -> None:
    evening = posted()
    made = rc.MakeClip(**HOST, clip="clip", from_ms=100, to_ms=900, title="Best", revision=1)
    evening.do(made)
    assert evening.refused(made) == "done"
    assert evening.refused(rc.RenameClip(**HOST, clip="clip", title="Best")) == "done"
    clip = evening.do(rc.RenameClip(**HOST, clip="clip", title="Better")).replay.clips["clip"]
    assert (clip.title, clip.from_ms, clip.to_ms, clip.number) == ("Better", 0, 960, 2)
    long = replace(made, clip="long", to_ms=limits.CLIP_MS + 2_000)
    assert evening.refused(long) == "value"
    assert not evening.do(rc.RemoveClip(**HOST, clip="clip")).replay.clips


def test_what_the_files_say_of_the_space_is_a_wish_to_the_archive() -> None:
    evening = posted()
    assert evening.do(c.Edit(**HOST, listed=False)).replay.asked == 0
    assert evening.do(c.Edit(**HOST, title="Put right")).replay.asked == 1
    revise(evening, version=0)
    assert (evening.space.replay.done, evening.space.version) == (1, 0)
    assert evening.space.receipt_sha256.endswith("2")
    late = rc.Revise(
        **PLATFORM,
        number=2,
        sha256="",
        version=0,
        through=1,
        recording_seconds=32.0,
        kept_bytes=1,
    )
    assert evening.refused(late) == "done"


def test_nothing_is_deleted_before_it_was_announced() -> None:
    evening = posted(keep_days=30)
    assert evening.space.replay.keep_days == 30
    soon = evening.now_ms + 1_000
    evening.do(rc.WarnOfExpiry(**PLATFORM, expires_at_ms=soon))
    assert evening.refused(rc.Expire(**PLATFORM)) == "status"
    again = evening.do(c.Edit(**HOST, keep_days=-1))
    assert again.replay.keep_days is None
    evening.now_ms = soon
    assert evening.do(rc.Expire(**PLATFORM)).gone
    assert evening.refused(edit("cut", 0, SLOT)) == "status"
