"""A rule: in which statuses a command is allowed, who may ask, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hustings.space import command as c
from hustings.space import event as e
from hustings.space.refusal import Refusal
from hustings.space.state import Role, Space, Status

HOSTS: Final = frozenset({Role.HOST, Role.COHOST})
SCHEDULED: Final = frozenset({Status.SCHEDULED})
BEFORE_END: Final = frozenset({Status.SCHEDULED, Status.DOORS, Status.LIVE, Status.HELD})
NOT_CANCELLED: Final = frozenset(Status) - {Status.CANCELLED}
ALWAYS: Final = frozenset(Status)

Made: TypeAlias = e.Decided | tuple[e.Decided, ...] | Refusal
Make: TypeAlias = Callable[[Space, Any, int], Made]


@dataclass(frozen=True, slots=True)
class Rule:
    """`make` gets the state, the command and Unix time in milliseconds. With `hosts_only` it is
    asked for hosts, co-hosts and the platform; otherwise it looks at who asks itself."""

    statuses: frozenset[Status]
    hosts_only: bool
    make: Make


def plain(event: Callable[..., e.Decided]) -> Make:
    """What makes an event that says nothing but that it happened."""

    def make(space: Space, command: c.Command, now_ms: int) -> Made:
        return event(at_ms=now_ms, by=command.by)

    return make


def not_now(status: Status) -> Refusal:
    """The refusal of what is not possible in `status`."""
    now = "not live" if status is Status.DOORS else status
    return Refusal("status", f"This is not possible while the space is {now}.")


def runs(role: Role | None) -> bool:
    """Whether `role` runs the space: a host, a co-host, the platform."""
    return role is None or role in HOSTS
