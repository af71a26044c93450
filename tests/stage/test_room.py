"""A stage process's room: who is left to others, who is refused, who waits."""

from __future__ import annotations

from hustings import limits
from hustings.stage.room import Room


def used(
    room: Room, share: float, *, seconds: int, at_s: float = 0.0, before_s: float = 0.0
) -> None:
    """Let the loop use this share of its core for a while."""
    for i in range(seconds + 1):
        room.measure(now_s=at_s + i, used_s=before_s + share * i)


def test_it_holds_as_many_as_it_may() -> None:
    room = Room(spaces_max=2, index=0)
    assert [room.free(held) for held in (0, 1, 2)] == [True, True, False]


def test_a_busy_loop_takes_no_more_until_it_rests() -> None:
    room = Room(spaces_max=32, index=0)
    used(room, 0.9, seconds=20)
    assert room.busy > limits.STAGE_BUSY_MAX
    assert not room.free(1)
    used(room, limits.STAGE_BUSY_MAX - 0.02, seconds=20, at_s=20, before_s=18)
    assert not room.free(1)  # not to and fro
    used(room, 0.2, seconds=20, at_s=40, before_s=40)
    assert room.free(1)


def test_what_weighs_is_the_work_and_not_the_number() -> None:
    many, few = Room(spaces_max=32, index=0), Room(spaces_max=32, index=1)
    used(many, 0.05, seconds=30)
    used(few, 0.4, seconds=30)
    assert many.head_start_ms(4) < few.head_start_ms(1)
    fresh = Room(spaces_max=32, index=3)
    assert fresh.head_start_ms(0) < many.head_start_ms(4)
    used(few, 1.0, seconds=60, at_s=40, before_s=20)
    assert few.head_start_ms(31) < 1_000  # doors do not wait longer than for this


def test_who_is_refused_waits_in_order() -> None:
    room = Room(spaces_max=1, index=0)
    assert [room.refuse(space, now_s=0.0) for space in ("aaaa", "bbbb", "aaaa")] == [
        True, True, False,
    ]  # fmt: skip
    assert room.next_waiting(5) == ["bbbb", "aaaa"]
    assert room.next_waiting(1) == ["bbbb"]
    room.served("bbbb")
    assert room.waiting == 1
    assert room.stale(now_s=limits.STAGE_WAITING_S + 1) == ["aaaa"]
    assert room.stale(now_s=limits.STAGE_WAITING_S + 2) == []


def test_what_waits_is_bounded() -> None:
    room = Room(spaces_max=1, index=0)
    for i in range(limits.STAGE_WAITING_COUNT + 5):
        room.refuse(f"space{i}", now_s=i)
    assert room.waiting == limits.STAGE_WAITING_COUNT
    assert room.next_waiting(1) == ["space5"]
