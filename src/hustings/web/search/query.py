"""What somebody looks for, and where it stands in a text. Pure.

A text is compared as its words: without accents and capitals, in every script and on every database
alike (NFKD, Unicode section 3.13 for case folding). Scripts without blanks between words are taken
letter by letter. What a visitor writes is only ever looked for: of its signs nothing but quotation
marks means anything, and none of them reaches a database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hustings import limits

# Scripts that put no blanks between words: kana, Han, Thai, Lao, Khmer, Myanmar.
_LETTERED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
_QUOTES: Final = re.compile('["\u201c\u201d\u201e\u00ab\u00bb]')
_PREFIX_CHARS: Final = 2  # of one letter everything begins with something
_ROOM: Final = 60  # letters in front of what was found, in an excerpt


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared, and where it stands in its text."""

    folded: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; `open`: the last may be the beginning of a longer one."""

    words: tuple[str, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All of its terms have to be found. Without any, nothing is."""

    terms: tuple[Term, ...]

    @classmethod
    def of(cls, text: str) -> Query:
        """Read what was typed: words, "several words" in quotation marks; the last is unfinished
        unless a blank or a mark follows it."""
        terms: list[Term] = []
        room = limits.QUERY_WORDS_COUNT
        for number, part in enumerate(_QUOTES.split(text[: limits.QUERY_CHARS])):
            for chunk in [part] if number % 2 else part.split():
                found = tuple(word.folded for word in words(chunk))[:room]
                room -= len(found)
                if found:
                    terms.append(Term(found))
        last = terms[-1].words[-1] if terms else ""
        whole = not last or _LETTERED.match(last) or len(last) < _PREFIX_CHARS
        if not whole and text[-1:].isalnum():
            terms[-1] = Term(terms[-1].words, open=True)
        return cls(tuple(terms))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def for_fts5(self) -> str:
        """As an expression of FTS5 (its section 3): strings and nothing else."""
        return " AND ".join(
            f'"{" ".join(term.words)}"{"*" if term.open else ""}' for term in self.terms
        )

    def for_tsquery(self) -> str:
        """As an expression of PostgreSQL's to_tsquery (its section 12.3.2)."""
        return " & ".join(_lexemes(term) for term in self.terms)

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where its terms stand in a text: from and to, in order, none within another."""
        there = list(words(text))
        folded = [word.folded for word in there]
        spans: list[tuple[int, int]] = []
        at = 0
        while at < len(there):
            length = max((_matches(term, folded, at) for term in self.terms), default=0)
            if length:
                spans.append((there[at].start, there[at + length - 1].end))
            at += length or 1
        return spans

    def excerpt(self, text: str) -> str:
        """The part of a long text in which its first term stands."""
        flat = " ".join(text.split())
        if len(flat) <= limits.SEARCH_EXCERPT_CHARS:
            return flat
        places = self.places(flat)
        start = max(0, places[0][0] - _ROOM) if places else 0
        if start:
            start = flat.find(" ", start, start + _ROOM) + 1 or start
        end = start + limits.SEARCH_EXCERPT_CHARS - 2
        if end < len(flat):
            end = max(flat.rfind(" ", end - _ROOM, end), end - _ROOM)
        before, after = "…" if start else "", "…" if end < len(flat) else ""
        return f"{before}{flat[start:end].strip()}{after}"


def words(text: str) -> Iterator[Word]:
    """The words of a text."""
    start = -1
    for at, letter in enumerate(f"{text} "):
        if _LETTERED.match(letter):
            yield from _word(text, start, at)
            yield from _word(text, at, at + 1)
            start = -1
        elif unicodedata.category(letter)[0] in "LNM":
            start = at if start < 0 else start
        else:
            yield from _word(text, start, at)
            start = -1


def looked_for(text: str) -> str:
    """A text as it is kept to be found."""
    return " ".join(word.folded for word in words(text))


def _word(text: str, start: int, end: int) -> Iterator[Word]:
    if start >= 0 and (folded := _folded(text[start:end])):
        yield Word(folded, start, end)


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LN")


def _lexemes(term: Term) -> str:
    last = len(term.words) - 1
    quoted = (f"'{word}'{':*' if term.open and n == last else ''}" for n, word in
              enumerate(term.words))  # fmt: skip
    return f"({' <-> '.join(quoted)})"


def _matches(term: Term, there: list[str], at: int) -> int:
    """How many words the term takes up at this place; 0: it does not stand here."""
    length = len(term.words)
    found = there[at : at + length]
    if len(found) < length or found[:-1] != list(term.words[:-1]):
        return 0
    last = term.words[-1]
    return length if found[-1] == last or (term.open and found[-1].startswith(last)) else 0
