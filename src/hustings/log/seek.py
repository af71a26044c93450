"""Where a chunk stands in the log: a binary search over sequences, because both only grow."""

from __future__ import annotations

from hustings import chunk
from hustings.errors import LogAway
from hustings.log.contract import Log
from hustings.log.subjects import Kind


async def seek_chunk(log: Log, space: str, n: int) -> int | None:
    """Log sequence of the first chunk whose number is `n` or greater; None when there is none yet.

    Some twenty questions for an evening of sound. Raises as `Log.next` does.
    """
    last = await log.last(space, Kind.MIX)
    if last is None or chunk.unpack(last.data).n < n:
        return None
    # The first chunk at or after `high` is wanted or later than wanted, and stands at `found`.
    low, high, found = 1, last.seq, last.seq
    while low < high:
        middle = (low + high) // 2
        entry = await log.next(space, Kind.MIX, seq=middle)
        if entry is None:
            # Something stands there: the copy of the log that answered lags behind the leader's.
            raise LogAway(f"space {space}: a copy of the log ends before {middle}")
        if chunk.unpack(entry.data).n < n:
            low = entry.seq + 1
        else:
            high, found = middle, entry.seq
    return found
