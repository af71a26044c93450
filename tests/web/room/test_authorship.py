"""Ids that show whose they are."""

from __future__ import annotations

import re

from hustings.web.room import authorship


def test_an_id_shows_its_author_and_nobody_else() -> None:
    made = authorship.identifier("space", "g-a", key=b"k")
    assert re.fullmatch("[a-z0-9]{16}", made)
    assert authorship.wrote(made, "space", "g-a", key=b"k")
    assert not authorship.wrote(made, "space", "g-b", key=b"k")
    assert not authorship.wrote(made, "other", "g-a", key=b"k")
    assert not authorship.wrote(made, "space", "g-a", key=b"other")
    assert not authorship.wrote(made[:12], "space", "g-a", key=b"k")
