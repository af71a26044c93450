"""The interface of a role: what `run` hands to a station's `serve`, and what it expects back.

A station's service is one coroutine, `async def serve(context: Context) -> None`. It sets itself
up, calls `context.ready()` once it can do its work, runs everything inside its own TaskGroup, and
returns soon after `context.stopping` is set. An exception ends the whole process; `serve` (the
supervisor) decides what then.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from hustings.config import Settings
from hustings.keys import Keys
from hustings.log.contract import Live, Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a role may use.

    `listener` is a listening TCP socket for roles that serve HTTP (web, gate, edge), else None. The
    supervisor keeps it open while a role restarts, so that connections wait instead of being
    refused. `instance` names this process uniquely ("stage-0-4711-box").
    `hurry` is set when everything else stops as well, so that there is nobody to hand over to.
    """

    settings: Settings
    instance: str
    log: Log
    live: Live
    keys: Keys
    listener: socket.socket | None
    ready: Callable[[], None]
    stopping: asyncio.Event
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
