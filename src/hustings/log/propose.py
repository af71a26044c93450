"""The one way to decide something about a space: read, decide, append by compare-and-set, announce.

Any process may do it at any time. Of two that decide on the same state one appends; the other reads
again and decides again, on the state that the first has made. So a timer fires once, however many
nodes try.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from hustings import limits
from hustings.errors import Conflict, LogAway
from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.log.follow import read_state
from hustings.log.subjects import Kind
from hustings.space import Command, Decided, Refusal, Space, decide, encode, evolve

# What `decide` looks at. The stage's observations of a long evening are many, and not among it.
_DECIDED: Final = (Kind.EV,)


async def propose(
    log: Log,
    live: Live,
    space_id: str,
    command: Command,
    *,
    now_ms: Callable[[], int] | int,
) -> Space | Refusal:
    """Carry `command` out, or say why not.

    Returns the new state as decided (what the stage observed is not in it: `Follower` has that).
    `now_ms` is Unix time in milliseconds. `LogAway` when the log does not answer; whether the
    command was carried out is not known then, and asking again is safe. `Conflict` when the race
    was lost `limits.PROPOSE_TRIES_COUNT` times.
    """
    token = secrets.token_hex(8)
    lost: Conflict | None = None
    for attempt in range(limits.PROPOSE_TRIES_COUNT):
        space, ev_seq = await read_state(log, space_id, kinds=_DECIDED)
        now = now_ms if isinstance(now_ms, int) else now_ms()
        decided = decide(space, command, now_ms=now)
        if isinstance(decided, Refusal):
            return decided
        if space is None:
            await log.create(space_id)
        try:
            for index, event in enumerate(decided):
                message_id = f"{subjects.log(space_id, Kind.EV)}.{token}.{attempt}.{index}"
                ev_seq = await _append(log, space_id, event, expect=ev_seq, message_id=message_id)
                await live.publish(subjects.live(space_id, Kind.EV), encode(event))
                space = evolve(space or Space(id=space_id), event)
        except Conflict as error:
            lost = error
            continue
        assert space is not None, "a command that is not refused leads to an event"
        return space
    assert lost is not None
    raise lost


async def _append(log: Log, space_id: str, event: Decided, *, expect: int, message_id: str) -> int:
    data = encode(event)
    try:
        return await log.append(space_id, Kind.EV, data, message_id=message_id, expect=expect)
    except LogAway:
        # Most outages are a restart of the server, and shorter than a person's patience.
        return await log.append(space_id, Kind.EV, data, message_id=message_id, expect=expect)
