"""The transcript as JSON and as text."""

from __future__ import annotations

import pytest

from hustings.errors import BadInput
from hustings.formats import transcript as transcripts
from hustings.formats.transcript import Cue, Transcript

MADE = Transcript(
    language="en",
    engine="whisper-base",
    seats={"a": "Ada", "b": "Bo"},
    cues=(
        Cue(
            id="c1", at_ms=0, end_ms=900, seat="a", text="Good evening.", words=((0, 900, "Good"),)
        ),
        Cue(id="c2", at_ms=950, end_ms=2_000, seat="a", text=" Welcome \n to all."),
        Cue(id="c3", at_ms=3_723_000, end_ms=3_724_000, seat="b", text="Thanks."),
        Cue(id="c4", at_ms=3_725_000, end_ms=3_726_000, seat="b", text=""),
        Cue(id="c5", at_ms=3_727_000, end_ms=3_728_000, seat="x", text="Hm."),
    ),
)


def test_there_and_back() -> None:
    assert transcripts.decode(transcripts.encode(MADE)) == MADE
    assert b'"words":[[0,900,"Good"]]' in transcripts.encode(MADE)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"version":2}', b'{"cues":[{"id":1}]}'])
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(BadInput, match="transcript"):
        transcripts.decode(data)


def test_as_text_turn_by_turn() -> None:
    assert transcripts.plain(MADE) == (
        "Ada (0:00)\nGood evening. Welcome to all.\n\nBo (1:02:03)\nThanks.\n\nx (1:02:07)\nHm.\n"
    )
    assert transcripts.plain(Transcript()) == ""
