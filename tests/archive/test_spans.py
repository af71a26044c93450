"""Spans, gaps and the clock, from slots."""

from __future__ import annotations

import msgspec

from hustings.archive.slots import Slots
from hustings.archive.spans import Reign, Span, Spans
from hustings.chunk import Programme, silent
from hustings.clock import CHUNK_NS


def _spans(*pieces: tuple[range, bool, int], boots: dict[int, int] | None = None) -> Spans:
    """The spans of chunks given as (numbers, live, epoch). `boots` delays an epoch's boot clock."""
    slots, out = Slots(), []
    for numbers, live, epoch in pieces:
        for n in numbers:
            made = msgspec.structs.replace(
                silent(n, epoch=epoch, programme=Programme.LIVE if live else Programme.HOLD),
                boot_id=bytes([epoch if boots is None else boots.get(epoch, 0)]) * 16,
                boottime_ns=n * CHUNK_NS + n * 100_000,
            )
            out += slots.add(made, 7_000_000_000 + n * 330_000_000)
    spans = Spans()
    for slot in out + slots.finish():
        spans.add(slot)
    return spans


def test_spans_gaps_and_reigns() -> None:
    spans = _spans(
        (range(2), False, 1), (range(2, 6), True, 1), (range(6, 9), False, 1),
        (range(9, 12), True, 1), (range(14, 16), True, 5), (range(17, 18), True, 5),
    )  # fmt: skip
    assert spans.spans == [Span(2, 0, 4), Span(9, 4, 9)]
    assert spans.gaps == [Span(12, 7, 2), Span(16, 11, 1)]
    assert spans.reigns == [Reign(1, 2, 7), Reign(5, 14, 3)]
    assert (spans.slots, spans.chunks) == (13, 10)


def test_a_programme_number_has_its_place_in_the_replay() -> None:
    spans = _spans((range(2, 6), True, 1), (range(6, 9), False, 1), (range(9, 12), True, 1))
    places = {0: 0, 2: 0, 3: 320, 5: 960, 6: 1280, 8: 1280, 9: 1280, 10: 1600, 12: 2240, 99: 2240}
    assert {n: spans.position_ms(n) for n in places} == places
    assert [n for n in range(14) if spans.live(n)] == [2, 3, 4, 5, 9, 10, 11]


def test_the_clock_is_the_boots_where_one_boot_made_both_ends() -> None:
    spans = _spans((range(1_001), True, 1))
    assert spans.clock_ms == 1_001 * 320 + 100  # the boot clock gained 0.1 ms a chunk


def test_else_the_clock_is_the_servers() -> None:
    spans = _spans((range(50), True, 1), (range(50, 101), True, 2))
    assert spans.clock_ms == 100 * 330 + 320


def test_nothing_at_all() -> None:
    spans = Spans()
    assert (spans.slots, spans.chunks, spans.clock_ms, spans.position_ms(5)) == (0, 0, 0, 0)
    assert not spans.live(0)
