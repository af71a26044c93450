"""Making a space's log again of what the store has of it: after an import, or when the log is gone.

Only decisions come back, with the ids that they always get here: killed at any moment and begun
again, it appends each once. The sound stays where it is, in the store.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from hustings.errors import BadInput, Conflict, LogError, StoreError
from hustings.log import subjects
from hustings.log.contract import Log
from hustings.log.subjects import Kind
from hustings.store import decided, layout
from hustings.store.decided import Decision
from hustings.store.objects import Objects

_log: Final = logging.getLogger("hustings.archive")


async def logged(log: Log, space: str) -> tuple[Decision, ...]:
    """What the log has of decisions; nothing if there is no log."""
    if not await log.exists(space):
        return ()
    return tuple(
        [
            decided.decision(entry.seq, entry.stamp_ns, entry.data)
            async for entry in log.read(space, (Kind.EV,))
        ]
    )


async def revive(log: Log, space: str, decisions: Sequence[Decision]) -> int:
    """Append what the log does not have yet; how many that were.

    `LogError` when the log has something else in that place: it is another space then.
    """
    there = await logged(log, space)
    if decided.joined(there, decisions) != (*there, *decisions[len(there) :]):
        raise LogError(f"space {space}: its log says something else than what is in the store")
    await log.create(space)
    last = there[-1].seq if there else 0
    for number, one in enumerate(decisions[len(there) :], len(there)):
        last = await log.append(
            space,
            Kind.EV,
            bytes(one.event),
            message_id=f"{subjects.log(space, Kind.EV)}.again.{number}",
            expect=last,
        )
    return len(decisions) - len(there)


async def revive_lost(log: Log, objects: Objects) -> list[str]:
    """Make the logs again of the spaces that only the store has; which those were."""
    known, found = set(await log.spaces()), []
    for space in await objects.folders(layout.SPACES):
        if space in known:
            continue
        try:
            data = await objects.whole(layout.events(subjects.checked(space)))
            if data is None:
                continue  # it is not posted: what is there of it belongs to nobody
            decisions = decided.decode(data)
            if decisions:
                await revive(log, space, decisions)
                found.append(space)
        except (BadInput, Conflict, StoreError) as error:
            _log.warning("space %s: its log is not made again: %s", space, error)
    return found
