"""The clock of an edited recording against that of the original."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hustings.clock import CHUNK_MS
from hustings.space.cuts import Cuts, merged, widened

SLOTS = 40
spans = st.lists(st.tuples(st.integers(-3, SLOTS + 3), st.integers(-3, SLOTS + 3)), max_size=6)


def test_a_stretch_is_widened_to_whole_slots() -> None:
    assert widened(320, 640) == (1, 2)
    assert widened(319, 641) == (0, 3)


def test_what_is_cut_out_moves_what_follows() -> None:
    cuts = Cuts.of(10, dropped=[(2, 4), (8, 10)], silenced=[(3, 6)])
    assert cuts.kept == ((0, 2), (4, 8))
    assert cuts.silenced == ((4, 6),)
    assert cuts.duration_ms == 6 * CHUNK_MS
    assert cuts.position(2 * CHUNK_MS) is None
    assert cuts.nearest(2 * CHUNK_MS) == 2 * CHUNK_MS
    assert cuts.position(5 * CHUNK_MS + 7) == 3 * CHUNK_MS + 7
    assert cuts.position(8 * CHUNK_MS) == cuts.duration_ms
    assert cuts.original(2 * CHUNK_MS) == 4 * CHUNK_MS
    assert cuts.original(2 * CHUNK_MS, ends=True) == 2 * CHUNK_MS
    assert cuts.silent(4)
    assert not cuts.silent(6)


@given(dropped=spans, silenced=spans)
def test_each_kept_moment_goes_there_and_back(
    dropped: list[tuple[int, int]], silenced: list[tuple[int, int]]
) -> None:
    cuts = Cuts.of(SLOTS, dropped=dropped, silenced=silenced)
    gone = {n for first, end in dropped for n in range(first, end)}
    kept = [n for n in range(SLOTS) if n not in gone]
    assert [n for first, end in cuts.kept for n in range(first, end)] == kept
    assert cuts.slots == len(kept)
    for place, n in enumerate(kept):
        at_ms = n * CHUNK_MS + 11
        assert cuts.position(at_ms) == cuts.nearest(at_ms) == place * CHUNK_MS + 11
        assert cuts.original(place * CHUNK_MS + 11) == at_ms
    for n in gone & set(range(SLOTS)):
        assert cuts.position(n * CHUNK_MS + 11) is None
    quiet = {n for first, end in silenced for n in range(first, end)}
    assert [n for n in kept if cuts.silent(n)] == [n for n in kept if n in quiet]
    assert cuts.changes(SLOTS) == bool(len(kept) < SLOTS or quiet & set(kept))


@given(spans)
def test_merged_spans_touch_nowhere(given: list[tuple[int, int]]) -> None:
    out = merged(given, SLOTS)
    assert all(a[1] < b[0] for a, b in pairwise(out))
    assert all(0 <= first < end <= SLOTS for first, end in out)
