"""Choosing a language, and finding a made sentence again."""

from __future__ import annotations

import re

import pytest

from hustings import words
from hustings.words import Words


def made(texts: dict[str, str], **counts: tuple[str, str]) -> Words:
    patterns = tuple((words._pattern(one), other) for one, other in texts.items() if "{0}" in one)
    return Words(language="xx", name="X", texts=texts, counts=counts, patterns=patterns)


@pytest.mark.parametrize(
    ("accepted", "wanted", "chosen"),
    [
        ("", "", "en"),
        ("de", "", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "", "en"),
        ("fr,de;q=0.5,en;q=0.4", "", "de"),
        ("fr", "", "en"),
        ("de;q=0", "", "en"),
        ("de;q=high", "", "en"),
        ("*", "", "en"),
        ("../../etc,de", "", "de"),
        ("en", "de", "de"),
        ("de", "xx", "de"),
        (",;,=" * 1000, "", "en"),
    ],
)
def test_choice(accepted: str, wanted: str, chosen: str) -> None:
    assert words.choose(accepted, wanted=wanted) == chosen


def test_sentences_are_found_with_their_values() -> None:
    language = made({
        "A title has 1 to {0} characters.": "Ein Titel hat 1 bis {0} Zeichen.",
        "{0} is {1} now.": "Jetzt ist {1}: {0}.",
        "live": "auf Sendung",
        "Plain.": "Schlicht.",
    })  # fmt: skip
    assert (
        language.sentence("A title has 1 to 120 characters.") == "Ein Titel hat 1 bis 120 Zeichen."
    )
    assert language.sentence("It is live now.") == "Jetzt ist auf Sendung: It."
    assert language.sentence("Plain.") == "Schlicht."
    assert language.sentence("Unknown to all.") == "Unknown to all."
    assert language.sentence("") == ""


def test_scripts_are_translated_where_they_say_t() -> None:
    language = made({'Say "hi"': 'Sag „hallo"', "Ask": "Fragen"}, **{"{n} vote": ("a", "b")})
    source = (
        'set(t("Say \\"hi\\""), t(\n  "Ask", {a}), sat("Ask"), tn("{n} vote", "{n} votes", n));'
    )
    out = language.script(source)
    assert out == 'set(t("Sag „hallo\\""), t("Fragen", {a}), sat("Ask"), tn("a", "b", n));'
    assert words.load("en").script(source) == source


def test_markup() -> None:
    assert made({"Go live": "Live gehen"}).markup("<b>{{t:Go\n live}}</b>{{title}}") == (
        "<b>Live gehen</b>{{title}}"
    )
    made_of = '<html lang="{{language}}" dir="{{direction}}">'
    assert words.load("de").markup(made_of) == '<html lang="de" dir="ltr">'
    assert Words(language="ar", name="").markup(made_of) == '<html lang="ar" dir="rtl">'


def test_a_text_without_values_needs_no_call() -> None:
    source = 'a(t("Ask"), t(\n  "Say \\"hi\\""\n), t("{n} s", {n}), sat("Ask"));'
    assert words.plain(source) == 'a("Ask", "Say \\"hi\\"", t("{n} s", {n}), sat("Ask"));'


def test_values_of_sentences_may_have_names_and_another_order() -> None:
    german = words.load("de")
    assert german.sentence("This is too long: at most 80 characters.") == (
        "Das ist zu lang: höchstens 80 Zeichen."
    )
    assert german.sentence("This is not possible while the space is live.") == (
        "Das ist nicht möglich, solange das Gespräch in diesem Zustand ist: live."
    )
    # What people wrote is theirs: only whole sentences of the catalogue are known again.
    assert german.sentence("Ada: live of course") == "Ada: live of course"


def test_every_value_stands_in_the_translation_too() -> None:
    value = re.compile(r"\{\w*\}|%\(\w+\)s")
    for tag in words.languages()[1:]:
        language = words.load(tag)
        for one, other in language.texts.items():
            assert sorted(value.findall(one)) == sorted(value.findall(other)), (one, other)
        for one, forms in language.counts.items():
            for form in forms[1:]:
                assert set(value.findall(form)) >= set(value.findall(one)) - {"{n}", "%(num)s"}
