"""Who reads an answer: in which language. Chosen anew for each request, as nothing is kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hustings import words
from hustings.words import Words

if TYPE_CHECKING:
    from hustings.edge.head import Request

# What depends on the reader's language is packed or not as well.
VARY: Final = ("Vary", "Accept-Encoding, Accept-Language")


def reader(request: Request) -> Words:
    """The language asked for by `?lang=`, else the one that the browser would like best."""
    accepted = request.headers.get("accept-language", "")
    return words.load(words.choose(accepted, wanted=request.query.get("lang", "")))
