"""Decisions that keep order: what is taken down, which question is on stage, who is blocked.

They stay possible after the end, because the replay shows what was written.
"""

from __future__ import annotations

from typing import Final, get_args

from hustings import limits
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.charge import ROLES_STAY, keeps_role
from hustings.space.refusal import Refusal, bad_id, bad_person, name, reason
from hustings.space.rule import ALWAYS, BEFORE_END, Made, Rule
from hustings.space.state import ON_STAGE, QuestionState, Role, Space


def _remove(space: Space, command: c.RemoveMessage, now_ms: int) -> Made:
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    if wrong := bad_id(command.message, "a message"):
        return wrong
    if command.message in space.removed:
        return Refusal("done", "This is removed already.")
    if len(space.removed) >= limits.REMOVED_COUNT:
        return Refusal("full", f"{limits.REMOVED_COUNT:,} messages are removed. Close the chat.")
    return e.MessageRemoved(at_ms=now_ms, by=command.by, message=command.message, reason=why)


def _restore(space: Space, command: c.RestoreMessage, now_ms: int) -> Made:
    if command.message not in space.removed:
        return Refusal("missing", "This is not removed.")
    return e.MessageRestored(at_ms=now_ms, by=command.by, message=command.message)


def _mark(space: Space, command: c.MarkQuestion, now_ms: int) -> Made:
    question, state = command.question, command.state
    if state not in get_args(QuestionState):
        return Refusal("value", "A question is open, on stage, or answered.")
    if wrong := bad_id(question, "a question"):
        return wrong
    if question in space.removed and state != "open":
        return Refusal("missing", "This question is removed.")
    if state == question_state(space, question):
        return Refusal("done", "This question is marked so already.")
    if state == "answered" and len(space.answered) >= limits.QUESTIONS_COUNT:
        return Refusal("full", f"{limits.QUESTIONS_COUNT} questions are answered already.")
    return e.QuestionMarked(at_ms=now_ms, by=command.by, question=question, state=state)


def question_state(space: Space, question: str) -> QuestionState:
    """Where a question stands."""
    if space.asking == question:
        return "asking"
    return "answered" if question in space.answered else "open"


def _block(space: Space, command: c.BlockPerson, now_ms: int) -> Made:
    called, why = name(command.name), reason(command.reason)
    if isinstance(called, Refusal):
        return called
    if isinstance(why, Refusal):
        return why
    person, seats = command.person, [s for s in space.seats.values() if s.person == command.person]
    if wrong := bad_person(person):
        return wrong
    if any(seat.role is Role.HOST for seat in seats):
        return Refusal("role", "The host of a space cannot be blocked from it.")
    if command.by in (person, *(seat.id for seat in seats)):
        return Refusal("role", "You cannot block yourself.")
    if any(keeps_role(space, command.by, seat) for seat in seats):
        return ROLES_STAY
    if person in space.blocked:
        return Refusal("done", "This person is blocked already.")
    if len(space.blocked) >= limits.BLOCKED_COUNT:
        return Refusal("full", f"{limits.BLOCKED_COUNT:,} persons are blocked already.")
    made: list[e.Decided] = []
    if space.status in BEFORE_END:
        # Events of their own: whoever follows seats need not know about blocks.
        made += [e.SeatRevoked(at_ms=now_ms, by=command.by, seat=s.id, reason=why) for s in seats]
    if person in space.hands:
        made.append(e.HandLowered(at_ms=now_ms, by=command.by, person=person, reason=why))
    block = e.PersonBlocked(at_ms=now_ms, by=command.by, person=person, name=called, reason=why)
    return (*made, block)


def _unblock(space: Space, command: c.UnblockPerson, now_ms: int) -> Made:
    why = reason(command.reason)
    if isinstance(why, Refusal):
        return why
    if command.person not in space.blocked:
        return Refusal("missing", "This person is not blocked.")
    return e.PersonUnblocked(at_ms=now_ms, by=command.by, person=command.person, reason=why)


RULES: Final[dict[type, Rule]] = {
    c.RemoveMessage: Rule(ALWAYS, True, _remove),
    c.RestoreMessage: Rule(ALWAYS, True, _restore),
    c.MarkQuestion: Rule(ON_STAGE, True, _mark),
    c.BlockPerson: Rule(ALWAYS, True, _block),
    c.UnblockPerson: Rule(ALWAYS, True, _unblock),
}
