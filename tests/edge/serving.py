"""A server alone, without rooms: for tests of what HTTP itself demands."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hustings.certificate import Certificate
from hustings.edge.http import Answerer, Server
from hustings.edge.metrics import Metrics


@dataclass
class Serving:
    """A running server and where it listens."""

    server: Server
    port: int
    metrics: Metrics
    tasks: asyncio.TaskGroup


@contextlib.asynccontextmanager
async def serving(
    answerer: Answerer, *, certificate: Certificate | None = None, **options: Any
) -> AsyncIterator[Serving]:
    """A server that answers with `answerer` on a free port. `options` are the server's."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    metrics = Metrics()
    try:
        async with asyncio.TaskGroup() as tasks:
            server = Server(
                answerer=answerer, tasks=tasks, metrics=metrics, certificate=certificate, **options
            )
            server.start(listener)
            try:
                yield Serving(server, listener.getsockname()[1], metrics, tasks)
            finally:
                await server.finish(within_s=1)
    finally:
        listener.close()


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_path, key_path


def trusting() -> ssl.SSLContext:
    """A client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def name_of(certificate: bytes) -> str:
    """The common name in a DER certificate."""
    found = x509.load_der_x509_certificate(certificate).subject
    return str(found.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
