"""A refusal: why a command cannot be carried out now, in words that a host understands.

Also the checks that many rules share: of a text, a name, a reason, an id, a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hustings import limits

_ID: Final = re.compile(r"[a-z0-9]{4,32}")
_PERSON: Final = re.compile(r"[ag]-[a-z0-9]{1,22}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The command cannot be carried out now. `reason` is a sentence; `code` is stable.

    Codes: `status` (not in this status), `role` (the asker may not), `seat` (no such seat, or it is
    taken), `value` (a value is out of bounds), `done` (it is so already), `missing` (no such hand,
    poll or the like), `full` (there are as many as there may be), `shut` (hands are not taken now),
    `blocked` (this person is blocked from the space), `stale` (it was asked of what is not so any
    more).
    """

    code: str
    reason: str


def text(value: str, what: str, *, chars: int, chars_min: int = 1) -> str | Refusal:
    """`value` without spaces around it; `what` begins the sentence: "A title"."""
    value = value.strip()
    if not chars_min <= len(value) <= chars:
        span = f"{chars_min} to" if chars_min else "at most"
        return Refusal("value", f"{what} has {span} {chars} characters.")
    if _CONTROL.search(value):
        return Refusal("value", f"{what} has no control characters.")
    return value


def name(value: str) -> str | Refusal:
    """A person's name."""
    return text(value, "A name", chars=limits.NAME_CHARS)


def reason(value: str) -> str | Refusal:
    """Why something is done; may be empty."""
    return text(value, "A reason", chars=limits.REASON_CHARS, chars_min=0)


def bad_id(value: str, what: str) -> Refusal | None:
    """None if `value` can be an id within a space."""
    if _ID.fullmatch(value):
        return None
    return Refusal("value", f"The id of {what} has 4 to 32 characters of a-z and 0-9.")


def bad_person(value: str) -> Refusal | None:
    """None if `value` can be a person: `a-<account id>`, `g-<id of a guest>`."""
    if _PERSON.fullmatch(value) and len(value) <= limits.PERSON_CHARS:
        return None
    return Refusal("value", "A person is written a-… or g-….")
