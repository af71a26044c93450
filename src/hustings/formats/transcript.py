"""The transcript: what was said, sentence by sentence, as JSON and as text. Pure.

`transcript.json` is this structure; `webvtt.py` makes subtitles of it. Times are milliseconds on
the clock of the replay that it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hustings.errors import BadInput

VERSION = 1
PLAIN_MIME = "text/plain; charset=utf-8"


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence: who said it, when, and its words (begin, end, word). Of a text that somebody has
    put right they may be others."""

    id: str
    at_ms: int
    end_ms: int
    seat: str
    text: str
    words: tuple[tuple[int, int, str], ...] = ()


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """All that was said. `seats` are names by seat; `language` is a BCP 47 tag."""

    version: int = VERSION
    language: str = ""
    engine: str = ""
    seats: Mapping[str, str] = {}
    cues: tuple[Cue, ...] = ()


def encode(transcript: Transcript) -> bytes:
    """The transcript as it lies in the store (JSON)."""
    return _encoder.encode(transcript)


def decode(data: bytes) -> Transcript:
    """The transcript in `data`; `BadInput` when it is not one."""
    try:
        transcript = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BadInput("transcript", expected="a transcript (JSON)", got=str(error)) from error
    if transcript.version != VERSION:
        raise BadInput("transcript", expected=f"version {VERSION}", got=str(transcript.version))
    return transcript


def plain(transcript: Transcript) -> str:
    """The transcript to read: a paragraph for each turn, with the name and when it begins."""
    turns: list[tuple[Cue, list[str]]] = []
    for cue in transcript.cues:
        text = " ".join(cue.text.split())
        if not text:
            continue
        if turns and turns[-1][0].seat == cue.seat:
            turns[-1][1].append(text)
        else:
            turns.append((cue, [text]))
    return "\n".join(
        f"{transcript.seats.get(first.seat) or first.seat} ({clock(first.at_ms)})\n"
        f"{' '.join(sentences)}\n"
        for first, sentences in turns
    )


def clock(ms: int) -> str:
    """A position as people write it: 0:07, 12:30, 1:02:03."""
    hours, rest = divmod(ms // 1000, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Transcript)
