"""Every form's frames are cut where they end, numbered, and refused when a byte is wrong."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bench import frames, programme
from bench.icecast import pages
from hustings.chunk import silent
from hustings.edge.broadcast import framed
from hustings.errors import BadInput
from hustings.formats import fmp4, ogg

BROKEN = (frames.Broken, BadInput, ValueError, KeyError, IndexError)


def fragment(n: int) -> bytes:
    return fmp4.fragment("opus", n, silent(n, epoch=1).opus, events=b'[{"type":"listening"}]')


def numbers(cut: list[tuple[int, frames.Numbers]]) -> list[frames.Numbers]:
    return [one for _, one in cut]


def test_push_is_cut_into_the_chunks_of_its_body() -> None:
    opening = framed(fmp4.init_segment("opus") + fragment(4) + fragment(5))
    data = opening + framed(fragment(6)) + framed(fragment(7))
    cut, rest = frames.Push().cut(data[:-3])
    assert numbers(cut) == [(4, 5), (6, 6)]
    assert rest == framed(fragment(7))[:-3]


def test_a_header_alone_carries_no_number() -> None:
    cut, rest = frames.Push().cut(framed(fmp4.init_segment("opus")))
    assert (numbers(cut), rest) == ([None], b"")


@pytest.mark.parametrize(
    "wrong",
    [
        framed(fragment(4) + fragment(6)),  # a chunk is left out
        framed(fragment(4)[:-1]),  # a box does not fit
        framed(fragment(4)).replace(b"tfdt\x01\0\0\0\0\0\0\0\0\0", b"tfdt\x01\0\0\0\0\0\0\0\1\0"),
        framed(fragment(4)).replace(b"mdat", b"mdbt").replace(b"moof", b"noof") + b"junk" * 9,
        b"nothing of the kind",
        b"0\r\n\r\n",  # the true end, while somebody measures
    ],
)
def test_push_that_is_wrong_is_refused(wrong: bytes) -> None:
    with pytest.raises(BROKEN):
        frames.Push().cut(wrong)


def test_pages_are_cut_and_numbered() -> None:
    stream = ogg.Stream(serial=1).begin(ogg.head(), ogg.tags(vendor="test"))
    making = pages(250)
    data = stream + next(making) + next(making)
    cut, rest = frames.Ogg().cut(data + b"Og")
    assert (numbers(cut), rest) == ([None, None, (2, 2), (3, 3)], b"Og")


def test_a_page_with_a_wrong_byte_is_refused() -> None:
    page = bytearray(next(pages(320)))
    page[-1] ^= 1
    with pytest.raises(frames.Broken):
        frames.Ogg().cut(bytes(page))


def test_pages_last_as_long_as_they_should() -> None:
    making = pages(250)
    granules = [int.from_bytes(next(making)[6:14], "little") for _ in range(8)]
    assert granules[-1] == 8 * 250 * 48
    assert {b - a for a, b in pairwise(granules)} == {12 * 960, 13 * 960}


def test_the_floor_is_numbered_and_its_filling_checked() -> None:
    form = frames.Floor(20)
    frame = (7).to_bytes(8, "big") + b"x" * 12
    assert numbers(form.cut(frame + frame[:5])[0]) == [(7, 7)]
    with pytest.raises(frames.Broken):
        form.cut(frame[:-1] + b"y")


def test_the_programme_has_the_rate_of_the_settings() -> None:
    sound = programme.packets()
    assert 28_000 < sum(map(len, sound)) * 8 / (len(sound) * 0.02) < 36_000
