"""What people do with spaces: make them, invite to them, command them, take a seat's ticket.

Everything inside a space is decided by `space.decide` and appended through `log/propose.py`; the
catalogue is brought up to date behind it. Without the log nothing is decided: the doors never open
onto something that is not recorded.
"""

from __future__ import annotations

import contextlib
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.exc import OperationalError

from hustings import limits, ticket
from hustings.errors import BadInput, LogAway
from hustings.keys import Keys
from hustings.log import subjects
from hustings.log.api import NoStream
from hustings.log.contract import Live, Log
from hustings.log.follow import Fold, read_on
from hustings.log.propose import Proposals
from hustings.log.subjects import Kind
from hustings.space import Command, Event, Refusal, Role, Space, Status, decide, decode
from hustings.space import command as c
from hustings.space.charge_command import HandBack, PutInCharge, SetDeputy
from hustings.space.command import GrantSeat, OpenDoors, RevokeSeat, Schedule
from hustings.space.presence import SetAway
from hustings.ticket import Scope, Ticket
from hustings.web import secret
from hustings.web.catalogue import Catalogue, Invite, Listed
from hustings.web.problem import Problem
from hustings.web.watch import Watches

log = logging.getLogger("hustings.web")

SEAT_CHARS = 8
_OVER = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD, Status.CANCELLED})
# What happens within a space and stands in no list.
_WITHIN: Final = frozenset({
    *(c.GrantSeat, c.RevokeSeat, c.MuteSeat, c.UnmuteSeat, c.SetSeatRole, c.AskUnmute),
    *(c.RaiseSeatHand, c.LowerSeatHand, c.DenoiseSeat, SetDeputy, PutInCharge, HandBack, SetAway),
    *(c.SetRoom, c.RaiseHand, c.LowerHand, c.InviteHand, c.UninviteHand),
    *(c.OpenPoll, c.ClosePoll, c.Pin, c.Unpin, c.EndSoon, c.KeepGoing, c.Rehearse),
    *(c.RemoveMessage, c.RestoreMessage, c.MarkQuestion, c.BlockPerson, c.UnblockPerson),
})  # fmt: skip


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
        self.ends: dict[str, int] = {}  # announced, by space, as Unix milliseconds
        self._proposals = Proposals(log, live)
        self._folds: OrderedDict[str, Fold] = OrderedDict()  # of spaces that nobody follows

    async def create(
        self,
        schedule: Schedule,
        *,
        owner_id: str,
        host_name: str,
        now_ms: int,
        occurrence: int = -1,
    ) -> Space | Refusal:
        """A new space with its host's seat granted, or why it cannot be made. Each `occurrence` of
        its series is made once."""
        refusal = decide(None, schedule, now_ms=now_ms)
        if isinstance(refusal, Refusal):
            return refusal
        space_id, seat = secret.identifier(), secret.identifier(SEAT_CHARS)
        await self._log.create(space_id)
        made = await self._proposals.propose(space_id, schedule, now_ms=now_ms)
        if isinstance(made, Refusal):
            return made
        grant = GrantSeat(
            by=owner_id,
            seat=seat,
            name=host_name,
            seat_role=Role.HOST,
            person=f"a-{owner_id}",
        )
        made = await self._proposals.propose(space_id, grant, now_ms=now_ms)
        if isinstance(made, Refusal) or await self._catalogue.add(
            made, owner_id=owner_id, seat=seat, now_ms=now_ms, occurrence=occurrence
        ):
            return made
        # It stands in no list, and whoever reads all logs sees that it does not take place.
        await self._proposals.propose(space_id, c.Cancel(by=owner_id), now_ms=now_ms)
        return Refusal("race", "Others change this series at this moment. Look at it again.")

    async def state(self, space_id: str) -> Space:
        """The space as its log tells it; while the log is away, as it was last seen.

        A space that somebody follows is folded already, but for what was decided this moment; of
        any other the fold that was read last is read on.
        """
        space = await self._state(space_id)
        if space is None:
            raise Problem(404, "not-found", "This space has no log any more.")
        return space

    async def _state(self, space_id: str) -> Space | None:
        followed, ev_seq = self._watches.known(space_id)
        try:
            if followed is None:
                return await self._read_on(space_id)
            newest = await self._log.last(space_id, Kind.EV)
            if newest is None or newest.seq == ev_seq:
                return followed
            # What was observed since is folded twice, and says the same twice.
            fold = Fold(followed, ev_seq, ev_seq)
            return (await read_on(self._log, space_id, fold)).space
        except LogAway:
            kept = self._folds.get(space_id)
            if followed is None and kept is None:
                raise
            return followed or (kept.space if kept else None)

    async def _read_on(self, space_id: str) -> Space | None:
        fold = self._folds.get(space_id)
        if fold is None and not await self._log.exists(space_id):
            return None
        try:
            fold = await read_on(self._log, space_id, fold or Fold())
        except NoStream:
            self._folds.pop(space_id, None)
            return None
        self._folds[space_id] = fold
        self._folds.move_to_end(space_id)
        if len(self._folds) > limits.FOLDS_COUNT:
            self._folds.popitem(last=False)
        return fold.space

    async def decided(self, space_id: str) -> Space | None:
        """The space as it was decided, without what the stage observes; None if it has no log."""
        return await self._proposals.state(space_id)

    async def history(self, space_id: str, *, after: int) -> list[tuple[int, Event]]:
        """What was decided in a space after that sequence, each with its own. Events of a newer
        version are left out; so is everything if the log is gone."""
        try:
            newest = await self._log.last(space_id, Kind.EV)
            if newest is None or newest.seq <= after:
                return []
            found = [entry async for entry in self._log.read(space_id, (Kind.EV,), after=after)]
        except NoStream:
            return []
        events: list[tuple[int, Event]] = []
        for entry in found:
            with contextlib.suppress(BadInput):
                events.append((entry.seq, decode(entry.data)))
        return events

    async def command(self, space_id: str, command: Command, *, now_ms: int) -> Space | Refusal:
        """Carry out a command: the state after it, or why not."""
        result = await self._proposals.propose(space_id, command, now_ms=now_ms)
        if isinstance(result, Space):
            self._note_end(result)
        if isinstance(result, Space) and type(command) not in _WITHIN:
            if isinstance(command, OpenDoors):
                await self._live.publish(subjects.STAGE_OPEN, space_id.encode())
            try:
                await self._catalogue.refresh(result)
            except OperationalError as error:
                # It is decided, whatever lists say; the timers bring them up to date later.
                log.warning("space %s: the catalogue is behind: %s", space_id, error)
        await self._watches.caught_up(space_id)
        return result

    async def reconcile(self, listed: Listed) -> Space | None:
        """Bring one row of the catalogue up to date with the log; the space as it was decided."""
        space = await self.decided(listed.id)
        if space is None:
            log.warning("space %s is in the catalogue and has no log", listed.id)
        else:
            self._note_end(space)
            await self._catalogue.refresh(space)
        return space

    def _note_end(self, space: Space) -> None:
        if space.ends_at_ms is None:
            self.ends.pop(space.id, None)
        else:
            self.ends[space.id] = space.ends_at_ms

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
        self, space_id: str, *, by: str, role: Role, seat: str, now_ms: int, reason: str = ""
    ) -> Space | Refusal:
        """Take a seat away, or step down. The link ends first, so that it never outlives it."""
        revoke = RevokeSeat(by=by, role=role, seat=seat, reason=reason)
        trial = decide(await self.state(space_id), revoke, now_ms=now_ms)
        if isinstance(trial, Refusal):
            return trial
        await self._catalogue.uninvite(space_id, seat)
        return await self.command(space_id, revoke, now_ms=now_ms)

    async def accept(
        self, invite: Invite, name: str, *, now_ms: int, person: str = ""
    ) -> Space | Refusal:
        """Take the seat that an invitation leads to, under a name of one's own.

        A name that differs is granted anew. Somebody who is on stage keeps theirs: renaming would
        put them off it. An invitation whose seat is missing was cut short here: taking a seat away
        ends its invitation first. `person` takes it if that is known, and has no other seat here.
        """
        space = await self.state(invite.space)
        if space.status in _OVER:
            return Refusal("status", f"This space is {space.status}.")
        if person in space.blocked:
            return Refusal("blocked", "You are blocked from this space.")
        if any(one.person == person and one.id != invite.seat for one in space.seats.values()):
            person = ""
        seat = space.seats.get(invite.seat)
        known = seat is not None and person in ("", seat.person)
        if seat is not None and (seat.connected or (seat.name == name.strip() and known)):
            return space
        role = invite.role if seat is None else seat.role
        grant = GrantSeat(
            by=invite.seat, seat=invite.seat, name=name, seat_role=role, person=person
        )
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

    async def block(self, space_id: str, block: c.BlockPerson, *, now_ms: int) -> Space | Refusal:
        """Block a person. The links to their seats end first."""
        space = await self.state(space_id)
        trial = decide(space, block, now_ms=now_ms)
        if isinstance(trial, Refusal):
            return trial
        for seat in space.seats.values():
            if seat.person == block.person:
                await self._catalogue.uninvite(space_id, seat.id)
        return await self.command(space_id, block, now_ms=now_ms)

    def ticket(
        self, space: Space, seat: str, *, now_ms: int, lasts_s: int = limits.TICKET_SPEAK_S
    ) -> Right:
        """The right to speak from a seat, signed. A space that is over gives none."""
        if space.status in _OVER:
            raise Problem(409, "status", f"This space is {space.status}.")
        holder = space.seats.get(seat)
        if holder is None:
            raise Problem(403, "seat", "You have no seat in this space.")
        until_s = now_ms // 1000 + lasts_s
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

    def listening(self, space: str, *, scope: Scope, now_ms: int, person: str = "") -> str:
        """A right in a private space: to listen, or to be let in. It names a `person` if that one
        is on the list of those who may listen, and nobody if it came by the link."""
        lasts_s = limits.INVITE_S if scope is Scope.INVITE else limits.TICKET_LISTEN_S
        until_s = now_ms // 1000 + lasts_s
        right = ticket.Ticket(
            space=space, seat="", name="", role="", scope=scope, exp=until_s, person=person
        )
        return ticket.sign(right, private_key=self._keys.ticket_private())

    def invited(self, token: str, *, scope: Scope, now_ms: int) -> str:
        """The space in which `token` gives that right; `BadInput` if it gives it nowhere."""
        return self.right(token, scope=scope, now_ms=now_ms).space

    def right(self, token: str, *, scope: Scope, now_ms: int) -> Ticket:
        """The right that `token` gives; `BadInput` if it is another one, or none."""
        right = ticket.verify(token, public_key=self._keys.ticket_public(), now=now_ms / 1000)
        if right.scope is not scope:
            raise BadInput("ticket", expected=f"one to {scope}", got=right.scope)
        return right
