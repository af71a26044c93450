"""A sketch counts known crowds within 2 %, however it was made, and refuses what is none."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings.crowd.sketch import SALT_BYTES, Sketch, hashed
from hustings.errors import BadInput

SALT = bytes(range(SALT_BYTES))
CROWDS = (1, 10, 100, 1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)


def _of(visitors: set[int]) -> Sketch:
    sketch = Sketch()
    for visitor in visitors:
        sketch.add(visitor)
    return sketch


def _hashes(*numbers: int) -> set[int]:
    return {hashed(str(number), SALT) for number in numbers}


@pytest.mark.parametrize("seed", range(2))
def test_known_crowds_are_counted_within_two_percent(seed: int) -> None:
    sketch = Sketch()
    assert sketch.estimate() == 0
    salt = seed.to_bytes(SALT_BYTES)
    count = 0
    for crowd in CROWDS[: 9 if seed == 0 else 7]:
        for number in range(count, crowd):
            sketch.add(hashed(f"visitor-{number}", salt))
        count = crowd
        assert abs(sketch.estimate() - crowd) <= 0.02 * crowd, crowd


def test_who_comes_again_changes_nothing() -> None:
    sketch = _of(_hashes(*range(500)))
    estimate, version = sketch.estimate(), sketch.version
    for visitor in _hashes(*range(500)):
        sketch.add(visitor)
    sketch.merge(_of(_hashes(*range(250))))
    assert (sketch.estimate(), sketch.version) == (estimate, version)
    sketch.add(hashed("somebody else", SALT))
    assert sketch.version > version


# Any 64 bits: also those that only an enemy would send, with dozens of leading zeros.
_VISITORS = st.sets(st.integers(0, 2**64 - 1) | st.integers(0, 50), max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(_VISITORS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_merge_is_the_union_in_any_order_and_any_number_of_times(
    parts: list[set[int]], chance: object
) -> None:
    whole = _of(set().union(*parts))
    order = [*parts, *parts]
    chance.shuffle(order)  # type: ignore[attr-defined]
    merged = Sketch()
    for part in order:
        merged.merge(Sketch.unpack(_of(part).pack()))
    assert merged == whole
    assert merged.estimate() == whole.estimate()


@settings(max_examples=30, deadline=None)
@given(_VISITORS)
def test_it_travels_unchanged(visitors: set[int]) -> None:
    sketch = _of(visitors)
    assert Sketch.unpack(sketch.pack()) == sketch


def test_it_travels_small() -> None:
    assert len(Sketch().pack()) < 60
    assert len(_of(_hashes(*range(100))).pack()) < 500
    assert len(_of(_hashes(*range(200_000))).pack()) < 15_000


def test_what_is_no_sketch_is_refused() -> None:
    whole = _of(_hashes(*range(100))).pack()
    head = whole[:2]
    bomb = head + zlib.compress(bytes(50_000_000))
    for data in (
        b"",
        head,
        whole[:-5],
        b"\2" + whole[1:],
        head + zlib.compress(bytes(100)),
        head + zlib.compress(b"\x34" * 32_768),
        bomb,
        bytes(100),
    ):
        with pytest.raises(BadInput):
            Sketch.unpack(data)


def test_another_salt_makes_other_visitors() -> None:
    salts = [bytes([i]) * SALT_BYTES for i in range(20)]
    assert len({hashed("one", salt) for salt in salts}) == 20
    assert _of({hashed("one", salt) for salt in salts}).estimate() == 20
