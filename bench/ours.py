"""Our edge as a server under test: `hustings run edge`, just as a cluster runs it.

Its rung is pinned, as an operator may: what is measured must not change when the machine is busy.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.child import Child
from bench.feeding import SPACE, Stage
from hustings import keys
from hustings.run import READY_FD

PUSH: Final = f"/live/{SPACE}/push?codec=opus"
_READY_S: Final = 30.0


class Ours:
    """A running edge process. `port` is where it listens."""

    name = "hustings edge"

    def __init__(self, child: Child, port: int) -> None:
        self.child = child
        self.port = port


@contextlib.asynccontextmanager
async def ours(
    folder: Path, stage: Stage, *, index: int = 0, tls: bool = False
) -> AsyncIterator[Ours]:
    """An edge on a free port, ready to serve the stage's space; with TLS if so wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    keys.ensure(folder / "data")
    port = free_port()
    environment = {
        **stage.environment("edge"),
        "HUSTINGS_DATA": str(folder / "data"),
        "HUSTINGS_LISTEN_PORT": str(port),
        "HUSTINGS_INDEX": str(index),
        "HUSTINGS_RUNG": "live",
        "HUSTINGS_LOG_LEVEL": "error",
    }
    if tls:
        chain, key = _certificate(folder)
        environment |= {
            "HUSTINGS_LISTEN_TLS_CERT": str(chain),
            "HUSTINGS_LISTEN_TLS_KEY": str(key),
        }
    end, told = os.pipe()
    try:
        child = await Child.start(
            [sys.executable, "-m", "hustings", "run", "edge"],
            words=folder / "edge.txt",
            environment={**environment, READY_FD: str(told)},
            pass_fds=(told,),
        )
    finally:
        os.close(told)
    try:
        await ready(end, child)
        yield Ours(child, port)
    except BaseException:
        sys.stderr.write(child.said())
        raise
    finally:
        os.close(end)
        await child.stop()


async def ready(end: int, child: Child) -> None:
    """Wait for the role's own word that it is ready."""
    loop = asyncio.get_running_loop()
    said = asyncio.Event()
    loop.add_reader(end, said.set)
    try:
        await asyncio.wait_for(said.wait(), _READY_S)
    except TimeoutError as error:
        raise RuntimeError(f"it is not ready: {child.said()}") from error
    finally:
        loop.remove_reader(end)
    if not os.read(end, 1):
        raise RuntimeError(f"it has ended: {child.said()}")


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate with a P-256 key, which is what certificate authorities advise."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
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
    chain_path, key_path = folder / "chain.pem", folder / "key.pem"
    chain_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain_path, key_path
