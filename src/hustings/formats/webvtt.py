"""WebVTT (W3C): subtitles from a transcript, fit to be read. Pure.

A subtitle has at most two lines of 42 characters, stands for 1 to 7 s and long enough to be read at
17 characters a second where the next one leaves room, and ends with a sentence or at a pause of
0.8 s where it can (the measures of the BBC's and Netflix' guidelines). Wide characters (Chinese,
Japanese, Korean) count as two. Each names its speaker (`<v Ada>`) and its sentence (the identifier
in front of the time), so that players can colour and link them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from hustings.formats.transcript import Cue, Transcript

MIME: Final = "text/vtt; charset=utf-8"

LINE_CHARS: Final = 42
LINES: Final = 2
SHORTEST_MS: Final = 1_000
LONGEST_MS: Final = 7_000
PAUSE_MS: Final = 800
CHARS_PER_S: Final = 17

_ENDS: Final = (".", "?", "!", "…", "。", "？", "！", "؟")  # noqa: RUF001 - full-width ones are meant
_BREATHS: Final = (",", ";", ":", "–", "，", "、", "；", "：", "،")  # noqa: RUF001 - as above
_NEVER: Final = 1 << 62
_LAST_WORDS: Final = 0.6  # of a subtitle's room that is filled before a comma may end it


@dataclass(frozen=True, slots=True)
class _Unit:
    """A word with its place; `glued` ones follow without a space. `cue` is whose word it is."""

    at_ms: int
    end_ms: int
    text: str
    glued: bool
    cue: str
    ends: bool  # the sentence


@dataclass(slots=True)
class _Block:
    """A subtitle in the making."""

    units: list[_Unit] = field(default_factory=list)

    @property
    def at_ms(self) -> int:
        return self.units[0].at_ms

    @property
    def end_ms(self) -> int:
        return self.units[-1].end_ms

    def text(self, more: _Unit | None = None) -> str:
        return _joined([*self.units, more] if more else self.units)


def write(transcript: Transcript) -> str:
    """The subtitles of a transcript, in the order of time."""
    shown = []
    for seat, cues in groupby(sorted(transcript.cues, key=_seat), key=_seat):
        name = transcript.seats.get(seat) or seat
        blocks = list(_blocks(unit for cue in cues for unit in _units(cue)))
        shown += [(at, end, name, block) for at, end, block in _timed(blocks)]
    shown.sort(key=lambda one: (one[0], one[1]))
    out = ["WEBVTT\n"]
    counts: dict[str, int] = {}
    for at_ms, end_ms, name, block in shown:
        cue = block.units[0].cue
        counts[cue] = counts.get(cue, 0) + 1
        part = f".{counts[cue]}" if counts[cue] > 1 else ""
        lines = "\n".join(_escaped(line) for line in wrapped(block.text()))
        out.append(f"{cue}{part}\n{stamp(at_ms)} --> {stamp(end_ms)}\n<v {_name(name)}>{lines}\n")
    return "\n".join(out)


def stamp(ms: int) -> str:
    """A WebVTT timestamp."""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"


def width(text: str) -> int:
    """How many characters' room a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def wrapped(text: str) -> list[str]:
    """A subtitle's lines, of about one length where there are two."""
    if width(text) <= LINE_CHARS:
        return [text]
    places = [i for i, char in enumerate(text) if char == " "]
    places = places or [i for i in range(1, len(text)) if width(text[:i]) <= LINE_CHARS]
    fitting = [
        (abs(width(text[:i]) - width(text[i:])), i)
        for i in places
        if width(text[:i].rstrip()) <= LINE_CHARS and width(text[i:].strip()) <= LINE_CHARS
    ]
    at = min(fitting)[1] if fitting else max(i for i in places if width(text[:i]) <= LINE_CHARS)
    return [text[:at].rstrip(), text[at:].strip()]


def _seat(cue: Cue) -> str:
    return cue.seat


def _units(cue: Cue) -> Iterator[_Unit]:
    """The words of a sentence with their times: as they were heard, or, where the text was put
    right, spread over its time by their length."""
    text = " ".join(cue.text.split())
    if not text:
        return
    found = _found(cue, text) or list(_spread(cue, text))
    for i, (at_ms, end_ms, word, glued) in enumerate(found):
        for first, part in _short(word):
            ends = i == len(found) - 1 and word.endswith(part)
            yield _Unit(at_ms, max(at_ms, end_ms), part, glued or not first, cue.id, ends)


def _found(cue: Cue, text: str) -> list[tuple[int, int, str, bool]]:
    """Words as they stand in the text; nothing where they do not make it up."""
    out, at = [], 0
    for begin, end, word in cue.words:
        bare = word.strip()
        place = text.find(bare, at)
        if place < 0 or text[at:place].strip():
            return []
        out.append((begin, end, bare, place == at and at > 0))
        at = place + len(bare)
    return [] if text[at:].strip() else out


def _spread(cue: Cue, text: str) -> Iterator[tuple[int, int, str, bool]]:
    length, at = max(1, len(text)), 0
    for word in text.split(" "):
        begin = cue.at_ms + (cue.end_ms - cue.at_ms) * at // length
        at += len(word) + 1
        end = cue.at_ms + (cue.end_ms - cue.at_ms) * min(at, length) // length
        yield begin, end, word, False


def _short(word: str) -> Iterator[tuple[bool, str]]:
    """A word in pieces that fit a line: addresses, and languages without spaces."""
    first = True
    while word:
        size = len(word)
        while width(word[:size]) > LINE_CHARS:
            size -= 1
        yield first, word[:size]
        word, first = word[size:], False


def _blocks(units: Iterable[_Unit]) -> Iterator[_Block]:
    block = _Block()
    for unit in units:
        if block.units and _breaks(block, unit):
            yield block
            block = _Block()
        block.units.append(unit)
    if block.units:
        yield block


def _breaks(block: _Block, unit: _Unit) -> bool:
    """Whether a subtitle ends before a word."""
    last = block.units[-1]
    if unit.at_ms - last.end_ms >= PAUSE_MS or unit.end_ms - block.at_ms > LONGEST_MS:
        return True
    if not _fits(block.text(unit)):
        return True
    lasted = unit.at_ms - block.at_ms
    ends = last.ends or last.text.endswith(_ENDS)
    full = width(block.text()) >= LINE_CHARS * LINES * _LAST_WORDS
    return lasted >= SHORTEST_MS and (ends or (full and last.text.endswith(_BREATHS)))


def _fits(text: str) -> bool:
    return all(width(line) <= LINE_CHARS for line in wrapped(text))


def _timed(blocks: list[_Block]) -> Iterator[tuple[int, int, _Block]]:
    """When each stands: from its first word, until it can have been read."""
    nexts = [block.at_ms for block in blocks[1:]] + [_NEVER]
    for block, following in zip(blocks, nexts, strict=False):
        needed = max(SHORTEST_MS, width(block.text()) * 1000 // CHARS_PER_S)
        end_ms = max(block.end_ms, min(block.at_ms + needed, block.at_ms + LONGEST_MS))
        end_ms = max(min(end_ms, following), min(block.end_ms, following))
        yield block.at_ms, max(end_ms, block.at_ms + 1), block


def _joined(units: list[_Unit]) -> str:
    return "".join(unit.text if unit.glued else f" {unit.text}" for unit in units).strip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _name(name: str) -> str:
    """A speaker's name as the annotation of a voice span, which ends at `>` and at the line."""
    return _escaped(" ".join(name.split()))
