"""The lease of a space: taking it by compare-and-set, and where the programme continues.

Whoever holds the newest lease entry is the space's stage; its sequence in the log is the epoch that
fences every append. It has no expiry: a lease is taken over when its holder is gone or has stopped
beating, which is for `beats` to judge.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from hustings import chunk as chunks
from hustings import clock
from hustings.errors import BadInput, Conflict, LogAway
from hustings.log.contract import Entry, Log
from hustings.log.subjects import Kind, message_id
from hustings.space import Space

TRIES_COUNT: Final = 3


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """What a lease says: who took it, on which boot (hex), at which reading of its boot clock."""

    instance: str
    boot_id: str
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease that is ours. `stamp_ns` is when the log server stored it, `at_ns` our boot clock's
    reading when it was asked to."""

    space: str
    epoch: int
    stamp_ns: int
    at_ns: int
    previous: Holder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """Where the programme continues: chunk `n`, of which `into_ns` have passed already.

    `n_last` is the newest chunk in the log; None: there is none, the doors' opening is the origin.
    """

    n: int
    into_ns: int
    n_last: int | None


def cause(lease: Lease, space: Space, *, boot_id: bytes) -> str:
    """Why `lease` was taken, as `StageTaken` says it."""
    if lease.previous is None:
        return "opened"
    if space.held_by_system or lease.previous.boot_id != boot_id.hex():
        return "restart"
    return "takeover"


def holder_of(entry: Entry) -> Holder:
    """What the lease in `entry` says; `BadInput` when it is not one."""
    try:
        return msgspec.json.decode(entry.data, type=Holder)
    except msgspec.MsgspecError as error:
        raise BadInput("lease", expected="a JSON lease", got=str(error)) from error


async def take(log: Log, space: str, *, holder: Holder, over: Entry | None) -> Lease | None:
    """Take the lease of `space` over the entry `over`; None when somebody else was first.

    An append whose answer was lost is repeated with the same message id, so that it is stored once.
    Raises `LogAway` when the log stays silent.
    """
    expected = over.seq if over is not None else 0
    data = msgspec.json.encode(holder)
    # Racing stages must not look like one repeated append to the log.
    once = message_id(space, Kind.LEASE, epoch=expected, number=secrets.randbits(63))
    for attempt in range(1, TRIES_COUNT + 1):
        try:
            epoch = await log.append(space, Kind.LEASE, data, message_id=once, expect=expected)
            break
        except Conflict:
            return None
        except LogAway:
            if attempt == TRIES_COUNT:
                raise
    stored = await log.last(space, Kind.LEASE)
    if stored is None or stored.seq != epoch:
        return None
    previous = holder_of(over) if over is not None else None
    return Lease(
        space=space,
        epoch=epoch,
        stamp_ns=stored.stamp_ns,
        at_ns=holder.at_ns,
        previous=previous,
    )


async def resumption(
    log: Log, lease: Lease, *, boot_id: bytes, boottime_ns: Callable[[], int]
) -> Resumption:
    """Where the holder of `lease` continues the programme, as of the moment of return.

    On the same boot the boot clock says how long the programme has been without a stage. On another
    boot or another machine the log server's stamps of the last chunk and of the lease say it,
    because two stamps of one server need no two wall clocks to agree, and our clock goes on there.
    """
    entry = await log.last(lease.space, Kind.MIX)
    if entry is None:
        return Resumption(n=0, into_ns=0, n_last=None)
    last = chunks.unpack(entry.data)
    # The clock is read when the log has answered, which may take it a while after a failure.
    now_ns = boottime_ns()
    if last.boot_id == boot_id:
        elapsed_ns = now_ns - last.boottime_ns
    else:
        elapsed_ns = lease.stamp_ns - entry.stamp_ns + now_ns - lease.at_ns
    n = clock.resume_number(last_n=last.n, elapsed_ns=elapsed_ns)
    return Resumption(n=n, into_ns=max(0, elapsed_ns) % clock.CHUNK_NS, n_last=last.n)
