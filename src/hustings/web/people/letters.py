"""Letters: what the studio writes to people about their accounts, in their language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hustings.words import Words, mark

_INVITED: Final = mark(
    "You are invited to a Hustings studio, where live conversations are held and recorded."
)
_INVITED_BY: Final = mark(
    "{name} invites you to a Hustings studio, where live conversations are held and recorded."
)
_TWO_WEEKS: Final = mark(
    "The link works once, for two weeks. If you did not expect this, leave it."
)
_WANTED: Final = mark("Somebody, most likely you, wants to make an account with this address.")


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and text of one mail."""

    subject: str
    text: str


def invitation(reader: Words, *, by: str, link: str) -> Letter:
    """Somebody is invited to make an account."""
    return _letter(
        reader,
        mark("Your invitation to Hustings"),
        reader.text(_INVITED_BY).replace("{name}", by) if by else reader.text(_INVITED),
        mark("Make your account here:"),
        f"  {link}",
        _TWO_WEEKS,
    )


def sign_up(reader: Words, link: str) -> Letter:
    """Somebody wants an account."""
    return _letter(
        reader,
        mark("Make your Hustings account"),
        _WANTED,
        mark("Go on here:"),
        f"  {link}",
        mark(
            "The link works once, for two weeks. If it was not you, leave it: no account is made."
        ),
    )


def signed_up_before(reader: Words, *, sign_in: str, forgot: str) -> Letter:
    """Somebody wants an account and has one."""
    return _letter(
        reader,
        mark("You have a Hustings account"),
        _WANTED,
        mark("There is one already. Sign in:"),
        f"  {sign_in}",
        mark("If you have forgotten the password:"),
        f"  {forgot}",
    )


def reset(reader: Words, link: str) -> Letter:
    """Somebody has forgotten their password."""
    return _letter(
        reader,
        mark("Set a new password"),
        mark("Somebody, most likely you, asked for a new password for this Hustings account."),
        mark("Set it here:"),
        f"  {link}",
        mark("The link works once, for an hour. If it was not you, leave it: nothing changes."),
    )


def new_password(reader: Words, *, forgot: str) -> Letter:
    """An account has a new password."""
    return _letter(
        reader,
        mark("Your Hustings account has a new password"),
        mark("A new password was set for your account. Every other browser was signed out."),
        mark("If it was not you, set another one at once:"),
        f"  {forgot}",
    )


def new_way_in(reader: Words, *, what: str, forgot: str, account: str) -> Letter:
    """An account can be signed in to in another way; `what` is a sentence in English."""
    return _letter(
        reader,
        mark("Another way to sign in to your Hustings account"),
        reader.sentence(what),
        mark("If it was not you, set a new password at once, which signs every browser out:"),
        f"  {forgot}",
        mark("Then sign in, and take what was added off your account:"),
        f"  {account}",
    )


def _letter(reader: Words, subject: str, *parts: str) -> Letter:
    """Its parts in the reader's language, with an empty line between them."""
    text = "\n\n".join(reader.text(part) for part in parts)
    return Letter(reader.text(subject), f"{text}\n")
