"""Which clips a version has, and where they are in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hustings import limits
from hustings.archive.clips import plan
from hustings.space import Space
from hustings.space.replay import Change, Clip, Erasure, Replay
from tests.archive.script import SPACE

LISTEN = "https://listen.example"


def _space(*changes: Change, erasures: tuple[Erasure, ...] = ()) -> Space:
    clip = Clip(
        id="clip1", from_ms=3_200, to_ms=6_400, title="T", by="account1", at_ms=7, number=1,
        shapes=("square",),
    )  # fmt: skip
    replay = Replay(
        original_ms=32_000, asked=9, changes=changes, erasures=erasures, clips={"clip1": clip}
    )
    return replace(Space(id=SPACE, title="An evening", host="Ada", language="en"), replay=replay)


def _cut(kind: str, from_ms: int, to_ms: int) -> Change:
    return Change(
        id=f"{from_ms}",
        kind=kind,  # type: ignore[arg-type]
        from_ms=from_ms,
        to_ms=to_ms,
        reason="",
        by="",
        at_ms=1,
        number=1,
    )


def _erased(from_ms: int, to_ms: int, seat: str = "") -> Erasure:
    return Erasure(id="e", from_ms=from_ms, to_ms=to_ms, seat=seat, at_ms=1, number=1)


def _plans(space: Space) -> tuple[plan.ClipPlan, ...]:
    return plan.plan(space, space.replay.cuts(9), listen=LISTEN)


def test_of_the_recording_as_it_was_posted() -> None:
    (one,) = _plans(_space())
    assert (one.from_ms, one.to_ms, one.first, one.slots) == (3_200, 6_400, 10, 10)
    assert (one.duration_ms, one.made_at_ms, one.title, one.host) == (3_200, 7, "T", "Ada")
    assert one.address == f"{LISTEN}/c/{SPACE}/clip1"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("cut", 0, 1_600)], (1_600, 4_800)),  # before it
        ([("cut", 9_600, 12_800)], (3_200, 6_400)),  # behind it
        ([("cut", 4_800, 5_120)], (3_200, 6_080)),  # in it
        ([("cut", 1_600, 4_800)], (1_600, 3_200)),  # over its beginning
        ([("trim", 3_840, 5_760)], (0, 1_920)),  # all around
        ([("silence", 3_200, 6_400)], (3_200, 6_400)),  # keeps its place
    ],
)
def test_it_follows_the_edits(
    changes: list[tuple[str, int, int]], expected: tuple[int, int]
) -> None:
    (one,) = _plans(_space(*(_cut(*change) for change in changes)))
    assert (one.from_ms, one.to_ms) == expected


def test_what_is_put_back_makes_no_clip_longer_than_clips_are() -> None:
    space = _space(_cut("cut", 3_840, 3_600_000))
    clip = replace(space.replay.clips["clip1"], to_ms=3_606_400)
    replay = replace(space.replay, original_ms=7_200_000, clips={"clip1": clip})
    space = replace(space, replay=replay)
    assert _plans(space)[0].duration_ms == 640 + 6_400
    (one,) = _plans(replace(space, replay=replace(replay, changes=())))
    assert one.duration_ms == limits.CLIP_MS + 320


def test_of_what_was_cut_out_there_is_no_clip() -> None:
    assert _plans(_space(_cut("cut", 3_000, 6_500))) == ()


@pytest.mark.parametrize("seat", ["", "ada"])
def test_where_something_was_erased_there_is_no_clip(seat: str) -> None:
    assert _plans(_space(erasures=(_erased(6_399, 9_000, seat),))) == ()
    assert len(_plans(_space(erasures=(_erased(6_400, 9_000, seat),)))) == 1
