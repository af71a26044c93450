"""The certificate: TLS of the gate, read again when its files change."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

_log = logging.getLogger("hustings.gate")


class Certificate:
    """A certificate chain and its key, as PEM files. New connections use what was read last."""

    def __init__(self, chain: Path, key: Path) -> None:
        self._files = (chain, key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(chain, key)
        self._read = self._stamps()

    def refresh(self) -> bool:
        """Read the files again if they have changed; whether they are in use now.

        A pair that does not fit, because only one of the two was replaced yet, changes nothing.
        """
        stamps = self._stamps()
        if stamps == self._read:
            return False
        self._read = stamps
        try:
            # The context in use would be left with half a pair: another one tries it first.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            _log.warning("the certificate stays as it was, the new files do not fit: %s", error)
            return False
        _log.info("the certificate was read again from %s", self._files[0])
        return True

    def _stamps(self) -> list[tuple[int, int]]:
        stamps = []
        for file in self._files:
            try:
                status = file.stat()
            except OSError:
                stamps.append((0, 0))  # it is being replaced
            else:
                stamps.append((status.st_ino, status.st_mtime_ns))
        return stamps
