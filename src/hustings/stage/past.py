"""What earlier stages of a space have observed, as far as the next one continues from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hustings.errors import BadInput
from hustings.log.contract import Log
from hustings.log.subjects import Kind
from hustings.space import decode
from hustings.space.event import OnAir, SeatJoined


@dataclass(slots=True)
class Past:
    """`joins` counts the transports of each seat; `on_air` is what the last `OnAir` said, which
    stands at `on_air_seq` (0: there was none)."""

    joins: dict[str, int] = field(default_factory=dict)
    on_air: bool = False
    on_air_seq: int = 0


async def read_past(log: Log, space: str) -> Past:
    """Read it from the log. Raises as `Log.read` does."""
    past = Past()
    async for entry in log.read(space, (Kind.OBS,)):
        # Most observations are who speaks: they are passed over undecoded.
        if b'"seat_joined"' not in entry.data and b'"on_air"' not in entry.data:
            continue
        try:
            event = decode(entry.data)
        except BadInput:
            continue  # of a newer version
        match event:
            case SeatJoined(seat=seat, join=join):
                past.joins[seat] = max(join, past.joins.get(seat, 0))
            case OnAir(live=live):
                past.on_air, past.on_air_seq = live, entry.seq
    return past
