"""Frames: however a connection cuts them, the datagrams come out whole and in order."""

from __future__ import annotations

import itertools

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.errors import BadInput
from hustings.stage.framing import Deframer, frame
from tests.stage.peers import unhurried


def test_the_head_is_a_length_in_network_order() -> None:
    # RFC 4571 section 2.
    assert frame(b"x" * 300) == b"\x01\x2c" + b"x" * 300


@unhurried
@given(
    st.lists(st.binary(min_size=1, max_size=limits.DATAGRAM_BYTES), max_size=8),
    st.lists(st.integers(0, 20_000), max_size=12),
)
def test_datagrams_survive_any_cut(datagrams: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(frame, datagrams))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    deframer = Deframer()
    found = [one for a, b in itertools.pairwise(edges) for one in deframer.feed(data[a:b])]
    assert found == datagrams


def test_empty_frames_are_passed_over() -> None:
    assert Deframer().feed(b"\0\0" * 5 + frame(b"a") + b"\0\0") == [b"a"]


def test_a_frame_that_is_too_long_ends_it() -> None:
    with pytest.raises(BadInput, match="frame"):
        Deframer().feed((limits.DATAGRAM_BYTES + 1).to_bytes(2, "big"))


@unhurried
@given(st.lists(st.binary(max_size=3_000), max_size=10))
def test_noise_is_frames_or_bad_input_and_holds_no_more_than_one(noise: list[bytes]) -> None:
    deframer = Deframer()
    for data in noise:
        try:
            found = deframer.feed(data)
        except BadInput:
            return
        assert all(0 < len(one) <= limits.DATAGRAM_BYTES for one in found)
        assert len(deframer._rest) < limits.DATAGRAM_BYTES + 2


def test_a_check_is_carried() -> None:
    message = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
    assert Deframer().feed(frame(message)) == [message]
