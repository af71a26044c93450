"""One line that somebody typed, made fit to stand beside what others typed: names and titles.

Out goes what nobody sees and what reaches beyond the line: marks that turn the direction of writing
("Trojan Source", CVE-2021-42574), characters of no width, blanks that are letters to Unicode, piles
of accents. What scripts need stays: joiners inside Arabic, Indic and emoji words (after RFC 5892,
appendix A), and as many marks on one letter as languages have. Letters that look like others are
not this module's matter. Pure.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from hustings import limits

_JOINERS: Final = "\u200c\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_VIRAMA: Final = 9  # canonical combining class: joins the consonants of Indic scripts
# Letters, marks and symbols that show nothing: Hangul and Khmer fillers, the grapheme joiner,
# Mongolian selectors, the empty Braille pattern.
_BLANK: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
)


def line(text: str) -> str:
    """`text` on one line, with single spaces and nothing that hides or reorders; perhaps ""."""
    kept: list[str] = []
    marks = 0
    for character in _composed(" ".join(text.split())):
        before = kept[-1] if kept else " "
        if not _shows(character, before):
            continue
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= limits.MARKS_COUNT and not (marks and before == " "):
            kept.append(character)
    return " ".join("".join(kept).rstrip(_JOINERS).split())


def _composed(text: str) -> str:
    # The few letters that the normal form takes apart stay whole: no line outgrows its bound.
    normal = unicodedata.normalize("NFC", text)
    return normal if len(normal) <= len(text) else text


def _shows(character: str, before: str) -> bool:
    if character in _JOINERS:
        return (
            unicodedata.bidirectional(before) == "AL"
            or unicodedata.combining(before) == _VIRAMA
            or _pictures(before)
        )
    if character == _EMOJI_STYLE:
        return _pictures(before)
    if 0xFE00 <= ord(character) <= 0xFE0E or 0xE0100 <= ord(character) <= 0xE01EF:
        return False
    return character not in _BLANK and unicodedata.category(character) not in ("Cf", "Co", "Cs")


def _pictures(character: str) -> bool:
    """Whether it is an emoji, its colour of skin, or the sign that it is one."""
    return unicodedata.category(character) in ("So", "Sk", "Sm") or character == _EMOJI_STYLE
