"""The ticket: a signed right in one space, checked by gate and edge without any database.

A JSON Web Token (RFC 7519) signed with Ed25519 (RFC 8037). `web` holds the private key; every other
role holds the public one, so a machine that only serves listeners cannot make a ticket. Pure: `now`
is passed in, and the library's own look at the clock is switched off.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import jwt
import msgspec

from hustings import limits
from hustings.errors import BadInput

ALGORITHM: Final = "EdDSA"
ISSUER: Final = "hustings"


class Scope(StrEnum):
    """What a ticket allows."""

    SPEAK = "speak"
    LISTEN = "listen"
    TALK = "talk"  # to write and to raise a hand, as `person`
    REPLAY = "replay"  # to fetch the files of a recording, as long as `link` is in the store
    INVITE = "invite"  # to be given a ticket to listen: what a private space's link holds


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A right in a space: who (`seat`, `name`, `role`), what (`scope`), until when (`exp`).

    `exp` is in seconds of Unix time, as RFC 7519 section 4.1.4 has it. `role` is one of
    `space.Role`'s values for speakers and empty for listeners. `person` is who talks: `a-<account
    id>`, or `g-<16 of a-z0-9>` for a guest with a name. `sign_in` is the SHA-256 of the sign-in's
    token that a ticket to talk ends with, empty for a guest. `link` is the id of a link to a
    recording, which can be ended (`store.links`).
    """

    space: str
    seat: str
    name: str
    role: str
    scope: Scope
    exp: int
    person: str = ""
    sign_in: str = ""
    link: str = ""
    iss: str = ISSUER


def sign(ticket: Ticket, *, private_key: bytes) -> str:
    """The ticket as a compact token. `private_key` is a PEM (PKCS #8) Ed25519 key."""
    return jwt.encode(msgspec.to_builtins(ticket), private_key, algorithm=ALGORITHM)


def verify(token: str, *, public_key: bytes, now: float) -> Ticket:
    """The ticket in `token`; `BadInput` if it is malformed, not ours, or expired at `now`."""
    if len(token) > limits.TICKET_BYTES:
        raise BadInput("ticket", expected=f"at most {limits.TICKET_BYTES} bytes")
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        ticket = msgspec.convert(claims, Ticket)
    except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
        raise BadInput("ticket", expected="a ticket signed by this studio") from error
    if ticket.exp <= now:
        raise BadInput("ticket", expected="one that has not expired")
    return ticket
