"""What moderators do about a report: one decision, the steps it takes, and taking it back.

    removed     the message or question is taken down, the seat is taken away
    blocked     that, and its author is blocked from the space
    suspended   that, and its author is suspended from the site
    dismissed   it stands

A case remembers which steps its decision took: taking it back undoes those and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hustings.space import Command, Refusal, Role
from hustings.space import command as c
from hustings.space import decide as decide_in
from hustings.web.accounts import Account
from hustings.web.order.blocks import keep_out
from hustings.web.order.reports import Case, Outcome
from hustings.web.order.suspend import may_reinstate, reinstate, suspend, suspendable, until
from hustings.web.problem import Problem, refused
from hustings.web.studio import Studio

_STEPS: Final = {
    Outcome.REMOVED: ("remove",),
    Outcome.BLOCKED: ("remove", "block"),
    Outcome.SUSPENDED: ("remove", "suspend"),
    Outcome.DISMISSED: (),
}
_UNDONE: Final = ("remove", "block")
_WRITTEN: Final = ("message", "question")
_TAKEN: Final = "Somebody else has decided this in the meantime."


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided, why, by whom; `days` None suspends for good."""

    outcome: Outcome
    reason: str
    by: Account
    days: int | None = None


def possible(case: Case) -> list[Outcome]:
    """What can be decided about this case."""
    kind, person = case.thing.kind, case.thing.person
    out = []
    if kind != "space":
        out.append(Outcome.REMOVED)
    if person and kind != "space":
        out.append(Outcome.BLOCKED)
    if person:
        out.append(Outcome.SUSPENDED)
    return [*out, Outcome.DISMISSED]


async def decide(studio: Studio, case: Case, decision: Decision, *, now_ms: int) -> None:
    """Carry the decision out; of two who decide at once, one does."""
    if decision.outcome not in possible(case):
        raise Problem(409, "report", "This cannot be decided about what was reported.")
    await _can(studio, case, decision, now_ms=now_ms)
    won = await studio.reports.decide(
        case,
        decision.outcome,
        by=f"a-{decision.by.id}",
        by_name=decision.by.name,
        reason=decision.reason,
        now_ms=now_ms,
    )
    if not won:
        raise Problem(409, "done", _TAKEN)
    did: list[str] = []
    try:
        for step in _STEPS[decision.outcome]:
            if step == "remove" and case.thing.kind == "space":
                continue
            if done := await _take(studio, case, step, decision, now_ms=now_ms):
                did.append(done)
                await studio.reports.done(case, tuple(did))
    except BaseException:
        if not did:
            # Nothing was done: the case waits on.
            await studio.reports.reopen(
                case,
                by=f"a-{decision.by.id}",
                by_name=decision.by.name,
                reason="It could not be carried out.",
                now_ms=now_ms,
            )
        raise


async def _can(studio: Studio, case: Case, decision: Decision, *, now_ms: int) -> None:
    """A problem for what would be refused half-way, after the first of its steps."""
    thing, by = case.thing, decision.by
    if decision.outcome is Outcome.SUSPENDED:
        await suspendable(studio, thing.person, by)
    elif decision.outcome is Outcome.BLOCKED:
        space = await studio.spaces.state(case.space)
        block = _block(thing.person, thing.name, decision.reason, by)
        trial = decide_in(space, block, now_ms=now_ms)
        if isinstance(trial, Refusal) and trial.code not in _SETTLED:
            raise refused(trial)


async def undo(studio: Studio, case: Case, *, reason: str, by: Account, now_ms: int) -> None:
    """Take the decision back, with what it did."""
    if case.outcome is None:
        raise Problem(409, "done", "There is no decision to take back.")
    person, by_name = case.thing.person, by.name
    # A suspension that was made since, for something else, is not this decision's to lift.
    studio.suspensions.forget()
    lasting = await studio.suspensions.of(person, now_ms=now_ms)
    if lasting is not None and f"suspend:{lasting.id}" in case.did:
        await may_reinstate(studio, person, by)
        await reinstate(
            studio, lasting, reason=reason, by=by.person, by_name=by_name, now_ms=now_ms
        )
    elif lasting is not None and case.thing.kind == "seat":
        raise Problem(409, "suspended", "Who sat here is suspended from the whole site.")
    for step in case.did:
        if step in _UNDONE:
            await _undo(studio, case, step, reason=reason, by=by, now_ms=now_ms)
    await studio.reports.reopen(
        case, by=f"a-{by.id}", by_name=by.name, reason=reason, now_ms=now_ms
    )


async def _take(studio: Studio, case: Case, step: str, decision: Decision, *, now_ms: int) -> str:
    """Take the step; under which name it is undone. "": it is so already, nobody's to undo."""
    thing, by = case.thing, decision.by
    if step == "suspend":
        if await studio.suspensions.of(thing.person, now_ms=now_ms) is not None:
            return ""
        made = await suspend(
            studio,
            thing.person,
            name=thing.name,
            reason=decision.reason,
            until_ms=until(decision.days, now_ms=now_ms),
            by=by,
            now_ms=now_ms,
        )
        return f"suspend:{made.id}"
    did = "person.blocked"
    command: Command
    if step == "block":
        command = _block(thing.person, thing.name, decision.reason, by)
    elif thing.kind in _WRITTEN:
        did = f"{thing.kind}.removed"
        command = c.RemoveMessage(by=by.id, message=thing.id, reason=decision.reason)
    else:
        did = "seat.removed"
        # The link ends first, so that it never outlives the seat.
        await studio.catalogue.uninvite(case.space, thing.id)
        command = c.RevokeSeat(by=by.id, seat=thing.id, reason=decision.reason)
    reason = decision.reason
    done = await _carry(studio, case, command, did, reason=reason, by=by, now_ms=now_ms)
    return step if done else ""


async def _undo(
    studio: Studio, case: Case, step: str, *, reason: str, by: Account, now_ms: int
) -> None:
    thing = case.thing
    command: Command
    if step == "block":
        did = "person.unblocked"
        command = c.UnblockPerson(by=by.id, person=thing.person, reason=reason)
    elif thing.kind in _WRITTEN:
        did = f"{thing.kind}.restored"
        command = c.RestoreMessage(by=by.id, message=thing.id)
    else:
        did = "seat.restored"
        space = await studio.spaces.state(case.space)
        before = space.seats_removed.get(thing.id)
        command = c.GrantSeat(
            by=by.id,
            seat=thing.id,
            name=thing.name,
            seat_role=before.role if before else Role.SPEAKER,
            person=thing.person,
        )
    await _carry(studio, case, command, did, reason=reason, by=by, now_ms=now_ms)


def _block(person: str, name: str, reason: str, by: Account) -> Command:
    return c.BlockPerson(by=by.id, person=person, name=name, reason=reason)


async def _carry(
    studio: Studio,
    case: Case,
    command: Command,
    did: str,
    *,
    reason: str,
    by: Account,
    now_ms: int,
) -> bool:
    """Have the space decide it, in the platform's name; write it down. False: it is so already."""
    if isinstance(command, c.BlockPerson):
        space = await studio.spaces.state(case.space)
        result = await keep_out(studio, space, command, now_ms=now_ms)
    else:
        result = await studio.spaces.command(case.space, command, now_ms=now_ms)
    if isinstance(result, Refusal):
        if result.code in _SETTLED:
            return False
        raise refused(result)
    await studio.audit.add(
        by=f"a-{by.id}",
        by_name=by.name,
        did=did,
        space=case.space,
        about=case.thing.named,
        person=case.thing.person,
        reason=reason,
        snapshot=case.thing.words,
        now_ms=now_ms,
    )
    return True


# It is so already; the seat has gone; the space is over, and its room with it.
_SETTLED: Final[Sequence[str]] = ("done", "missing", "seat", "status")
