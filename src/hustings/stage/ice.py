"""ICE-lite: the connectivity checks of a full agent, verified and answered (RFC 8445, RFC 8489).

A lite agent only ever answers. A check proves that its sender knows our password and can receive at
the address it sent from; sound and handshakes are accepted from such addresses only. Whatever is
not a correct check for one of our user fragments gets no answer at all, so that nobody learns
anything here and nobody is flooded through us.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from dataclasses import dataclass
from typing import Final

from aioice import stun

from hustings import limits
from hustings.errors import BadInput

_BINDING_REQUEST: Final = b"\x00\x01"
_COOKIE: Final = stun.COOKIE.to_bytes(4, "big")
_EXPECTED: Final = "a STUN binding request with short-term credentials and a fingerprint"


@dataclass(frozen=True, slots=True)
class Credentials:
    """User fragment and password of one side of one session."""

    ufrag: str
    pwd: str


@dataclass(frozen=True, slots=True)
class IceSession:
    """What checks are verified by, from the offer or a restart to the next restart.

    `theirs` is the speaker's user fragment; `tag` names it (the entity tag of RFC 9725).
    """

    ours: Credentials
    theirs: str
    tag: str


@dataclass(frozen=True, slots=True)
class Check:
    """A binding request that is well formed, and not yet verified.

    `ours` and `theirs` are the user fragments in its USERNAME; `nominates` is USE-CANDIDATE;
    `controlled` says that the sender believes we are the controlling side.
    """

    ours: str
    theirs: str
    nominates: bool
    controlled: bool
    message: stun.Message


def fresh_credentials() -> Credentials:
    """New credentials: 32 bits of user fragment, 128 bits of password (RFC 8445 section 5.3)."""
    return Credentials(secrets.token_hex(4), secrets.token_hex(16))


def fresh_session(theirs: str) -> IceSession:
    """A new ICE session with a speaker whose user fragment is `theirs`."""
    return IceSession(fresh_credentials(), theirs, secrets.token_hex(8))


def parse(data: bytes) -> Check:
    """The check in a datagram, or `BadInput`."""
    if data[:2] != _BINDING_REQUEST or data[4:8] != _COOKIE or len(data) > limits.STUN_BYTES:
        raise BadInput("STUN message", expected=_EXPECTED)
    try:
        message = stun.parse_message(data)
    except (ValueError, struct.error) as error:
        raise BadInput("STUN message", expected=_EXPECTED, got=str(error)) from error
    attributes = message.attributes
    ours, colon, theirs = attributes.get("USERNAME", "").partition(":")
    if not colon or "MESSAGE-INTEGRITY" not in attributes or "FINGERPRINT" not in attributes:
        raise BadInput("STUN message", expected=_EXPECTED)
    return Check(
        ours,
        theirs,
        "USE-CANDIDATE" in attributes,
        "ICE-CONTROLLED" in attributes,
        message,
    )


def verified(check: Check, *, ours: Credentials, theirs: str) -> bool:
    """Whether the check was made with our password by whoever sent the user fragment `theirs`."""
    return (
        hmac.compare_digest(check.ours.encode(), ours.ufrag.encode())
        and hmac.compare_digest(check.theirs.encode(), theirs.encode())
        and bool(check.message.check_message_integrity(ours.pwd.encode()))
    )


def response(check: Check, *, address: tuple[str, int], ours: Credentials) -> bytes:
    """The answer to a verified check that came from `address`.

    To somebody who takes us for the controlling side it is 487 Role Conflict: a lite agent cannot
    change its role (RFC 8445 section 7.3.1.1, with the smallest possible tie-breaker).
    """
    kind = stun.Class.ERROR if check.controlled else stun.Class.RESPONSE
    message = stun.Message(stun.Method.BINDING, kind, check.message.transaction_id)
    if check.controlled:
        message.attributes["ERROR-CODE"] = (487, "Role Conflict")
    else:
        message.attributes["XOR-MAPPED-ADDRESS"] = address
    message.add_message_integrity(ours.pwd.encode())
    return bytes(message)
