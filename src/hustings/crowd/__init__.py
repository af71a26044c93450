"""The crowd: who listens on which rung, how that is counted, and how edges tell each other. Pure.

    rung      the steps of the ladder
    sketch    how many different visitors there were, without a list of them
    gauge     what an edge says once a second, and the sum over all edges

`docs/recording.md` states the method of every figure.
"""

from hustings.crowd.gauge import REACTIONS, Gauge, Here, Sums
from hustings.crowd.rung import HEARING, Rung
from hustings.crowd.sketch import Sketch, hashed

__all__ = ["HEARING", "REACTIONS", "Gauge", "Here", "Rung", "Sketch", "Sums", "hashed"]
