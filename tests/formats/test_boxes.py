"""Boxes are wrapped and walked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.errors import BadInput
from hustings.formats.boxes import box, full_box, walk

KINDS = st.binary(min_size=4, max_size=4)


@given(st.lists(st.tuples(KINDS, st.binary(max_size=40))))
def test_walk_finds_what_was_boxed(content: list[tuple[bytes, bytes]]) -> None:
    assert list(walk(b"".join(box(kind, body) for kind, body in content))) == content


def test_full_box_has_version_and_flags() -> None:
    assert full_box(b"tfdt", 1, 0x020304, b"x") == b"\0\0\0\x0dtfdt\x01\x02\x03\x04x"


@given(st.binary(min_size=1, max_size=60))
def test_walk_of_anything_ends_or_refuses(data: bytes) -> None:
    try:
        found = list(walk(data))
    except BadInput:
        return
    assert sum(8 + len(body) for _, body in found) == len(data)


def test_a_cut_box_is_refused() -> None:
    with pytest.raises(BadInput, match="boxes that fit"):
        list(walk(box(b"mdat", b"12345")[:-1]))
