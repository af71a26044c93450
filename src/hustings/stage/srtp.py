"""SRTP: keys for the two directions of one transport (RFC 3711, RFC 7714), on libsrtp.

On the hot path: one call each way per packet. What cannot be authenticated is `BadInput`, whatever
libsrtp's reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pylibsrtp import Error, Policy, Session

from hustings import limits
from hustings.errors import BadInput


@dataclass(frozen=True, slots=True)
class Profile:
    """A protection profile by its name in DTLS (RFC 5764 section 4.1.2); lengths in bytes."""

    name: bytes
    key_length: int
    salt_length: int
    code: int


PROFILES: Final = (
    Profile(b"SRTP_AEAD_AES_128_GCM", 16, 12, Policy.SRTP_PROFILE_AEAD_AES_128_GCM),
    Profile(b"SRTP_AES128_CM_SHA1_80", 16, 14, Policy.SRTP_PROFILE_AES128_CM_SHA1_80),
)


def material_length(profile: bytes) -> int:
    """Bytes of keying material to export for a profile."""
    found = _profile(profile)
    return 2 * (found.key_length + found.salt_length)


class Srtp:
    """Both directions of one transport.

    `material` is what DTLS exports: client key, server key, client salt, server salt (RFC 5764
    section 4.2). `server` says whether we were the DTLS server.
    """

    __slots__ = ("_rx", "_sources", "_tx")

    def __init__(self, *, profile: bytes, material: bytes, server: bool) -> None:
        found = _profile(profile)
        ours = 1 if server else 0
        self._rx = _session(found, _secret(found, material, 1 - ours), Policy.SSRC_ANY_INBOUND)
        self._tx = _session(found, _secret(found, material, ours), Policy.SSRC_ANY_OUTBOUND)
        self._sources: set[bytes] = set()

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet as it travels; `BadInput` when it is too long to be one."""
        try:
            return self._tx.protect(packet)
        except (Error, ValueError) as error:
            raise BadInput("RTP packet", expected="one that SRTP can carry") from error

    def protect_rtcp(self, packet: bytes) -> bytes:
        """An RTCP compound as it travels."""
        try:
            return self._tx.protect_rtcp(packet)
        except (Error, ValueError) as error:
            raise BadInput("RTCP packet", expected="one that SRTCP can carry") from error

    def unprotect(self, datagram: bytes) -> bytes:
        """The RTP packet in a datagram, authentic and not a replay; `BadInput` otherwise."""
        return self._open(self._rx.unprotect, datagram, datagram[8:12])

    def unprotect_rtcp(self, datagram: bytes) -> bytes:
        """The RTCP compound in a datagram; `BadInput` when it is not authentic."""
        return self._open(self._rx.unprotect_rtcp, datagram, datagram[4:8])

    def _open(self, unprotect: Callable[[bytes], bytes], datagram: bytes, source: bytes) -> bytes:
        known = source in self._sources
        # libsrtp keeps state for every source that sent one authentic packet.
        if not known and len(self._sources) >= limits.SSRC_COUNT:
            raise BadInput("SRTP", expected=f"at most {limits.SSRC_COUNT} sources")
        try:
            packet = unprotect(datagram)
        except (Error, ValueError) as error:
            raise BadInput("SRTP", expected="an authentic packet", got=str(error)) from error
        if not known:
            self._sources.add(source)
        return packet


def _profile(name: bytes) -> Profile:
    for profile in PROFILES:
        if profile.name == name:
            return profile
    raise BadInput("SRTP profile", expected="one that we offer", got=name.decode(errors="replace"))


def _secret(profile: Profile, material: bytes, side: int) -> bytes:
    """Master key and salt of the client (side 0) or of the server (side 1)."""
    key, salt = profile.key_length, profile.salt_length
    at = 2 * key + side * salt
    return material[side * key : (side + 1) * key] + material[at : at + salt]


def _session(profile: Profile, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.code)
    policy.allow_repeat_tx = True
    policy.window_size = limits.REPLAY_PACKETS_COUNT
    return Session(policy)
