"""Every byte of a push stream is checked: right ones pass, each kind of wrong one is found."""

from __future__ import annotations

import struct

import pytest

from hustings.chunk import SILENT_OPUS_FRAME
from hustings.drills.load_reading import Library, Piece, Unframing
from hustings.edge.broadcast import LAST_CHUNK, framed
from hustings.errors import BadInput
from hustings.formats import fmp4
from tests.drills.stub import burst, opening, sound

EVENTS = b'[{"type":"listening","count":3}]'


def feed(library: Library, data: bytes, expected: int = -1) -> list[Piece]:
    return Unframing(library).feed(data, expected)


def examine(data: bytes, codec: str = "opus") -> Piece:
    return Library(codec).examine(data, 0, len(data))


@pytest.mark.parametrize("codec", fmp4.CODECS)
def test_a_stream_is_taken_apart(codec: fmp4.Codec) -> None:
    library = Library(codec)
    live = fmp4.event_message(5, EVENTS) + sound(5, codec=codec)
    data = framed(burst(2, 5, codec)) + framed(live) + LAST_CHUNK
    first, second, last = feed(library, data)
    assert (first.opening, first.first, first.after, first.chunks) == (True, 2, 5, 3)
    assert (second.opening, second.first, second.after) == (False, 5, 6)
    assert last.end
    assert library.mismatches == 0
    assert sorted(library.take_fresh()) == [2, 3, 4, 5]
    assert library.take_fresh() == {}


def test_bytes_may_come_one_by_one() -> None:
    library = Library("opus")
    data = framed(burst(0, 3)) + framed(sound(3)) + framed(sound(4)) + LAST_CHUNK
    cutting = Unframing(library)
    pieces = []
    for i in range(len(data)):
        pieces += cutting.feed(data[i : i + 1], 3)
    assert [piece.after for piece in pieces] == [3, 4, 5, -1]
    assert cutting.clean


def test_what_is_known_is_only_compared() -> None:
    library = Library("opus")
    feed(library, framed(sound(3)), 3)
    assert library.distinct == 1
    (again,) = feed(library, framed(sound(3)), 3)
    assert again is library.at(3)[0]
    assert library.distinct == 1
    # The same sound with news is another piece of the same chunk.
    feed(library, framed(fmp4.event_message(3, EVENTS) + sound(3)), 3)
    assert (library.distinct, library.mismatches) == (2, 0)


def test_frames_of_a_slower_cadence_hold_the_same_chunks() -> None:
    library = Library("opus")
    for n in range(3):
        feed(library, framed(sound(n)), n)
    (whole,) = feed(library, framed(sound(0) + sound(1) + sound(2)), 0)
    assert (whole.first, whole.after, whole.chunks, whole.missing) == (0, 3, 3, 0)
    assert library.mismatches == 0


def test_other_bytes_for_the_same_chunk_are_found() -> None:
    library = Library("opus")
    feed(library, framed(sound(3)), 3)
    feed(library, framed(sound(3, of=4)), 3)
    assert library.mismatches == 1
    feed(library, framed(opening() + sound(5)), -1)
    changed = opening().replace(b"programme", b"Programme")
    feed(library, framed(changed + sound(6)), -1)
    assert library.mismatches == 2


def test_silence_in_place_of_a_late_chunk_is_no_mismatch() -> None:
    silent = fmp4.silent_fragment("opus", 3)
    for order in ((silent, sound(3)), (sound(3), silent)):
        library = Library("opus")
        for data in order:
            feed(library, framed(data), 3)
        assert (library.mismatches, library.filled) == (0, 1)
        feed(library, framed(sound(3, of=9)), 3)
        assert library.mismatches == 1


def test_missing_numbers_within_a_piece_are_counted() -> None:
    (piece,) = feed(Library("opus"), framed(sound(1) + sound(4)), 1)
    assert (piece.missing, piece.chunks, piece.after) == (2, 2, 5)


def test_the_edge_asks_to_move() -> None:
    told = fmp4.event_message(3, b'[{"type":"move","within_ms":4000}]')
    assert examine(told + sound(3)).move_ms == 4_000
    assert examine(told).move_ms == 4_000
    assert examine(sound(3)).move_ms == -1


def patched(data: bytes, kind: bytes, at: int, value: bytes) -> bytes:
    """`data` with bytes of the first box of a kind replaced, `at` after its head."""
    where = data.index(kind) + 4 + at
    return data[:where] + value + data[where + len(value) :]


WRONG = {
    "sequence": patched(sound(3), b"mfhd", 4, struct.pack(">I", 9)),
    "decode time": patched(sound(3), b"tfdt", 4, struct.pack(">Q", 3 * 15_360 + 1_737)),
    "AAC's decode time": patched(sound(3), b"tfdt", 4, struct.pack(">Q", 3 * 15_360)),
    "number of frames": patched(sound(3), b"trun", 4, struct.pack(">I", 15)),
    "data offset": patched(sound(3), b"trun", 8, struct.pack(">i", 999)),
    "a frame's size": patched(sound(3), b"trun", 12, struct.pack(">I", 1)),
    "mdat longer than there is": patched(sound(3), b"mdat", -8, struct.pack(">I", 99_999)),
    "no mdat": sound(3)[: sound(3).index(b"mdat") - 4],
    "mdat alone": sound(3)[sound(3).index(b"mdat") - 4 :],
    "a number twice": sound(3) + sound(3),
    "numbers that fall": sound(4) + sound(3),
    "header in the middle": sound(3) + opening(),
    "another box": sound(3) + b"\0\0\0\x08free",
    "an event of another time": fmp4.event_message(30, EVENTS) + sound(3),
    "an event that is no JSON": fmp4.event_message(3, b"[{") + sound(3),
    "an event without a type": fmp4.event_message(3, b"[{}]") + sound(3),
    "an event's number": patched(fmp4.event_message(3, EVENTS), b"emsg", 20, b"\0\0\0\x07"),
    "three bytes": b"abc",
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_content_is_found(what: str) -> None:
    assert examine(sound(3)).first == 3
    with pytest.raises(BadInput):
        examine(WRONG[what])


@pytest.mark.parametrize(
    "data",
    [
        b"xyz\r\nabc\r\n",
        b"3\r\nabcd\r\n",
        b"0123456789abcdef0123456789",
        b"0x3\r\nabc\r\n",
        b"\r\n",
    ],
)
def test_wrong_framing_is_found(data: bytes) -> None:
    with pytest.raises(BadInput):
        feed(Library("opus"), data)


def test_silence_is_told_from_sound() -> None:
    library = Library("opus")
    feed(library, framed(fmp4.fragment("opus", 1, [SILENT_OPUS_FRAME] * 16)), 1)
    assert library.take_fresh() == {}


def test_memory_is_bounded() -> None:
    library = Library("opus")
    one = sound(0)
    for n in range(3_000):
        time = struct.pack(">Q", fmp4.decode_time("opus", n))
        data = patched(one, b"tfdt", 4, time)
        feed(library, framed(patched(data, b"mfhd", 4, struct.pack(">I", n + 1))), n)
    assert len(library._chunks) == len(library._at) == 2_500
    assert library.at(2_999)
