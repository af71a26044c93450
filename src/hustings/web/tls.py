"""TLS of the studio: a certificate from files, taken anew when they change.

Connections that are open keep what they have; new ones get the new certificate. A pair of files
that does not fit together is left alone until it does: renewals replace them one after the other.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

from hustings import limits
from hustings.errors import ConfigError

log = logging.getLogger("hustings.web")


def context(certificate: str, key: str) -> ssl.SSLContext:
    """A server's context with this pair; `ConfigError` if it cannot be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    try:
        made.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            "studio_tls_cert", certificate, allowed=f"a certificate with its key ({error})"
        ) from error
    return made


async def renew(made: ssl.SSLContext, certificate: str, key: str) -> None:
    """Watch both files and load what is new. Runs until cancelled."""
    loaded = _stamp(certificate, key)
    while True:
        await asyncio.sleep(limits.TLS_LOOK_S)
        found = _stamp(certificate, key)
        if found == loaded or found is None:
            continue
        try:
            made.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            log.warning("the new certificate cannot be used yet: %s", error)
            continue
        loaded = found
        log.info("the studio has a new certificate")


def _stamp(*paths: str) -> tuple[int, ...] | None:
    try:
        return tuple(Path(path).stat().st_mtime_ns for path in paths)
    except OSError:
        return None
