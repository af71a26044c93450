"""A space in the making for the tests of its decisions: what is allowed, and what is refused."""

from __future__ import annotations

from typing import Any

from hustings import space
from hustings.space import Refusal, Role, Space
from hustings.space import command as c

NOW = 1_700_000_000_000
HOST: dict[str, Any] = {"by": "host", "role": Role.HOST}


class Evening:
    """A space that commands are given to, one after the other."""

    def __init__(self, *commands: c.Command, **scheduled: Any) -> None:
        self.state: Space | None = None
        self.now_ms = NOW
        self.do(c.Schedule(by="a", title="Talk", **scheduled))
        self.do(c.GrantSeat(by="a", seat="host", name="Ann", seat_role=Role.HOST, person="a-ann"))
        for command in commands:
            self.do(command)

    @property
    def space(self) -> Space:
        assert self.state is not None
        return self.state

    def do(self, command: c.Command) -> Space:
        """The state after a command that must be allowed."""
        made = space.decide(self.state, command, now_ms=self.now_ms)
        assert not isinstance(made, Refusal), made
        assert made, "a command that is not refused leads to an event"
        for event in made:
            assert space.decode(space.encode(event)) == event
            self.state = space.evolve(self.state or Space(id="abcdefghij"), event)
        return self.space

    def refused(self, command: c.Command) -> str:
        """The code of a command's refusal."""
        made = space.decide(self.state, command, now_ms=self.now_ms)
        assert isinstance(made, Refusal), made
        assert made.reason[0].isupper() or made.reason[0].isdigit()
        assert made.reason.endswith(".")
        return made.code


def doors(**scheduled: Any) -> Evening:
    """A space whose doors are open."""
    return Evening(c.OpenDoors(by="timer"), **scheduled)


def live(**scheduled: Any) -> Evening:
    """A space that is live."""
    return Evening(c.OpenDoors(by="timer"), c.GoLive(**HOST), **scheduled)


def hand(person: str, note: str = "", *, role: Role | None = Role.LISTENER) -> c.RaiseHand:
    """A person's own hand."""
    return c.RaiseHand(by=person, role=role, person=person, name=person[2:].title(), note=note)
