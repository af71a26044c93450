"""Whose key signed a receipt: the id that stands in it, and the keys that bear one."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hustings.archive import receipt
from hustings.errors import BadInput

_ID_CHARS: Final = 16


def signer(data: bytes) -> str:
    """The id of the key that is said to have signed a receipt; `BadInput` when it is none."""
    receipt.names(data)
    key = str(json.loads(data)["signature"].get("key", ""))
    if len(key) != _ID_CHARS or not set(key) <= set("0123456789abcdef"):
        raise BadInput("receipt", expected="the id of a key", got=repr(key[:40]))
    return key


def key_id(public_pem: bytes) -> str:
    """The id of a key; `BadInput` when it is no PEM of a key that signs receipts."""
    try:
        key = serialization.load_pem_public_key(public_pem)
    except ValueError as error:
        raise BadInput("receipt key", expected="a PEM public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("receipt key", expected="an Ed25519 public key")
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:_ID_CHARS]
