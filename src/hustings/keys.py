"""Keys and passwords of an installation: made on first start, readable by their owner only.

keys/ticket.pem       signs tickets (web only)        keys/ticket.pub.pem    checks them (all)
keys/receipt.pem      signs receipts (archive only)   keys/receipt.pub.pem   checks them (all)
keys/nats.json        one password per role for the two own NATS servers
keys/cookie.key       signs the studio's cookies
keys/line.key         signs numbers in the edges' lines
keys/vapid.pem        names this installation to push services (web only)
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hustings.errors import ConfigError

ROLES: Final = ("serve", "stage", "gate", "edge", "archive", "captions", "web")


@dataclass(frozen=True, slots=True)
class Keys:
    """The key folder of an installation. Files are read when asked for, by whoever may."""

    folder: Path

    def ticket_private(self) -> bytes:
        """PEM key that signs tickets."""
        return self._read("ticket.pem")

    def ticket_public(self) -> bytes:
        """PEM key that checks tickets."""
        return self._read("ticket.pub.pem")

    def receipt_private(self) -> bytes:
        """PEM key that signs receipts."""
        return self._read("receipt.pem")

    def receipt_public(self) -> bytes:
        """PEM key that checks receipts."""
        return self._read("receipt.pub.pem")

    def cookie(self) -> bytes:
        """32 random bytes that sign the studio's cookies."""
        return self._read("cookie.key")

    def line(self) -> bytes:
        """32 random bytes that sign the numbers of those who wait at an edge."""
        return self._read("line.key")

    def vapid(self) -> bytes:
        """PEM key (P-256) by which push services know this installation (RFC 8292)."""
        return self._read("vapid.pem")

    def nats_passwords(self) -> dict[str, str]:
        """Password of each role at the own NATS servers."""
        passwords: dict[str, str] = json.loads(self._read("nats.json"))
        return passwords

    def _read(self, name: str) -> bytes:
        path = self.folder / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigError(
                "data", str(path), allowed="a data folder that `hustings serve` has made keys in"
            ) from error


def ensure(data: Path) -> Keys:
    """The keys of the data folder; what is missing is made. Safe to call at every start."""
    folder = data / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("ticket", "receipt"):
        _ensure_pair(folder, name)
    _ensure_vapid(folder / "vapid.pem")
    for name in ("cookie.key", "line.key"):
        _ensure_file(folder / name, secrets.token_bytes(32))
    _ensure_passwords(folder / "nats.json")
    return Keys(folder)


def _ensure_pair(folder: Path, name: str) -> None:
    private = folder / f"{name}.pem"
    if not private.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _ensure_file(private, pem)
    key = serialization.load_pem_private_key(private.read_bytes(), None)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _ensure_file(folder / f"{name}.pub.pem", public)


def _ensure_vapid(path: Path) -> None:
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _ensure_file(path, pem)


def _ensure_passwords(path: Path) -> None:
    """A password for each role; an installation of an earlier version gets those of new roles."""
    known: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
    passwords = {role: known.get(role) or secrets.token_urlsafe(24) for role in ROLES}
    if passwords != known:
        _write(path, json.dumps(passwords, indent=1).encode())


def _ensure_file(path: Path, content: bytes) -> None:
    if not path.exists():
        _write(path, content)


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
