"""TLS: secure cookies, and a renewed certificate that is used without a restart."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hustings import limits
from tests.web.running import EMAIL, PASSWORD, Engines, studio, until


def write_pair(folder: Path, name: str) -> tuple[str, str]:
    """A new self-signed certificate and key in the same two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(certificate_file), str(key_file)


async def test_certificate_is_renewed_while_serving(
    tmp_path: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TLS_LOOK_S", 0.05)
    cert, key = write_pair(tmp_path, "first.example")
    async with studio(tmp_path, servers, studio_tls_cert=cert, studio_tls_key=key) as web:
        url = httpx.URL(web.url)

        async def shows(name: str) -> bool:
            pem = await asyncio.to_thread(ssl.get_server_certificate, (url.host, url.port or 443))
            subject = x509.load_pem_x509_certificate(pem.encode()).subject
            return subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == name

        assert await shows("first.example")
        write_pair(tmp_path, "second.example")
        await until(lambda: shows("second.example"))
        async with httpx.AsyncClient(base_url=web.url, verify=False) as client:
            link = (tmp_path / "first-link").read_text().strip()
            form = {"name": "Hanna", "email": EMAIL, "password": PASSWORD}
            answer = await client.post(link, data=form)
            header = answer.headers["set-cookie"]
            assert header.startswith("__Host-hustings-session=")
            assert "; Secure" in header
            assert "strict-transport-security" in answer.headers
