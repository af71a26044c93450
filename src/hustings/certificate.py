"""A server's certificate: TLS from two PEM files, read again when they change.

The context stays the same object: open connections keep what they have, sessions survive, and new
handshakes get what was read last. A pair that does not fit together, because only one of the two
files was replaced yet, changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

from hustings import limits
from hustings.config import Settings
from hustings.errors import ConfigError

log = logging.getLogger("hustings.certificate")


class Certificate:
    """The certificate chain and key of one server. `context` serves its handshakes."""

    def __init__(self, chain: str, key: str, *, setting: str) -> None:
        self._files = (chain, key)
        self._read = self._stamps()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        try:
            self.context.load_cert_chain(chain, key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                setting, chain, allowed=f"a PEM certificate chain that fits its key ({error})"
            ) from error

    @classmethod
    def of(cls, settings: Settings, server: str) -> Certificate | None:
        """The certificate of `studio`, `listen` or `gate`; None where it speaks plain HTTP.

        Raises `ConfigError` when the files cannot be used.
        """
        chain: str = getattr(settings, f"{server}_tls_cert")
        key: str = getattr(settings, f"{server}_tls_key")
        return cls(chain, key, setting=f"{server}_tls_cert") if chain else None

    def refresh(self) -> bool:
        """Read the files again if they have changed; True if a new certificate is in use."""
        stamps = self._stamps()
        if stamps == self._read:
            return False
        self._read = stamps
        try:
            # The context in use would be left with half a pair: another one tries it first.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            log.warning("the new certificate cannot be used, the old one stays: %s", error)
            return False
        log.info("the certificate was read again from %s", self._files[0])
        return True

    async def watch(self) -> None:
        """Use a renewed certificate soon. Runs until cancelled."""
        while True:
            await asyncio.sleep(limits.TLS_LOOK_S)
            self.refresh()

    def _stamps(self) -> list[tuple[int, int]]:
        stamps = []
        for file in self._files:
            try:
                status = Path(file).stat()
            except OSError:
                stamps.append((0, 0))  # it is being replaced
            else:
                stamps.append((status.st_ino, status.st_mtime_ns))
        return stamps
