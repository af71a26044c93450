"""When the listeners of a load test arrive: a curve, and the seconds it yields. Pure but for dice.

step            all at once
ramp:SECONDS    evenly, over so many seconds
poisson:RATE    by themselves, RATE a second on average, as people do
herd            all within a quarter of a second: a crowd whose edge has just been restarted
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from hustings.errors import BadInput

# How the page's player comes back (player/feed.js): the longest first pause, doubled with each try.
FIRST_RETRY_S: Final = 0.25
RETRY_S_MAX: Final = 8.0

Shape: TypeAlias = Literal["step", "ramp", "poisson", "herd"]
_SHAPES: Final[dict[str, Shape]] = {
    "step": "step",
    "ramp": "ramp",
    "poisson": "poisson",
    "herd": "herd",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A shape; `value` is the seconds of a ramp or the listeners a second of a Poisson process."""

    shape: Shape
    value: float = 0.0


def parse(text: str) -> Curve:
    """The curve that `text` names; `BadInput` when it names none."""
    name, colon, number = text.partition(":")
    shape = _SHAPES.get(name)
    needs_number = shape in ("ramp", "poisson")
    try:
        value = float(number) if colon else 0.0
    except ValueError:
        value = -1.0
    if shape is None or needs_number != bool(colon) or not 0 <= value < 1e6:
        raise BadInput("arrivals", expected="step, herd, ramp:SECONDS or poisson:RATE", got=text)
    if needs_number and value == 0:
        raise BadInput("arrivals", expected=f"{name} with a number above 0", got=text)
    return Curve(shape, value)


def seconds(curve: Curve, count: int, dice: random.Random) -> list[float]:
    """When each of `count` listeners arrives, in order, from 0."""
    match curve.shape:
        case "step":
            return [0.0] * count
        case "ramp":
            return [curve.value * i / count for i in range(count)]
        case "herd":
            return sorted(dice.uniform(0.0, FIRST_RETRY_S) for _ in range(count))
        case "poisson":
            at = 0.0
            out = []
            for _ in range(count):
                at += dice.expovariate(curve.value)
                out.append(at)
            return out


def pause(tries: int, retry_after_s: float | None, dice: random.Random) -> float:
    """Seconds until a player tries again, after `tries` attempts in a row that came to nothing.

    Uniform from zero to a bound that doubles ("full jitter"), so that a crowd which lost its edge
    at one moment does not come back at one moment. It comes on top of what a server asks for.
    """
    bound = min(RETRY_S_MAX, FIRST_RETRY_S * 2.0 ** min(tries, 16))
    return (retry_after_s or 0.0) + dice.uniform(0.0, bound)
