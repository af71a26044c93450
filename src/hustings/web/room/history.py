"""What was written in a space so far: the host's and the speakers' view of chat and questions."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.space import Space
from hustings.space.decide_order import question_state
from hustings.talk import Tally, ballot
from hustings.web.problem import documented
from hustings.web.room import shown
from hustings.web.room.bodies import (
    KeptMessage,
    KeptQuestion,
    TalkView,
    TalliedPoll,
    TallyView,
)
from hustings.web.room.heard import Heard
from hustings.web.standing import Asker, CurrentStudio

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])


@router.get("/{space_id}/talk", responses=documented(401, 403, 404, 422, 503))
async def talk(asker: Asker, studio: CurrentStudio) -> TalkView:
    """Chat, questions with votes, polls with results, raised hands. Hosts also see what was taken
    down, and who is blocked."""
    room = await studio.watches.room(asker.space.id)
    space, heard = asker.space, room.heard
    return TalkView(
        chat=_chat(space, heard, hosts=asker.hosts),
        questions=_questions(space, heard, hosts=asker.hosts),
        polls=[
            TalliedPoll(**poll.model_dump(), tally=_tally(heard.tallies.get(poll.id)))
            for poll in shown.polls(space)
        ],
        hands=shown.hands(space),
        blocked=shown.blocked(space) if asker.hosts else [],
    )


def _chat(space: Space, heard: Heard, *, hosts: bool) -> list[KeptMessage]:
    return [
        KeptMessage(
            id=one.id,
            person=one.person,
            name=one.name,
            text=one.text,
            role=one.role,
            at_ms=one.at_ms,
            removed=one.id in space.removed,
        )
        for one in heard.talk.chat
        if hosts or one.id not in space.removed
    ]


def _questions(space: Space, heard: Heard, *, hosts: bool) -> list[KeptQuestion]:
    found = [
        KeptQuestion(
            id=one.id,
            person=one.person,
            name=one.name,
            text=one.text,
            at_ms=one.at_ms,
            votes=_votes(heard.tallies.get(ballot(one.id))),
            state=question_state(space, one.id),
            removed=one.id in space.removed,
        )
        for one in heard.talk.questions.values()
        if hosts or one.id not in space.removed
    ]
    return sorted(found, key=lambda one: -one.votes)  # of equal ones the older first


def _votes(tally: Tally | None) -> int:
    return tally.counts[0] if tally and tally.counts else 0


def _tally(tally: Tally | None) -> TallyView | None:
    return TallyView(counts=tally.counts, voters=tally.voters) if tally else None
