"""DTLS: the handshake that agrees on SRTP keys with one speaker (RFC 6347, RFC 5764), on OpenSSL.

Moves no datagram itself: `start`, `receive`, `tick` and `close` return what is to be sent, and are
told the time. No error of OpenSSL leaves this file: what fails ends in the state `FAILED`.

Lost flights are healed from both sides. Our last flight is kept and sent again when the peer
repeats the flight that it answers, and when a timer of 100 ms, doubling, runs out: OpenSSL's own
timer begins at a second, which a person who joins would notice. It runs as well, because its
copies carry fresh record numbers, and a peer that has finished hears no others. The very last
flight has no answer: it is repeated a few times, for as long as the owner calls `tick`.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from hustings import limits
from hustings.stage.sdp import Fingerprint

EXPORTER: Final = b"EXTRACTOR-dtls_srtp"  # RFC 5764 section 4.2
DTLS_1_2: Final = 0xFEFD
CIPHERS: Final = b":".join((
    b"ECDHE-ECDSA-AES128-GCM-SHA256", b"ECDHE-RSA-AES128-GCM-SHA256",
    b"ECDHE-ECDSA-CHACHA20-POLY1305", b"ECDHE-RSA-CHACHA20-POLY1305",
    b"ECDHE-ECDSA-AES256-GCM-SHA384", b"ECDHE-RSA-AES256-GCM-SHA384",
))  # fmt: skip
_RECORD_HEAD: Final = 13  # type, version, epoch, sequence number, length
_MESSAGE_HEAD: Final = 12  # type, length, message sequence, fragment offset, fragment length
_HANDSHAKE: Final = 22
_STRENGTH: Final = ("sha-512", "sha-384", "sha-256")


class State(Enum):
    """Where an association is in its life."""

    SHAKING = "shaking"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Keying:
    """What the handshake yields: an SRTP profile's name and keying material for both sides."""

    profile: bytes
    material: bytes
    server: bool


class Identity:
    """Our key, our certificate (P-256, self-signed), and the DTLS settings that go with them.

    Made at start-up and never stored: the fingerprint in each answer is what a speaker checks it
    by. `profiles` are the names of SRTP profiles in order of preference, with the lengths of their
    keying material in bytes.
    """

    def __init__(self, profiles: Sequence[tuple[bytes, int]]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, secrets.token_hex(8))])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = Fingerprint("sha-256", certificate.fingerprint(hashes.SHA256()))
        self.material_lengths = dict(profiles)
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_min_proto_version(DTLS_1_2)
        context.set_max_proto_version(DTLS_1_2)
        context.set_cipher_list(CIPHERS)
        context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_tlsext_use_srtp(b":".join(name for name, _ in profiles))
        # Any certificate passes here; the fingerprint decides, once the handshake is complete.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        self.context = context


class Association:
    """One speaker's DTLS association.

    `active` says whether we open the handshake; `fingerprints` are those of the offer. `keying` is
    there from `CONNECTED` on, and only if the peer's certificate has one of these fingerprints.
    """

    def __init__(
        self, identity: Identity, *, active: bool, fingerprints: tuple[Fingerprint, ...]
    ) -> None:
        self.state = State.SHAKING
        self.failure = ""
        self.keying: Keying | None = None
        self._identity = identity
        self._fingerprints = fingerprints
        self._active = active
        self._ssl = SSL.Connection(identity.context, None)
        self._ssl.set_ciphertext_mtu(limits.DTLS_DATAGRAM_BYTES)
        if active:
            self._ssl.set_connect_state()
        else:
            self._ssl.set_accept_state()
        self._started = not active
        self._flight: list[bytes] = []
        self._seen = -1  # the highest message number of the peer that OpenSSL was given
        self._answered = -1  # the highest one that our flight answers
        self._first = 0  # the first message number of the flight that it answers
        self._received = 0
        self._resend_at = float("inf")
        self._resend_after = limits.FLIGHT_RESEND_S_MIN
        self._repeats = limits.FLIGHT_REPEATS_COUNT

    def start(self, now: float) -> list[bytes]:
        """Our first flight, if it is for us to begin; nothing when called again."""
        if self._started:
            return []
        self._started = True
        return self._shake(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a datagram of the peer; returns what is to be sent to where it came from."""
        if self.state in (State.CLOSED, State.FAILED):
            return []
        numbers = list(_messages(datagram))
        if numbers and max(number for number, _ in numbers) <= self._answered:
            # The peer repeats a flight that we have answered: our answer was lost.
            return self._flight if (self._first, 0) in numbers else []
        self._started = True
        if self.state is State.CONNECTED:
            return self._after(datagram)
        self._received += 1
        if self._received > limits.HANDSHAKE_DATAGRAMS_COUNT:
            return self._fail(f"no keys after {limits.HANDSHAKE_DATAGRAMS_COUNT} datagrams")
        self._seen = max(self._seen, *(number for number, _ in numbers), -1)
        self._ssl.bio_write(datagram)
        return self._shake(now)

    def tick(self, now: float) -> list[bytes]:
        """Our flight again, if a timer has run out. Not to be called once the peer sent sound."""
        if self.state is State.SHAKING and self._flight:
            try:
                self._ssl.DTLSv1_handle_timeout()
            except SSL.Error as error:
                return self._fail(f"the handshake failed: {error}")
            if fresh := self._sent():
                self._flight, self._resend_at = fresh, now
        if now < self._resend_at or self.state in (State.CLOSED, State.FAILED):
            return []
        if self.state is State.CONNECTED:
            if not self._repeats:
                return []
            self._repeats -= 1
        self._resend_after = min(2 * self._resend_after, limits.FLIGHT_RESEND_S_MAX)
        self._resend_at = now + self._resend_after
        return self._flight

    def close(self) -> list[bytes]:
        """End it; returns the close_notify if the peer can understand one."""
        connected, self.keying = self.state is State.CONNECTED, None
        if self.state is not State.FAILED:
            self.state = State.CLOSED
        if not connected:
            return []
        try:
            self._ssl.shutdown()
        except SSL.Error:
            return []
        return self._sent()

    def _shake(self, now: float) -> list[bytes]:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            return self._fail(f"the handshake failed: {error}")
        else:
            if (failure := self._complete()) is not None:
                return self._fail(failure)
        sent = self._sent()
        if sent:
            self._flight = sent
            if self._seen > self._answered:
                self._first, self._answered = self._answered + 1, self._seen
            self._resend_after = limits.FLIGHT_RESEND_S_MIN
            self._resend_at = now + self._resend_after
        elif self.state is State.CONNECTED:
            self._resend_at = float("inf")  # the peer's flight was the last
        return sent

    def _complete(self) -> str | None:
        """Check the peer, then export the keys; returns what is wrong."""
        certificate = self._ssl.get_peer_certificate()
        if certificate is None or not self._expected(
            crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        ):
            return "the certificate has another fingerprint than the offer"
        profile = self._ssl.get_selected_srtp_profile()
        length = self._identity.material_lengths.get(profile)
        if length is None:
            return "no SRTP profile in common"
        material = self._ssl.export_keying_material(EXPORTER, length)
        self.keying = Keying(profile, material, server=not self._active)
        self.state = State.CONNECTED
        return None

    def _expected(self, certificate: bytes) -> bool:
        """Whether the certificate (DER) has an offered fingerprint of the strongest offered hash
        (RFC 8122 section 5)."""
        for algorithm in _STRENGTH:
            offered = [f.digest for f in self._fingerprints if f.algorithm == algorithm]
            if offered:
                ours = hashlib.new(algorithm.replace("-", ""), certificate).digest()
                return any(hmac.compare_digest(ours, theirs) for theirs in offered)
        return False

    def _after(self, datagram: bytes) -> list[bytes]:
        """Records that come when the handshake is over: a farewell, or nothing of use."""
        try:
            self._ssl.bio_write(datagram)
            for _ in range(16):
                self._ssl.recv(limits.DATAGRAM_BYTES)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            return self.close()
        except SSL.Error as error:
            return self._fail(f"the association failed: {error}")
        return self._sent()

    def _fail(self, failure: str) -> list[bytes]:
        self.state, self.failure, self.keying = State.FAILED, failure, None
        return self._sent()

    def _sent(self) -> list[bytes]:
        """What OpenSSL wrote, packed into datagrams of whole records."""
        written = b""
        while True:
            try:
                written += self._ssl.bio_read(65_536)
            except SSL.Error:
                break
        out: list[bytes] = []
        for _, _, record in _records(written):
            if out and len(out[-1]) + len(record) <= limits.DTLS_DATAGRAM_BYTES:
                out[-1] += record
            else:
                out.append(record)
        return out


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, epoch and bytes of each whole record."""
    at = 0
    while at + _RECORD_HEAD <= len(data):
        end = at + _RECORD_HEAD + int.from_bytes(data[at + 11 : at + 13], "big")
        if end > len(data):
            return
        yield data[at], int.from_bytes(data[at + 3 : at + 5], "big"), data[at:end]
        at = end


def _messages(datagram: bytes) -> Iterator[tuple[int, int]]:
    """Number and fragment offset of each handshake message that is not encrypted."""
    for kind, epoch, record in _records(datagram):
        if kind != _HANDSHAKE or epoch != 0:
            continue
        at = _RECORD_HEAD
        while at + _MESSAGE_HEAD <= len(record):
            number = int.from_bytes(record[at + 4 : at + 6], "big")
            yield number, int.from_bytes(record[at + 6 : at + 9], "big")
            at += _MESSAGE_HEAD + int.from_bytes(record[at + 9 : at + 12], "big")
