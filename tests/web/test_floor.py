"""The floor as pages see it: all of it for hosts, of others only the talk time for speakers."""

from __future__ import annotations

from hustings.space import Role, Seat, Space
from hustings.space.floor import count
from hustings.web.floor import SeatNow, floor_now, for_speaker

SEATS = {name: Seat(id=name, name=name.title(), role=Role.SPEAKER) for name in ("ann", "bob")}
GONE = {"cem": Seat(id="cem", name="Cem", role=Role.SPEAKER)}
FLOOR = count([("ann", 0, 6_000), ("bob", 4_000, 8_000), ("cem", 9_000, 9_500)], on_air_ms=10_000)


def test_hosts_see_everything_by_name_most_talk_first_and_who_has_left() -> None:
    space = Space(id="s", seats=SEATS, seats_removed=GONE, equal_time=True, speaker_s=5)
    now = floor_now(space, FLOOR)
    assert [(one.name, one.talk_ms, one.level) for one in now.seats] == [
        ("Ann", 6_000, "over"), ("Bob", 4_000, "near"), ("Cem", 500, ""),
    ]  # fmt: skip
    assert (now.silence_ms, now.overlap_ms) == (1_500, 2_000)
    assert (now.seats[0].interrupted, now.seats[1].interruptions) == (1, 1)


def test_without_clocks_only_those_who_have_spoken_are_there() -> None:
    spoken = count([("ann", 0, 6_000)], on_air_ms=10_000)
    now = floor_now(Space(id="s", seats=SEATS, speaker_s=5), spoken)
    assert [(one.id, one.allowance_ms, one.level) for one in now.seats] == [("ann", 0, "")]


def test_a_speaker_sees_the_own_clock_and_of_others_the_talk_time() -> None:
    space = Space(id="s", seats=SEATS, equal_time=True, speaker_s=5)
    ann, bob = for_speaker(floor_now(space, FLOOR), "bob").seats
    assert ann == SeatNow(id="ann", name="Ann", talk_ms=6_000, share=0.5714, speaking=False)
    assert (bob.level, bob.interruptions, bob.allowance_ms) == ("near", 1, 5_000)
