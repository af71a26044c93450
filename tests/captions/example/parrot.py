"""An engine of an operator's own, as docs/captions.md shows it: it says how long somebody spoke.

Its folder of models may hold `parrot.json` with the seconds that it takes for each answer.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from hustings.captions.engine import ANY, RATE, Sound, Word


class Parrot:
    """The engine, for every language, live and afterwards."""

    name = "parrot"
    live = frozenset({ANY})
    whole = frozenset({ANY})

    def __init__(self, models: Path | None) -> None:
        file = models / "parrot.json" if models else None
        self.takes_s: float = json.loads(file.read_text())["takes_s"] if file else 0.0

    def open_live(self, language: str) -> Parrot:
        """Nothing has to be loaded."""
        return self

    def open_whole(self, language: str) -> Parrot:
        """Nothing has to be loaded."""
        return self

    def partial(self, sound: Sound, *, before: str) -> str:
        """What was said so far."""
        return self.final(sound, before=before)

    def final(self, sound: Sound, *, before: str) -> str:
        """What was said in all."""
        time.sleep(self.takes_s)
        return f"{len(sound) / RATE:.1f} seconds"

    def words(self, sound: Sound) -> list[Word]:
        """The words of a recording."""
        half_ms = len(sound) * 500 // RATE
        return [
            Word(0, half_ms, f" {len(sound) / RATE:.1f}"),
            Word(half_ms, 2 * half_ms, " seconds."),
        ]
