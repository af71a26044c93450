"""What the crowd has written so far, as far as it is kept in memory: the newest of it.

The fold never refuses and never grows without bound: the chat keeps its newest messages, and of
questions the first so many, because later ones had to be refused when they were asked. Votes are
not in it: the archive counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hustings import limits
from hustings.talk.message import Asked, Piece, Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """`chat` in the order said, `questions` by id in the order asked; of the messages, `written` in
    all, those of `chat` are the last."""

    chat: tuple[Said, ...] = ()
    written: int = 0
    questions: Mapping[str, Asked] = field(default_factory=dict)


def evolve(talk: Talk, entry: Sequence[Piece]) -> Talk:
    """The state after one entry of the log."""
    said = tuple(piece for piece in entry if isinstance(piece, Said))
    asked = [piece for piece in entry if isinstance(piece, Asked)]
    if not said and not asked:
        return talk
    questions = talk.questions
    if asked:
        room = limits.QUESTIONS_COUNT - len(questions)
        fresh = {one.id: one for one in asked if one.id not in questions}
        questions = {**questions, **dict(list(fresh.items())[:room])}
    chat = (*talk.chat, *said)[-limits.CHAT_KEPT_COUNT :] if said else talk.chat
    return Talk(chat=chat, written=talk.written + len(said), questions=questions)


def fold(entries: Iterable[Sequence[Piece]]) -> Talk:
    """The state after `entries`."""
    talk = Talk()
    for entry in entries:
        talk = evolve(talk, entry)
    return talk
