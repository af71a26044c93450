"""The reel's fold: what is in the log, and how it is listed, however it arrived there."""

from __future__ import annotations

import pytest

from hustings.errors import BadInput
from hustings.store import reel
from hustings.store.reel import Index, Pack, Piece, Reel, Run


def fold(text: str, *, first: int = 0) -> Reel:
    """A reel from a picture: L a live chunk, h hold sound, . nothing in the log."""
    made = Reel()
    for n, kind in enumerate(text, first):
        if kind != ".":
            assert made.add(n, live=kind == "L")
    return made


def listed(made: Reel, *, whole: bool = False, start: int = 0) -> str:
    """Its pieces as text: a segment as its number, a chunk as p and its number, | a new span, ! a
    gap."""
    return " ".join(
        ("|" if piece.opens else "")
        + (f"{piece.n // 6}" if piece.count == 6 else f"p{piece.n}")
        + ("!" if piece.gap else "")
        for piece in made.pieces(start, whole=whole)
    )


def test_numbers_that_do_not_rise_do_not_count() -> None:
    made = fold("LL")
    assert not made.add(1, live=True)
    assert not made.add(0, live=True)
    assert made.runs == [Run(0, 2, True)]


@pytest.mark.parametrize(
    ("text", "growing", "whole"),
    [
        ("", "", ""),
        ("hhhh", "", ""),
        ("LLLLL", "", "|p0 p1 p2 p3 p4"),
        ("LLLLLL", "|0", "|0"),
        ("LLLLLLL", "|0", "|0 p6"),
        # A span that begins within a segment begins with its chunks.
        ("hhLL", "|p2 p3", "|p2 p3"),
        ("hhLLLLLLLL", "|p2 p3 p4 p5", "|p2 p3 p4 p5 p6 p7 p8 p9"),
        # What the hold cuts off is listed as soon as that is known.
        ("LLLLLLLLh", "|0 p6 p7", "|0 p6 p7"),
        ("LLhhLLLL", "|p0 p1 |p4 p5", "|p0 p1 |p4 p5 p6 p7"),
        # A gap between live chunks is part of the span.
        ("LLL.LLL", "|0", "|0 p6"),
        ("LLLLLL......LLLLLL", "|0 1! 2", "|0 1! 2"),
        ("hLL.L", "|p1 p2 p3! p4", "|p1 p2 p3! p4"),
        # One that hold sound follows is not.
        ("LLLLLLLL....h", "|0 p6 p7", "|0 p6 p7"),
        ("LLLLLLLL....L", "|0 1", "|0 1 p12"),
    ],
)
def test_the_live_spans_are_listed(text: str, growing: str, whole: str) -> None:
    assert listed(fold(text)) == growing
    assert listed(fold(text), whole=True) == whole


def test_what_is_listed_once_is_listed_again_in_the_same_way() -> None:
    text = "hhhLLLLLLLLLLL...LLLLLL.............LLhhhhhLLLL.LLLLLLLhLhLLLLLLLLLLLLLL"
    grown: list[Piece] = []
    made = Reel()
    n = 0
    for at, kind in enumerate(text):
        if kind != ".":
            made.add(at, live=kind == "L")
        for piece in made.pieces(n, whole=False):
            grown.append(piece)
            n = piece.n + piece.count
    grown += made.pieces(n, whole=True)
    assert grown == list(made.pieces(0, whole=True))
    assert [p.n for p in grown] == sorted({p.n for p in grown})


def test_what_came_before_joins() -> None:
    text = "hhLLLL.LLLLhLLLLL"
    for cut in range(len(text)):
        made = fold(text[cut:], first=cut)
        made.prepend(fold(text[:cut]).runs)
        assert made.runs == fold(text).runs


def test_gaps_and_spans() -> None:
    made = fold("LL..LLhL")
    assert [made.logged(n) is None for n in range(9)] == [
        *(False, False, True, True, False, False, False, False, True)
    ]
    assert made.empty(2, 4)
    assert not made.empty(2, 5)
    assert made.empty(8, 20)
    assert made.live_only(0, 6)
    assert not made.live_only(0, 7)
    assert not made.live_only(6, 8)
    assert made.live_only(7, 8)
    assert made.before(5) == [Run(0, 2, True), Run(4, 5, True)]
    assert (made.first, made.newest, Reel().first, Reel().newest) == (0, 7, None, -1)


def test_index_and_packs_survive() -> None:
    pack = Pack(192, 10, "ab")
    index = Index(
        through=400,
        whole=True,
        runs=(Run(0, 190, False), Run(190, 194, True), Run(196, 400, True)),
        packs=(pack,),
    )
    assert reel.decode(reel.encode(index)) == index
    assert reel.numbers(index, pack) == [192, 193, *range(196, 384)]
    assert reel.unpack(reel.pack([b"one", b"two"])) == [b"one", b"two"]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"version":2,"through":0}', b"\xff"])
def test_what_is_no_index_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        reel.decode(data)


def test_an_index_of_another_version_is_refused() -> None:
    made = Index(version=2, through=0, whole=True, runs=(), packs=())
    with pytest.raises(BadInput, match="version"):
        reel.decode(reel.encode(made))


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x81\x01\x02", b"\x91\x01"])
def test_what_is_no_pack_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        reel.unpack(data)
