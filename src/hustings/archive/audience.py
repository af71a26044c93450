"""How many were listening at once: the edges' gauges added up, and the greatest sum kept on disk.

Each edge says once a second how many listeners each space has; an edge that fell silent counts no
more after a few seconds. The sum is of one kind only: connections that receive sound now.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from hustings import limits
from hustings.archive.receipt import Count

HOW: Final = "most connections that received sound at one time, all edges added up each second"


class _Space(msgspec.Struct):
    listening: int = 0


class _Gauge(msgspec.Struct):
    spaces: dict[str, _Space]


class Audience:
    """The edges' newest gauges. `now` is monotonic seconds, passed in."""

    def __init__(self) -> None:
        self._gauges: dict[str, tuple[float, Mapping[str, _Space]]] = {}

    def heard(self, edge: str, data: bytes, *, now: float) -> list[str]:
        """Take an edge's gauge; returns the spaces it counts. What is no gauge changes nothing."""
        try:
            gauge = _decoder.decode(data)
        except msgspec.MsgspecError:
            return []
        fresh = now - limits.CROWD_FRESH_S
        self._gauges = {k: v for k, v in self._gauges.items() if v[0] >= fresh}
        self._gauges[edge] = (now, gauge.spaces)
        return list(gauge.spaces)

    def listening(self, space: str, *, now: float) -> int:
        """Who listens to a space now."""
        return sum(
            spaces[space].listening
            for at, spaces in self._gauges.values()
            if space in spaces and now - at <= limits.CROWD_FRESH_S
        )


class Peak:
    """The greatest number seen, in a file: it is in no log, and must survive a crash."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._value = 0
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            kept: Any = json.loads(path.read_bytes())
            self._value = int(kept["listening"])

    def see(self, value: int) -> None:
        """Take a sum."""
        if value <= self._value:
            return
        self._value = value
        temporary = self._path.with_suffix(".new")
        # A full disk must not end a recording for the sake of a gauge.
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps({"listening": value}))
            temporary.replace(self._path)

    @property
    def count(self) -> Count:
        """The number for the receipt."""
        return Count(self._value, HOW)


_decoder = msgspec.json.Decoder(_Gauge)
