"""The wire form of what the crowd writes."""

from __future__ import annotations

import pytest

from hustings import limits, talk
from hustings.errors import BadInput

PIECES: list[talk.Piece] = [
    talk.Said(id="m1", person="g-eve", name="Eve", text="Hello ✓", role="listener", at_ms=5),
    talk.Asked(id="q1", person="a-ben", name="Ben", text="Why?", at_ms=6),
    talk.Voted(votes={"poll1": {"0f": [1, 2]}, talk.ballot("q1"): {"0f": [0], "ff": []}}),
]


def test_an_entry_survives_the_journey() -> None:
    assert talk.decode(talk.encode(PIECES)) == PIECES
    assert talk.decode(talk.encode([])) == []
    assert (
        talk.encode(PIECES[:1])
        == (
            '[{"type":"said","id":"m1","person":"g-eve","name":"Eve","text":"Hello ✓",'
            '"role":"listener","at_ms":5}]'
        ).encode()
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b'[{"type":"shouted"}]',
        b'[{"type":"asked","id":"q1"}]',
        b'[{"type":"voted","votes":{"poll1":{"0f":["a"]}}}]',
        b"[" + b",".join([b'{"type":"voted","votes":{}}'] * (limits.TALK_BATCH_COUNT + 1)) + b"]",
    ],
)
def test_what_is_no_entry_is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput, match="talk"):
        talk.decode(data)


def test_what_a_later_version_adds_is_passed_over() -> None:
    [piece] = talk.decode(b'[{"type":"asked","id":"q","person":"p","name":"N","text":"T","at_ms":1,'
                          b'"mood":"kind"}]')  # fmt: skip
    assert piece == talk.Asked(id="q", person="p", name="N", text="T", at_ms=1)
