"""What is looked for: in every script, with every sign, and where it stands in a text."""

from __future__ import annotations

import sqlite3
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.web.search.query import Query, Term, looked_for, words


def terms(text: str) -> list[str]:
    return [" ".join(term.words) + ("*" if term.open else "") for term in Query.of(text).terms]


def marked(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in Query.of(query).places(text)]


def test_what_is_typed() -> None:
    assert terms("") == []
    assert terms("  \0 \ud800 - ** ") == []
    assert terms("the river") == ["the", "river*"]
    assert terms("the river ") == ["the", "river"]
    assert terms('who "owns the" river!') == ["who", "owns the", "river"]
    assert terms('"owns the river"') == ["owns the river"]
    assert terms("“owns the” x") == ["owns the", "x"]
    assert terms("don't well-known") == ["don t", "well known*"]
    assert terms("談話室") == ["談 話 室"]
    assert terms("Fluß ŒUVRE Ångström") == ["fluss", "œuvre", "angstrom*"]
    assert len(Query.of("word " * 90).terms) == limits.QUERY_WORDS_COUNT


def test_where_it_stands() -> None:
    text = "The well-known Über-River, and the RIVERSIDE; ﬁsh in the rivér."
    assert marked("river", text) == ["River", "RIVERSIDE", "rivér"]
    assert marked("river ", text) == ["River", "rivér"]
    assert marked('"the well known" fish', text) == ["The well-known", "ﬁsh"]
    assert marked("uber", text) == ["Über"]
    assert marked("話", "談話室") == ["話"]
    assert marked("nothing", text) == []


def test_the_part_in_which_it_stands() -> None:
    text = "before " * 100 + "the bridge " + "after " * 100
    found = Query.of("bridge").excerpt(text)
    assert len(found) <= limits.SEARCH_EXCERPT_CHARS
    assert "bridge" in found
    assert found.startswith("…before")
    assert found.endswith("after…")
    assert Query.of("x").excerpt("  a\n\n b ") == "a b"


@given(st.text(max_size=120))
def test_no_sign_means_anything_to_the_database(text: str) -> None:
    query = Query.of(text)
    kept = looked_for(text)
    assert all(word.folded and text[word.start : word.end] for word in words(text))
    places = query.places(text)
    assert all(a < b <= c for (a, b), (c, _) in pairwise(places))
    if not query:
        return
    database = sqlite3.connect(":memory:")
    database.execute('CREATE VIRTUAL TABLE f USING fts5(w, tokenize="unicode61")')
    database.execute("INSERT INTO f VALUES (?)", (kept,))
    found = database.execute("SELECT count(*) FROM f WHERE f MATCH ?", (query.for_fts5(),))
    assert found.fetchone() == (1,)
    database.close()


def test_as_an_expression_of_postgresql() -> None:
    query = Query((Term(("a", "b")), Term(("c",), open=True)))
    assert query.for_tsquery() == "('a' <-> 'b') & ('c':*)"
    assert query.for_fts5() == '"a b" AND "c"*'
