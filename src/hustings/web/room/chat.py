"""The chat: saying something, taking it back, showing it again.

200 messages a second must be affordable: a ticket is checked once, the space is the one followed
here, and nothing is asked of the database but who is suspended, which is known for some seconds.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.talk import Said
from hustings.web import studio as studios
from hustings.web.problem import Problem, documented
from hustings.web.room import authorship, taking_down
from hustings.web.room.bodies import MessageView, NewMessage, Why, WordId
from hustings.web.room.talker import Talker, Talking, Writing
from hustings.web.standing import CurrentStudio

router: Final = APIRouter(prefix="/api/spaces", tags=["room"])
_WRITE: Final = documented(401, 403, 404, 409, 413, 422, 429, 503)
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 429, 503)


@router.post("/{space_id}/chat", status_code=201, responses=_WRITE)
async def say(body: NewMessage, who: Writing, studio: CurrentStudio) -> MessageView:
    """Say something in the chat. It is answered when it is kept."""
    if not who.space.chat_open and not who.hosts:
        raise Problem(409, "shut", "The chat is closed at the moment.")
    now_ms = studios.now_ms()
    _paced(who, now_ms)
    said = Said(
        id=authorship.identifier(who.space.id, who.person, key=studio.cookies.key),
        person=who.person,
        name=who.name,
        text=body.text,
        role=who.role,
        at_ms=now_ms,
    )
    who.heard.chat_pace.note(who.person, now_ms)
    try:
        await studio.writer.write(who.space.id, said)
    except Problem:
        who.heard.chat_pace.undo(who.person, now_ms)
        raise
    return MessageView(
        id=said.id,
        person=said.person,
        name=said.name,
        text=said.text,
        role=said.role,
        at_ms=said.at_ms,
    )


@router.delete("/{space_id}/chat/{message}", status_code=204, responses=_OPEN)
async def remove(
    message: WordId, who: Talking, studio: CurrentStudio, body: Why | None = None
) -> None:
    """Take a message down: your own, or any as host or site moderator (`reason`)."""
    await taking_down.remove(studio, who, "message", message, body.reason if body else "")


@router.post("/{space_id}/chat/{message}/restore", status_code=204, responses=_OPEN)
async def restore(message: WordId, who: Talking, studio: CurrentStudio) -> None:
    """Show a message again that was taken down."""
    await taking_down.restore(studio, who, "message", message)


def _paced(who: Talker, now_ms: int) -> None:
    slow_s = 0 if who.hosts else who.space.slow_s
    wait_ms = who.heard.chat_pace.wait_ms(who.person, now_ms=now_ms, apart_ms=slow_s * 1000)
    if wait_ms > 0:
        raise wait(wait_ms, slow=bool(slow_s))


def wait(wait_ms: int, *, slow: bool = False) -> Problem:
    """The problem of somebody who is too quick."""
    seconds = -(-wait_ms // 1000)
    words = "1 second" if seconds == 1 else f"{seconds} seconds"
    why = "Slow mode is on: you" if slow else "You"
    return Problem(429, "pace", f"{why} can write again in {words}.", retry_s=seconds)
