"""The path: a way to one speaker that passed a connectivity check, over UDP or TCP.

Datagrams are told apart by their first byte (RFC 7983): 0 to 3 is STUN, 20 to 63 DTLS, 128 to 191
SRTP and SRTCP. STUN goes to the endpoint; DTLS and SRTP are taken only on a path. Everything else
is dropped without a word.
"""

from __future__ import annotations

import logging
from typing import Final, Protocol, TypeAlias

_log = logging.getLogger("hustings.stage")
_MEDIA: Final = 128  # the first byte of what is no DTLS

# As the socket gives it: host and port, and two more numbers with IPv6.
Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]


class Path(Protocol):
    """One way, in both directions. It has an owner from its first verified check on."""

    @property
    def kind(self) -> str:
        """udp or tcp."""

    def send(self, datagram: bytes) -> None:
        """Send, or lose it as the network would; never wait, never raise."""

    def close(self) -> None:
        """From now on nothing is taken from there."""


class Owner(Protocol):
    """Whose path it is: `transport.Transport`."""

    def on_media(self, datagram: bytes, path: Path) -> None:
        """Take an SRTP or SRTCP datagram."""

    def on_dtls(self, datagram: bytes, path: Path) -> None:
        """Take a DTLS datagram."""

    def holds(self, path: Path) -> bool:
        """Whether something authentic came on it just now."""

    def close(self) -> None:
        """End the session."""

    def lose_path(self, path: Path) -> None:
        """The path has ended, or another session proved that it is its own."""


def deliver(datagram: bytes, path: Path, owner: Owner) -> None:
    """Hand a path's owner an SRTP, SRTCP or DTLS datagram.

    A fault of ours ends this connection, whose page offers again, and nothing else: the loop that
    reads is that of all spaces.
    """
    try:
        if datagram[0] >= _MEDIA:
            owner.on_media(datagram, path)
        else:
            owner.on_dtls(datagram, path)
    except Exception:
        _log.exception("a datagram of %d bytes could not be taken", len(datagram))
        owner.close()


class Way(Protocol):
    """Where a check came through, before it is known whose it is: a UDP port, a TCP connection."""

    def send(self, datagram: bytes, address: Address) -> None:
        """Send to `address`, or lose it; for what is no session's business."""

    def path(self, address: Address, owner: Owner) -> Path | None:
        """The owner's path to `address`, made if there is none; taken from a former owner, if that
        holds it no more. None: it does."""
