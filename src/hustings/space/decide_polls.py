"""Decisions on what hosts put before the crowd: polls, and what is pinned above the chat."""

from __future__ import annotations

import re
from typing import Final, get_args

from hustings import limits
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.refusal import Refusal, bad_id, text
from hustings.space.rule import BEFORE_END, NOT_CANCELLED, Made, Rule
from hustings.space.state import ON_STAGE, PollShow, Space

_LINK: Final = re.compile(r"https?://[^\s<>\"\\\x00-\x20]+")


def _open(space: Space, command: c.OpenPoll, now_ms: int) -> Made:
    question = text(command.question, "A poll's question", chars=limits.POLL_QUESTION_CHARS)
    if isinstance(question, Refusal):
        return question
    options: list[str] = []
    for option in command.options:
        line = text(option, "An option", chars=limits.POLL_OPTION_CHARS)
        if isinstance(line, Refusal):
            return line
        options.append(line)
    wrong = bad_id(command.poll, "a poll") or _ill_made(options, command.show)
    if wrong is not None:
        return wrong
    if command.poll in space.polls:
        return Refusal("done", "This poll was opened already.")
    if len(space.polls) >= limits.POLLS_COUNT:
        return Refusal("full", f"A space has at most {limits.POLLS_COUNT} polls.")
    return e.PollOpened(
        at_ms=now_ms,
        by=command.by,
        poll=command.poll,
        question=question,
        options=tuple(options),
        multiple=command.multiple,
        show=command.show,
    )


def _ill_made(options: list[str], show: str) -> Refusal | None:
    if not 2 <= len(options) <= limits.POLL_OPTIONS_COUNT:
        return Refusal("value", f"A poll has 2 to {limits.POLL_OPTIONS_COUNT} options.")
    if len(set(options)) < len(options):
        return Refusal("value", "Two options of a poll are never the same.")
    if show not in get_args(PollShow):
        return Refusal("value", "A poll shows its result live or after its end.")
    return None


def _close(space: Space, command: c.ClosePoll, now_ms: int) -> Made:
    poll = space.polls.get(command.poll)
    if poll is None:
        return Refusal("missing", "There is no such poll.")
    if poll.closed:
        return Refusal("done", "This poll is closed.")
    return e.PollClosed(at_ms=now_ms, by=command.by, poll=command.poll)


def _pin(space: Space, command: c.Pin, now_ms: int) -> Made:
    words = text(command.text, "A pinned post", chars=limits.PIN_CHARS)
    if isinstance(words, Refusal):
        return words
    url = command.url.strip()
    if url and (len(url) > limits.LINK_CHARS or not _LINK.fullmatch(url)):
        return Refusal("value", "A link begins with https:// or http://.")
    if wrong := bad_id(command.pin, "a pinned post"):
        return wrong
    if command.pin in space.pins:
        return Refusal("done", "This is pinned already.")
    if len(space.pins) >= limits.PINS_COUNT:
        return Refusal("full", f"{limits.PINS_COUNT} posts are pinned already. Take one off first.")
    return e.Pinned(at_ms=now_ms, by=command.by, pin=command.pin, text=words, url=url)


def _unpin(space: Space, command: c.Unpin, now_ms: int) -> Made:
    if command.pin not in space.pins:
        return Refusal("missing", "This is not pinned.")
    return e.Unpinned(at_ms=now_ms, by=command.by, pin=command.pin)


RULES: Final[dict[type, Rule]] = {
    c.OpenPoll: Rule(ON_STAGE, True, _open),
    c.ClosePoll: Rule(ON_STAGE, True, _close),
    c.Pin: Rule(BEFORE_END, True, _pin),
    c.Unpin: Rule(NOT_CANCELLED, True, _unpin),
}
