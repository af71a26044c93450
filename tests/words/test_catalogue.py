"""The catalogues hold every text there is, and each language all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hustings import words
from tests.words import __main__ as program
from tests.words import extract

LANGUAGES = sorted(words.FOLDER.glob("*.po"))


def test_there_is_another_language() -> None:
    assert [path.stem for path in LANGUAGES] == ["de"]
    assert words.languages() == ("en", "de")
    assert words.load("de").name == "Deutsch"


def test_the_template_is_up_to_date(tmp_path: Path) -> None:
    program.write(tmp_path / "hustings.pot", extract.catalogue())
    made, kept = (folder / "hustings.pot" for folder in (tmp_path, words.FOLDER))
    assert kept.read_text() == made.read_text(), "run: python -m tests.words"


def test_whoever_marks_texts_is_heard() -> None:
    """A text that is marked in a file that is not looked at would stay English for ever."""
    asking = re.compile(r"^from hustings\.words import .*\bmark\b", re.MULTILINE)
    speaking = [extract.PACKAGE / station for station in extract.SPEAKING]
    for path in sorted(extract.PACKAGE.rglob("*.py")):
        if asking.search(path.read_text()):
            assert any(path.is_relative_to(station) for station in speaking), path


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_a_language_is_complete(path: Path) -> None:
    language = program.read(path)
    wanted = set(extract.everything())
    there = {
        extract.Text(one.id) if isinstance(one.id, str) else extract.Text(*one.id)
        for one in language
        if one.id and program.whole(one.string)
    }
    assert not wanted - there, "not translated"
    assert not there - wanted, "not used any more; run: python -m tests.words"
    assert not [one.id for one in language if one.fuzzy and one.id]
    assert path.with_suffix(".json").read_text() == program.packed(language)
