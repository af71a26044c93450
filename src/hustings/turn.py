"""TURN: addresses of relays that the operator runs, and rights to use them for some hours.

Pure. The credentials are coturn's REST scheme (draft-uberti-behave-turn-rest): the user's name
begins with the second in which it expires, the password is its HMAC-SHA1 under a secret that
Hustings and the TURN server share. Nothing is stored, and a seat that leaks its credentials leaks
hours of a relay.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hustings.errors import BadInput

_EXPECTED: Final = "turn:host, turns:host, with :port and ?transport=udp or tcp if needed"
# RFC 7065 section 3.1, with a host name, an IPv4 address, or an IPv6 address in brackets.
_URI: Final = re.compile(
    r"(turns?):([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?"
)
_PORTS: Final = {"turn": 3478, "turns": 5349}


@dataclass(frozen=True, slots=True)
class Server:
    """A TURN server's address (RFC 7065). `secure`: TLS on TCP, DTLS on UDP."""

    host: str
    port: int
    transport: str
    secure: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says to a TURN server (RFC 8489 section 9.2)."""

    username: str
    password: str


def parse(uri: str) -> Server:
    """The server of a `turn:` or `turns:` URI, or `BadInput`."""
    found = _URI.fullmatch(uri)
    if found is None or int(found[3] or 1) not in range(1, 65_536):
        raise BadInput("TURN address", expected=_EXPECTED, got=repr(uri[:80]))
    secure = found[1] == "turns"
    usual = "tcp" if secure else "udp"
    port = int(found[3] or _PORTS[found[1]])
    return Server(found[2].strip("[]"), port, found[4] or usual, secure)


def credentials(secret: str, *, seat: str, now_s: int, ttl_s: int) -> Credentials:
    """The right of `seat` to use the relays from `now_s` (Unix time) on, for `ttl_s` seconds."""
    username = f"{now_s + ttl_s}:{seat}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return Credentials(username, base64.b64encode(digest).decode())


def links(urls: Sequence[str], given: Credentials) -> str:
    """The `Link` field that tells a WHIP client of the servers (RFC 9725 section 4.6)."""
    return ", ".join(
        f'<{url}>; rel="ice-server"; username="{given.username}"; '
        f'credential="{given.password}"; credential-type="password"'
        for url in urls
    )
