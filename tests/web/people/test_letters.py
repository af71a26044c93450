"""Letters: every one in both languages, whole, with its link on a line of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hustings import words
from hustings.web.people import letters
from hustings.web.people.letters import Letter
from hustings.words import Words

LINK = "https://studio.example/x"
MADE: tuple[Callable[[Words], Letter], ...] = (
    lambda reader: letters.invitation(reader, by="", link=LINK),
    lambda reader: letters.invitation(reader, by="Hanna {name}", link=LINK),
    lambda reader: letters.sign_up(reader, LINK),
    lambda reader: letters.signed_up_before(reader, sign_in=LINK, forgot=LINK),
    lambda reader: letters.reset(reader, LINK),
    lambda reader: letters.new_password(reader, forgot=LINK),
    lambda reader: letters.new_way_in(
        reader, what="The passkey “my telephone” was added to it.", forgot=LINK, account=LINK
    ),
)


@pytest.mark.parametrize("number", range(len(MADE)))
def test_in_both_languages(number: int) -> None:
    english, german = (MADE[number](words.load(tag)) for tag in ("en", "de"))
    assert english.subject != german.subject
    there, here = (letter.text.split("\n\n") for letter in (english, german))
    assert len(there) == len(here)
    for one, other in zip(there, here, strict=True):
        assert (one == other) == (LINK in one), one
    assert f"\n  {LINK}\n" in german.text
    assert german.text.endswith("\n")


def test_whoever_invites_is_named() -> None:
    german = letters.invitation(words.load("de"), by="Hanna {name}", link=LINK)
    assert german.text.startswith("Hanna {name} lädt Sie in ein Hustings-Studio ein")
    what = "The passkey “my telephone” was added to it."
    passkey = letters.new_way_in(words.load("de"), what=what, forgot=LINK, account=LINK)
    assert passkey.text.startswith("Der Passkey „my telephone“ kam hinzu.")
