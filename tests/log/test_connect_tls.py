"""A NATS server with TLS, as a cluster has it: its certificate is checked."""

from __future__ import annotations

import asyncio
import datetime
import gc
import ipaddress
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hustings.config import Settings
from hustings.errors import ConfigError
from hustings.log.connect import connect
from hustings.log.server import binary
from tests.log.conftest import SPACE, Servers
from tests.servers import settings_as


def _certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for 127.0.0.1; the key stands beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@asynccontextmanager
async def _server(folder: Path, certificate: Path) -> AsyncIterator[str]:
    """The address of a server that wants TLS, a user name and a password."""
    config = {
        "host": "127.0.0.1",
        "port": -1,
        "ports_file_dir": str(folder),
        "jetstream": {"store_dir": str(folder / "store")},
        "tls": {"cert_file": str(certificate), "key_file": str(certificate.with_suffix(".key"))},
        "authorization": {"user": "me", "password": "secret"},
        "log_file": str(folder / "log"),
    }
    (folder / "conf").write_text(json.dumps(config))
    child = await asyncio.create_subprocess_exec(str(binary()), "-c", str(folder / "conf"))
    ports = folder / f"nats-server_{child.pid}.ports"
    try:
        async with asyncio.timeout(10):
            while not (ports.exists() and ports.read_text()):
                await asyncio.sleep(0.005)
        yield json.loads(ports.read_text())["nats"][0]
    finally:
        child.terminate()
        await child.wait()


def _settings(url: str, authority: Path) -> Settings:
    return Settings(
        live_servers=(url,),
        log_servers=(url,),
        nats_user="me",
        nats_password="secret",
        nats_ca=str(authority),
    )


async def test_a_server_whose_certificate_is_trusted_is_used(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "ours")
    async with _server(tmp_path, certificate) as url:
        log, _, close = await connect(_settings(url, certificate), name="test")
        await log.create(SPACE)
        assert await log.spaces() == [SPACE]
        await close()


async def test_a_server_with_another_certificate_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = _certificate(tmp_path, "theirs")
    authority = _certificate(tmp_path, "ours")
    async with _server(tmp_path, certificate) as url:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await connect(_settings(url, authority), name="test")
    assert "certificate verify failed" in caplog.text
    gc.collect()  # a socket that was left open fails this test, and no other


async def test_a_server_without_tls_is_not_taken_for_one_with_it(
    servers: Servers, tmp_path: Path
) -> None:
    authority = _certificate(tmp_path, "ours")
    plain = settings_as("web", servers.live, servers.log, servers.passwords)
    settings = Settings(
        live_servers=plain.live_servers,
        log_servers=plain.log_servers,
        nats_user=plain.nats_user,
        nats_password=plain.nats_password,
        nats_ca=str(authority),
    )
    with pytest.raises(ConfigError, match="nats_ca"):
        await connect(settings, name="test")
