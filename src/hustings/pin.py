"""The pinned rung: what newcomers get by an operator's decision, in a file of the data folder.

`hustings pin RUNG` writes it, and the edges of this data folder look at it every second. While the
file is there it counts, and the setting `rung` does not.
"""

from __future__ import annotations

import logging
import os
from typing import Final

from hustings import config
from hustings.config import Settings
from hustings.errors import ConfigError

log = logging.getLogger("hustings.edge")

FILE_NAME: Final = "rung"
AUTO: Final = "auto"
_READ_BYTES: Final = 64


def write(settings: Settings, rung: str) -> None:
    """Pin a rung, or let the load decide with `auto`. Raises `ConfigError`."""
    checked(rung, settings)
    path = settings.folder / FILE_NAME
    temporary = path.with_name(f"{FILE_NAME}.{os.getpid()}.new")
    try:
        temporary.write_text(rung + "\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ConfigError(
            "data", settings.data, allowed=f"the data folder of an installation ({error.strerror})"
        ) from error


def checked(rung: str, settings: Settings) -> str:
    """`rung` itself if it can be pinned; `ConfigError` otherwise."""
    given = config.value("rung", rung)
    if given == "segments" and not settings.cdn_url:
        raise ConfigError("rung", rung, allowed="segments only with cdn_url set")
    return str(given)


def said(rung: str) -> str:
    """What has been pinned, in a sentence."""
    if rung == AUTO:
        return "The load decides what newcomers get."
    return f"Newcomers now get the rung {rung!r}; whoever listens stays as it is."


class Pin:
    """The pinned rung as one process knows it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.folder / FILE_NAME
        self._seen: tuple[int, int] | None = None
        self._rung = settings.rung

    def look(self) -> str | None:
        """The rung that is pinned now, or None: the load decides. Reads the file if it changed."""
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_ino)
            if seen != self._seen:
                self._read()
                self._seen = seen  # only now: what could not be read is tried again
        except FileNotFoundError:
            self._seen, self._rung = None, self._settings.rung
        except OSError as error:
            log.warning("%s cannot be read: %s", self._path, error)
        return None if self._rung == AUTO else self._rung

    def _read(self) -> None:
        with self._path.open("rb") as file:
            text = file.read(_READ_BYTES).decode(errors="replace").strip()
        try:
            self._rung = checked(text, self._settings)
        except ConfigError as error:
            log.warning("%s: %s", self._path, error)  # what was pinned before stays
