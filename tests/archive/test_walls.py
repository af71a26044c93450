"""From the clock on the wall to the replay: through holds, gaps and clocks that jump."""

from __future__ import annotations

from hustings.archive.slots import Slot
from hustings.archive.walls import Walls
from hustings.chunk import silent

T0 = 1_750_000_000_000


def _slot(index: int, wall_ms: int, *, opens: bool = False, there: bool = True) -> Slot:
    return Slot(
        index=index, n=index, chunk=silent(index, epoch=1) if there else None, after=None,
        opens=opens, closes=False, stamp_ns=(wall_ms + 320) * 1_000_000,
    )  # fmt: skip


def test_while_all_is_well_time_is_time() -> None:
    walls = Walls()
    for i in range(100):
        walls.add(_slot(i, T0 + i * 320 + i % 7 * 40, opens=i == 0, there=i % 5 != 3))
    for ms in (0, 5_000, 31_000):
        assert abs(walls.position_ms(T0 + ms) - ms) <= 240
    assert walls.position_ms(T0 - 60_000) == 0
    assert walls.position_ms(T0 + 60_000_000) == 32_000


def test_what_is_said_in_a_hold_stands_where_it_goes_on() -> None:
    walls = Walls()
    for i in range(10):
        walls.add(_slot(i, T0 + i * 320, opens=i == 0))
    for i in range(10, 20):
        walls.add(_slot(i, T0 + 60_000 + i * 320, opens=i == 10))
    assert walls.position_ms(T0 + 30_000) == 3_200
    assert walls.position_ms(T0 + 60_000 + 3_200 + 640) == 3_840


def test_a_clock_that_jumps_back_is_followed() -> None:
    walls = Walls()
    for i in range(10):
        walls.add(_slot(i, T0 + i * 320, opens=i == 0))
    for i in range(10, 20):
        walls.add(_slot(i, T0 - 3_600_000 + i * 320))
    assert walls.position_ms(T0 - 3_600_000 + 15 * 320) == 15 * 320
    assert walls.position_ms(T0 + 100) in range(101, 6_401)
