"""TLS in the process: one context, whose certificate is read again when its files change."""

from __future__ import annotations

import logging
import os
import ssl
from typing import Final

from hustings.config import Settings
from hustings.errors import ConfigError

_log: Final = logging.getLogger("hustings.edge")


class Certificate:
    """The server's side of TLS. `context` stays the same object, so that sessions survive."""

    def __init__(self, cert: str, key: str) -> None:
        self._files = (cert, key)
        self._seen = self._stamps()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        try:
            self.context.load_cert_chain(cert, key)
        except (ssl.SSLError, OSError) as error:
            raise ConfigError(
                "listen_tls_cert", cert, allowed=f"a PEM certificate with its key ({error})"
            ) from error

    @classmethod
    def of(cls, settings: Settings) -> Certificate | None:
        """The edges' certificate, or None when they speak plain HTTP."""
        if not settings.listen_tls_cert:
            return None
        return cls(settings.listen_tls_cert, settings.listen_tls_key)

    def refresh(self) -> bool:
        """Read the files again if they have changed; True if a new certificate is in use.

        A pair that does not fit (one file replaced, the other not yet) leaves the old one in use.
        """
        stamps = self._stamps()
        if stamps == self._seen:
            return False
        self._seen = stamps
        try:
            # A pair that fails would leave the context half changed: it is tried on another first.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self.context.load_cert_chain(*self._files)
        except (ssl.SSLError, OSError) as error:
            _log.warning("the new certificate cannot be used, the old one stays: %s", error)
            return False
        _log.info("certificate read again from %s", self._files[0])
        return True

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        found = []
        for path in self._files:
            try:
                status = os.stat(path)  # noqa: PTH116 - once a second, on two texts
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(found)
