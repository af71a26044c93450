"""Letters: what the studio writes to people about their accounts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and text of one mail."""

    subject: str
    text: str


def invitation(*, by: str, link: str) -> Letter:
    """Somebody is invited to make an account."""
    who = f"{by} invites you" if by else "You are invited"
    return Letter(
        "Your invitation to Hustings",
        f"{who} to a Hustings studio, where live conversations are held and recorded.\n\n"
        f"Make your account here:\n\n  {link}\n\n"
        "The link works once, for two weeks. If you did not expect this, leave it.\n",
    )


def sign_up(link: str) -> Letter:
    """Somebody wants an account."""
    return Letter(
        "Make your Hustings account",
        "Somebody, most likely you, wants to make an account with this address.\n\n"
        f"Go on here:\n\n  {link}\n\n"
        "The link works once, for two weeks. If it was not you, leave it: no account is made.\n",
    )


def signed_up_before(*, sign_in: str, forgot: str) -> Letter:
    """Somebody wants an account and has one."""
    return Letter(
        "You have a Hustings account",
        "Somebody, most likely you, wants to make an account with this address. There is one "
        f"already.\n\nSign in:\n\n  {sign_in}\n\n"
        f"If you have forgotten the password:\n\n  {forgot}\n",
    )


def reset(link: str) -> Letter:
    """Somebody has forgotten their password."""
    return Letter(
        "Set a new password",
        "Somebody, most likely you, asked for a new password for this Hustings account.\n\n"
        f"Set it here:\n\n  {link}\n\n"
        "The link works once, for an hour. If it was not you, leave it: nothing changes.\n",
    )


def changed(*, what: str, forgot: str) -> Letter:
    """How an account signs in has changed."""
    return Letter(
        "Your account was changed",
        f"{what}\n\nIf it was you, all is well. If not, set a new password at once, which signs "
        f"everybody else out:\n\n  {forgot}\n",
    )
