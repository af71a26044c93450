"""Questions to the stage: asking, taking back, and the host's marks. Votes are the edges'."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings import limits
from hustings.space import command as c
from hustings.talk import Asked
from hustings.web import studio as studios
from hustings.web import views
from hustings.web.api import carry_out
from hustings.web.problem import Problem, documented
from hustings.web.room import authorship, chat, taking_down
from hustings.web.room.bodies import Mark, NewQuestion, QuestionView, Why, WordId
from hustings.web.room.talker import Talking, Writing
from hustings.web.standing import CurrentStudio, Host

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)
_OWN: Final = documented(401, 403, 404, 409, 413, 422, 429, 503)


@router.post("/{space_id}/questions", status_code=201, responses=_OWN)
async def ask(body: NewQuestion, who: Writing, studio: CurrentStudio) -> QuestionView:
    """Ask the stage. Others vote for your question on their page."""
    if not who.space.chat_open and not who.hosts:
        raise Problem(409, "shut", "Questions are closed at the moment.")
    if len(who.heard.talk.questions) >= limits.QUESTIONS_COUNT:
        raise Problem(409, "full", f"{limits.QUESTIONS_COUNT} questions were asked already.")
    now_ms = studios.now_ms()
    pace = who.heard.question_pace
    if (wait_ms := pace.wait_ms(who.person, now_ms=now_ms)) > 0:
        raise chat.wait(wait_ms)
    asked = Asked(
        id=authorship.identifier(who.space.id, who.person, key=studio.cookies.key),
        person=who.person,
        name=who.name,
        text=body.text,
        at_ms=now_ms,
    )
    pace.note(who.person, now_ms)
    try:
        await studio.writer.write(who.space.id, asked)
    except Problem:
        pace.undo(who.person, now_ms)
        raise
    return QuestionView(
        id=asked.id, person=asked.person, name=asked.name, text=asked.text, at_ms=asked.at_ms
    )


@router.delete("/{space_id}/questions/{question}", status_code=204, responses=_OWN)
async def remove(
    question: WordId, who: Talking, studio: CurrentStudio, body: Why | None = None
) -> None:
    """Take a question down: your own, or any as host or site moderator (`reason`)."""
    await taking_down.remove(studio, who, "question", question, body.reason if body else "")


@router.post("/{space_id}/questions/{question}/restore", status_code=204, responses=_OWN)
async def restore(question: WordId, who: Talking, studio: CurrentStudio) -> None:
    """Show a question again that was taken down."""
    await taking_down.restore(studio, who, "question", question)


@router.put("/{space_id}/questions/{question}", responses=_OPEN)
async def mark(body: Mark, asker: Host, studio: CurrentStudio, question: WordId) -> views.SpaceView:
    """Put a question on stage (`asking`), mark it `answered`, or `open` it again."""
    room = await studio.watches.room(asker.space.id)
    if question not in room.heard.talk.questions:
        raise Problem(404, "question", "There is no such question.")
    command = c.MarkQuestion(by=asker.by, role=asker.role, question=question, state=body.state)
    return await carry_out(studio, asker, command)
