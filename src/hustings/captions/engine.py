"""What an engine is: whoever turns speech into words, ours or an operator's own.

An engine is found by entry point (group `hustings.captions`, see `docs/captions.md`). It is given
sound of one person at a time, 16,000 samples a second, float32 from -1 to 1, one channel; silence
around it was cut off before, and noise without speech was left out as far as that can be told.

Methods run in a thread or process of their own: they may take their time, and never block sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Sound: TypeAlias = NDArray[np.float32]

RATE: Final = 16_000
ANY: Final = "*"  # among languages: every one


@dataclass(frozen=True, slots=True)
class Word:
    """One word, or what belongs to it such as a full stop, with the milliseconds from the start of
    the sound. `text` begins with a space where the language puts one."""

    at_ms: int
    end_ms: int
    text: str


class Live(Protocol):
    """Hears while people speak. One thread uses it, for all seats in turn."""

    def partial(self, sound: Sound, *, before: str) -> str:
        """What was said so far in a stretch of speech that goes on; `sound` is all of it since it
        began, and `before` the answer for its beginning (empty at first)."""

    def final(self, sound: Sound, *, before: str) -> str:
        """What was said in a whole stretch; empty if it was no speech."""


class Whole(Protocol):
    """Hears a recording. One process uses it, for all seats in turn."""

    def words(self, sound: Sound) -> list[Word]:
        """The words of up to 30 s of one person's speech; none if it was no speech."""


@runtime_checkable
class Engine(Protocol):
    """An engine. Making one is cheap: what is heavy is loaded by `open_live` and `open_whole`.

    `live` and `whole` are the languages it can hear in each way (BCP 47 primary subtags such as
    `en`; `*` is every language), empty where it cannot.
    """

    name: str
    live: frozenset[str]
    whole: frozenset[str]

    def open_live(self, language: str) -> Live:
        """Make ready for what is said now."""

    def open_whole(self, language: str) -> Whole:
        """Make ready for recordings."""


def primary(language: str) -> str:
    """The primary subtag of a language tag, in lower case: `en` of `en-GB`."""
    return language.replace("_", "-").partition("-")[0].strip().lower()
