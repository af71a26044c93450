"""Reception: what is missing, what was late, and how evenly packets came."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from hustings.stage.reception import Reception
from tests.stage.peers import unhurried


def feed(reception: Reception, sequences: list[int]) -> list[int]:
    """Packets every 20 ms; returns what each says of the gap before it."""
    return [reception.receive(s & 0xFFFF, 960 * s & 0xFFFFFFFF, s * 20_000_000) for s in sequences]


def test_a_gap_is_noticed_and_a_late_packet_closes_it() -> None:
    reception = Reception(1, sequence=65_534)
    assert feed(reception, [65_534, 65_535, 65_538]) == [0, 0, 2]
    assert reception.lost == 2
    assert feed(reception, [65_536, 65_537, 65_539]) == [0, 0, 0]
    assert reception.lost == 0
    assert reception.highest == 65_539


@unhurried
@given(st.integers(0, 70_000), st.integers(1, 300), st.randoms(use_true_random=False))
def test_losses_are_counted_through_wraps_and_disorder(
    start: int, count: int, dice: random.Random
) -> None:
    sent = list(range(start, start + count))
    kept = [s for s in sent if dice.random() > 0.2 or s in (sent[0], sent[-1])]
    shuffled = sorted(kept[1:-1], key=lambda s: s + dice.randrange(8))
    reception = Reception(1, sequence=start & 0xFFFF)
    feed(reception, [kept[0], *shuffled, *kept[1:][-1:]])
    assert reception.received == len(kept)
    assert reception.lost == len(sent) - len(kept)


def test_even_arrival_has_no_jitter_and_uneven_has() -> None:
    reception = Reception(1, sequence=0)
    feed(reception, list(range(200)))
    assert reception.jitter < 1
    for i in range(200, 600):
        late = 10_000_000 if i % 2 else 0
        reception.receive(i, 960 * i, i * 20_000_000 + late)
    assert 400 < reception.jitter < 500  # 10 ms are 480 samples


def test_a_source_that_begins_anew_keeps_its_count() -> None:
    reception = Reception(1, sequence=100)
    feed(reception, [100, 102])
    assert feed(reception, [30_000, 30_001]) == [0, 0]
    assert reception.lost == 1


def test_reports_tell_of_the_time_since_the_last() -> None:
    reception = Reception(1, sequence=0)
    feed(reception, [0, 1, 3])
    block = reception.block(last_sr=5, delay=6)
    assert (block.ssrc, block.fraction_lost, block.lost, block.highest) == (1, 64, 1, 3)
    assert (block.last_sr, block.delay) == (5, 6)
    feed(reception, [4, 5])
    assert reception.block(last_sr=0, delay=0).fraction_lost == 0
    assert reception.block(last_sr=0, delay=0).fraction_lost == 0
