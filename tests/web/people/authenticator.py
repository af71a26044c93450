"""An authenticator made of software, that does not count: every signature's counter is 0."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_VERIFIED = 0b101  # user present and verified
_ATTESTED = 0b1000000


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """One passkey for the site `host`, used on the pages of `origin`."""

    def __init__(self, *, origin: str, host: str) -> None:
        self._origin = origin
        self._site = hashlib.sha256(host.encode()).digest()
        self._id = os.urandom(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create` gives for these options."""
        point = self._key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + key
        data = self._site + bytes([_VERIFIED | _ATTESTED]) + bytes(4) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = self._told("webauthn.create", options)
        return self._credential({
            "clientDataJSON": _text(told), "attestationObject": _text(attestation)
        })  # fmt: skip

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.get` gives for these options."""
        data = self._site + bytes([_VERIFIED]) + bytes(4)
        told = self._told("webauthn.get", options)
        signed = self._key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential({
            "clientDataJSON": _text(told),
            "authenticatorData": _text(data),
            "signature": _text(signed),
        })  # fmt: skip

    def _told(self, kind: str, options: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": options["challenge"], "origin": self._origin}
        return json.dumps(told).encode()

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        own = _text(self._id)
        return {"id": own, "rawId": own, "type": "public-key", "response": response}
