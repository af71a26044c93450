"""What people do with spaces: make them, invite to them, command them, take a seat's ticket.

Everything inside a space is decided by `space.decide` and appended through `log/propose.py`; the
catalogue is brought up to date behind it. Without the log nothing is decided: the doors never open
onto something that is not recorded.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from sqlalchemy.exc import OperationalError

from hustings import limits, ticket
from hustings.errors import BadInput, LogAway
from hustings.keys import Keys
from hustings.log import subjects
from hustings.log.contract import Live, Log
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Command, Refusal, Role, Space, Status, decide
from hustings.space.command import GrantSeat, OpenDoors, RevokeSeat, Schedule
from hustings.ticket import Scope
from hustings.web import secret
from hustings.web.catalogue import Catalogue, Invite, Listed
from hustings.web.problem import Problem
from hustings.web.watch import Watches

log = logging.getLogger("hustings.web")

SEAT_CHARS = 8
_OVER = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD, Status.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """A seat that was just granted, and the secret of the link that leads to it."""

    seat: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A ticket for the gate, and when it ends (Unix milliseconds)."""

    token: str
    expires_at_ms: int


class Spaces:
    """The spaces of this studio. `now_ms` is Unix milliseconds everywhere."""

    def __init__(
        self, *, log: Log, live: Live, keys: Keys, catalogue: Catalogue, watches: Watches
    ) -> None:
        self._log = log
        self._live = live
        self._keys = keys
        self._catalogue = catalogue
        self._watches = watches

    async def create(
        self, schedule: Schedule, *, owner_id: str, host_name: str, now_ms: int
    ) -> Space | Refusal:
        """A new space with its host's seat granted, or why it cannot be made."""
        refusal = decide(None, schedule, now_ms=now_ms)
        if isinstance(refusal, Refusal):
            return refusal
        space_id, seat = secret.identifier(), secret.identifier(SEAT_CHARS)
        await self._log.create(space_id)
        made = await propose(self._log, self._live, space_id, schedule, now_ms=now_ms)
        if isinstance(made, Refusal):
            return made
        grant = GrantSeat(by=owner_id, seat=seat, name=host_name, seat_role=Role.HOST)
        made = await propose(self._log, self._live, space_id, grant, now_ms=now_ms)
        if isinstance(made, Space):
            await self._catalogue.add(made, owner_id=owner_id, seat=seat, now_ms=now_ms)
        return made

    async def state(self, space_id: str) -> Space:
        """The space as its log tells it; while the log is away, as it was last seen.

        A space that somebody follows is folded already. One look at the log's last decision tells
        whether that fold holds everything that was decided.
        """
        space = await self._state(space_id)
        if space is None:
            raise Problem(404, "not-found", "This space has no log any more.")
        return space

    async def _state(self, space_id: str) -> Space | None:
        space, ev_seq = self._watches.known(space_id)
        try:
            if space is not None:
                newest = await self._log.last(space_id, Kind.EV)
                if newest is not None and newest.seq == ev_seq:
                    return space
            return (await read_state(self._log, space_id))[0]
        except LogAway:
            if space is None:
                raise
            return space

    async def command(self, space_id: str, command: Command, *, now_ms: int) -> Space | Refusal:
        """Carry out a command: the state after it, or why not."""
        result = await propose(self._log, self._live, space_id, command, now_ms=now_ms)
        if isinstance(result, Space):
            if isinstance(command, OpenDoors):
                await self._live.publish(subjects.STAGE_OPEN, space_id.encode())
            try:
                await self._catalogue.refresh(result)
            except OperationalError as error:
                # It is decided, whatever lists say; the timers bring them up to date later.
                log.warning("space %s: the catalogue is behind: %s", space_id, error)
        return result

    async def reconcile(self, listed: Listed) -> None:
        """Bring one row of the catalogue up to date with the log."""
        space, _ = await read_state(self._log, listed.id, kinds=(Kind.EV,))
        if space is None:
            log.warning("space %s is in the catalogue and has no log", listed.id)
        elif (space.title, space.status, space.starts_at_ms, space.doors_at_ms) != (
            listed.title,
            listed.status,
            listed.starts_at_ms,
            listed.doors_at_ms,
        ):
            await self._catalogue.refresh(space)

    async def invite(
        self, space_id: str, *, by: str, role: Role, name: str, seat_role: Role, now_ms: int
    ) -> Invited | Refusal:
        """A new seat and the link to it."""
        seat = secret.identifier(SEAT_CHARS)
        grant = GrantSeat(by=by, role=role, seat=seat, name=name, seat_role=seat_role)
        result = await self.command(space_id, grant, now_ms=now_ms)
        if isinstance(result, Refusal):
            return result
        token = await self._catalogue.invite(space_id, seat, role=seat_role, now_ms=now_ms)
        return Invited(seat=seat, token=token)

    async def remove(
        self, space_id: str, *, by: str, role: Role, seat: str, now_ms: int
    ) -> Space | Refusal:
        """Take a seat away, or step down. The link ends first, so that it never outlives it."""
        revoke = RevokeSeat(by=by, role=role, seat=seat)
        trial = decide(await self.state(space_id), revoke, now_ms=now_ms)
        if isinstance(trial, Refusal):
            return trial
        await self._catalogue.uninvite(space_id, seat)
        return await self.command(space_id, revoke, now_ms=now_ms)

    async def accept(self, invite: Invite, name: str, *, now_ms: int) -> Space | Refusal:
        """Take the seat that an invitation leads to, under a name of one's own.

        A name that differs is granted anew. Somebody who is on stage keeps theirs: renaming would
        put them off it. An invitation whose seat is missing was cut short here: taking a seat away
        ends its invitation first.
        """
        space = await self.state(invite.space)
        if space.status in _OVER:
            return Refusal("status", f"This space is {space.status}.")
        seat = space.seats.get(invite.seat)
        if seat is not None and (seat.name == name.strip() or seat.connected):
            return space
        grant = GrantSeat(by=invite.seat, seat=invite.seat, name=name, seat_role=invite.role)
        trial = decide(replace(space, seats={}), grant, now_ms=now_ms)
        if isinstance(trial, Refusal):
            return trial
        if seat is not None:
            revoke = RevokeSeat(by=invite.seat, seat=invite.seat)
            gone = await self.command(invite.space, revoke, now_ms=now_ms)
            if isinstance(gone, Refusal):
                return gone
        result = await self.command(invite.space, grant, now_ms=now_ms)
        if isinstance(result, Space) and not await self._catalogue.invites(invite):
            # A host took the seat away in this very moment: that has the last word.
            revoke = RevokeSeat(by=invite.seat, seat=invite.seat)
            await self.command(invite.space, revoke, now_ms=now_ms)
            return Refusal("seat", "This invitation was taken back.")
        return result

    def ticket(self, space: Space, seat: str, *, now_ms: int) -> Right:
        """The right to speak from a seat, signed. A space that is over gives none."""
        if space.status in _OVER:
            raise Problem(409, "status", f"This space is {space.status}.")
        holder = space.seats.get(seat)
        if holder is None:
            raise Problem(403, "seat", "You have no seat in this space.")
        until_s = now_ms // 1000 + limits.TICKET_SPEAK_S
        right = ticket.Ticket(
            space=space.id,
            seat=holder.id,
            name=holder.name,
            role=holder.role,
            scope=ticket.Scope.SPEAK,
            exp=until_s,
        )
        token = ticket.sign(right, private_key=self._keys.ticket_private())
        return Right(token=token, expires_at_ms=until_s * 1000)

    def listening(self, space: str, *, scope: Scope, now_ms: int) -> str:
        """A right of somebody without a name, in a private space: to listen, or to be let in."""
        lasts_s = limits.INVITE_S if scope is Scope.INVITE else limits.TICKET_LISTEN_S
        right = ticket.Ticket(
            space=space, seat="", name="", role="", scope=scope, exp=now_ms // 1000 + lasts_s
        )
        return ticket.sign(right, private_key=self._keys.ticket_private())

    def invited(self, token: str, *, scope: Scope, now_ms: int) -> str:
        """The space in which `token` gives that right; `BadInput` if it gives it nowhere."""
        right = ticket.verify(token, public_key=self._keys.ticket_public(), now=now_ms / 1000)
        if right.scope is not scope:
            raise BadInput("ticket", expected=f"one to {scope}", got=right.scope)
        return right.space
