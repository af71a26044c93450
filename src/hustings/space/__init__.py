"""A space: its states, its seats, what may happen next, and what has happened. Pure.

    command ──decide──▶ events ──append──▶ log ──tail──▶ evolve ──▶ the same state at every station

`decide` turns a command into events or a refusal; whoever asked appends them by compare-and-set.
`evolve` folds what was decided (`ev`) and what the stage observed (`obs`) in the log's order.
"""

from hustings.space.command import Command
from hustings.space.decide import decide
from hustings.space.event import Decided, Event, Observed, decode, encode
from hustings.space.evolve import evolve, fold
from hustings.space.refusal import Refusal
from hustings.space.state import (
    ON_STAGE,
    Block,
    Hand,
    Pin,
    Poll,
    Publishing,
    Role,
    Seat,
    Space,
    Status,
)

__all__ = [
    "ON_STAGE",
    "Block",
    "Command",
    "Decided",
    "Event",
    "Hand",
    "Observed",
    "Pin",
    "Poll",
    "Publishing",
    "Refusal",
    "Role",
    "Seat",
    "Space",
    "Status",
    "decide",
    "decode",
    "encode",
    "evolve",
    "fold",
]
