"""Chapters: a host's first, holds always, pauses where nobody said anything else."""

from __future__ import annotations

from hustings import limits
from hustings.archive.chapters import Chapter, chapters, headed
from hustings.archive.journal import Journal
from hustings.archive.slots import Slot
from hustings.archive.spans import Spans
from hustings.chunk import silent
from hustings.space import Role
from hustings.space import event as e
from hustings.space.replay_event import ChapterMarked

MINUTE = 60_000 // 320  # slots, not quite


def _spans(*live: tuple[int, int]) -> Spans:
    spans, index = Spans(), 0
    for first, count in live:
        for n in range(first, first + count):
            chunk = silent(n, epoch=1)
            spans.add(
                Slot(
                    index=index, n=n, chunk=chunk, after=None, opens=n == first,
                    closes=n == first + count - 1, stamp_ns=0,
                )
            )  # fmt: skip
            index += 1
    return spans


def _journal(*spoken: tuple[str, int, int], marks: tuple[tuple[int, str], ...] = ()) -> Journal:
    journal = Journal("abcdefghij")
    for seat in ("ada", "bob"):
        journal.add(
            e.SeatGranted(at_ms=0, by="x", seat=seat, name=seat.title(), role=Role.SPEAKER),
            newest_n=-1,
        )
    happened: list[tuple[int, e.Event]] = []
    for seat, first, end in spoken:
        happened.append((first, e.Spoke(at_ms=0, seat=seat, speaking=True, n=first)))
        happened.append((end, e.Spoke(at_ms=0, seat=seat, speaking=False, n=end)))
    happened += [(n, ChapterMarked(at_ms=0, by="ada", title=title)) for n, title in marks]
    for n, event in sorted(happened, key=lambda one: one[0]):
        journal.add(event, newest_n=n - 1)
    return journal


def _shape(found: list[Chapter]) -> list[tuple[int, str]]:
    return [(one.start_ms // 320, one.title) for one in found]


def test_a_short_talk_has_none() -> None:
    assert chapters(_journal(("ada", 0, 100)), _spans((0, 300))) == []


def test_holds_divide_it_into_parts() -> None:
    found = chapters(_journal(), _spans((5, 100), (200, 50)))
    assert found == [Chapter(0, 32_000, "Part 1"), Chapter(32_000, 48_000, "Part 2")]


def test_a_hosts_markers_have_their_titles() -> None:
    journal = _journal(("ada", 0, 900), marks=((100, "One"), (500, "Two")))
    assert _shape(chapters(journal, _spans((0, 1000)))) == [
        (0, "Part 1"), (100, "One"), (500, "Two"),
    ]  # fmt: skip


def test_a_marker_soon_after_a_hold_names_the_part() -> None:
    journal = _journal(marks=((210, "After tea"),))
    assert _shape(chapters(journal, _spans((0, 100), (200, 300)))) == [
        (0, "Part 1"), (110, "After tea"),
    ]  # fmt: skip


def test_long_pauses_begin_chapters_that_are_not_short() -> None:
    apart = limits.CHAPTER_APART_MS // 320
    pause = limits.CHAPTER_PAUSE_MS // 320 + 1
    journal = _journal(
        ("ada", 0, apart + 50),
        ("bob", apart + 50 + pause, apart + 200),  # long enough, far enough
        ("ada", apart + 200 + 3 * pause, 2 * apart + 100),  # longer: it wins, the first is near it
        ("bob", 2 * apart + 102, 3 * apart),  # a breath
        ("ada", 3 * apart + pause, 3 * apart + 200),  # too near to the end
    )
    found = chapters(journal, _spans((0, 3 * apart + 300)))
    assert _shape(found) == [(0, "Part 1"), (apart + 200 + 3 * pause, "Ada")]


def test_who_speaks_into_a_pause_ends_it() -> None:
    apart = limits.CHAPTER_APART_MS // 320
    journal = _journal(("ada", 0, apart), ("bob", 10, apart + 30), ("ada", apart + 35, 3 * apart))
    assert chapters(journal, _spans((0, 4 * apart))) == []


def test_chapters_cover_all_in_order() -> None:
    found = headed([(5_000, ""), (2_000, "B"), (99_000, "beyond"), (-1, "before")], 10_000)
    assert found == [
        Chapter(0, 2_000, "Part 1"), Chapter(2_000, 5_000, "B"), Chapter(5_000, 10_000, "Part 3"),
    ]  # fmt: skip
    assert len(headed([(i, "x") for i in range(1_000)], 10_000)) == limits.CHAPTERS_COUNT
    assert headed([], 10_000) == []
