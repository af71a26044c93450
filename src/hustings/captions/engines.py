"""Which engines there are: the operator's own, by entry point, before those that come with us."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Final

from hustings.captions.engine import ANY, Engine, primary
from hustings.captions.moonshine import Moonshine
from hustings.captions.whisper import Whisper
from hustings.extra import missing

log = logging.getLogger("hustings.captions")

GROUP: Final = "hustings.captions"

# What an entry point names: it is given the operator's folder of models, if there is one.
Make = Callable[[Path | None], Engine]


class Engines:
    """All engines of this installation. `models` is the operator's folder of weights, `cache` where
    weights may be unpacked."""

    def __init__(self, *, models: Path | None, cache: Path) -> None:
        self.all: list[Engine] = [*_foreign(models)]
        if not missing("captions"):
            self.all += [Moonshine(models), Whisper(models, cache)]

    def live(self, language: str) -> Engine | None:
        """Who hears this language while it is spoken."""
        return next((one for one in self.all if _speaks(one.live, language)), None)

    def whole(self, language: str) -> Engine | None:
        """Who hears a recording in this language."""
        return next((one for one in self.all if _speaks(one.whole, language)), None)


def _speaks(languages: frozenset[str], language: str) -> bool:
    return ANY in languages or primary(language) in languages


def _foreign(models: Path | None) -> list[Engine]:
    """Engines by entry point, in order of their names. One that cannot be had is told and left
    out: the others go on."""
    found = []
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            make: Make = entry.load()
            made = make(models)
            if not isinstance(made, Engine):
                raise TypeError(f"{made!r} is no engine (hustings.captions.engine.Engine)")
        except Exception as error:
            log.error("the engine %s (%s) is left out: %r", entry.name, entry.value, error)
            continue
        log.info("engine %s: live %s, afterwards %s", made.name, *map(sorted, _both(made)))
        found.append(made)
    return found


def _both(engine: Engine) -> tuple[frozenset[str], frozenset[str]]:
    return engine.live, engine.whole
