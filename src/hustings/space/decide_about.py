"""Decisions on what is said of a space: its making, and everything that can be edited."""

from __future__ import annotations

import re
from typing import Any, Final

from hustings import limits
from hustings.space import command as c
from hustings.space import event as e
from hustings.space.refusal import Refusal, bad_id, text
from hustings.space.rule import BEFORE_END, NOT_CANCELLED, Made, Rule, not_now
from hustings.space.state import Publishing, Space, Status

_FILE_ID: Final = re.compile(r"[a-z0-9]{0,64}")
_EDITED: Final = (
    *("title", "description", "language", "picture", "listed", "private"),
    *("publishing", "listeners_max", "series", "guests", "keep_days"),
    *("delay_s", "hold_sound"),
)
# What is said of a recording can be put right; what those who spoke were promised cannot.
_AFTER_END: Final = frozenset(
    {"publishing", "title", "description", "language", "picture", "listed", "series", "keep_days"}
)


def schedule(command: c.Schedule, now_ms: int) -> Made:
    """The beginning of a space."""
    title = text(command.title, "A title", chars=limits.TITLE_CHARS)
    if isinstance(title, Refusal):
        return title
    wrong = _wrong(command)
    if wrong is not None:
        return wrong
    if command.starts_at_ms < 0 or (command.doors_at_ms or 0) < 0:
        return Refusal("value", "Times are milliseconds since 1970.")
    if command.doors_at_ms is not None and command.doors_at_ms > command.starts_at_ms:
        return Refusal("value", "The doors open before the start, not after it.")
    return e.Scheduled(
        at_ms=now_ms,
        by=command.by,
        title=title,
        description=command.description.strip(),
        language=command.language,
        host=command.host[: limits.NAME_CHARS],
        starts_at_ms=command.starts_at_ms,
        doors_at_ms=command.doors_at_ms,
        private=command.private,
        listed=command.listed,
        publishing=command.publishing,
        picture=command.picture,
        listeners_max=command.listeners_max,
        series=command.series,
        guests=command.guests,
        keep_days=command.keep_days,
        delay_s=command.delay_s,
        hold_sound=command.hold_sound,
    )


def _edit(space: Space, command: c.Edit, now_ms: int) -> Made:
    values: dict[str, Any] = {
        field: getattr(command, field) for field in _EDITED if getattr(command, field) is not None
    }
    if "title" in values:
        values["title"] = text(values["title"], "A title", chars=limits.TITLE_CHARS)
        if isinstance(values["title"], Refusal):
            return values["title"]
    if "description" in values:
        values["description"] = values["description"].strip()
    wrong = _wrong(command)
    if wrong is not None:
        return wrong
    before = {field: getattr(space, field) for field in _EDITED if field != "keep_days"}
    before["keep_days"] = -1 if space.replay.keep_days is None else space.replay.keep_days
    changed = {field: value for field, value in values.items() if before[field] != value}
    if not changed:
        return Refusal("done", "Nothing has changed.")
    if space.status not in BEFORE_END and not changed.keys() <= _AFTER_END:
        return not_now(space.status)
    if "delay_s" in changed and space.status is not Status.SCHEDULED:
        return Refusal("status", "The delay is chosen before the doors open.")
    if space.live_at_ms is not None and _farther(space, command):
        return Refusal("status", "Those who spoke were told of less than this.")
    return e.Edited(at_ms=now_ms, by=command.by, **changed)


def _farther(space: Space, command: c.Edit) -> bool:
    """Whether it would be published farther than now. Whoever has spoken was told how far."""
    asked = command.publishing
    return asked is not None and _REACH.index(asked) > _REACH.index(space.publishing)


def _wrong(command: c.Schedule | c.Edit) -> Refusal | None:
    """What cannot stand in a space's description, if anything."""
    if len(command.description or "") > limits.DESCRIPTION_CHARS:
        return Refusal("value", f"A description has at most {limits.DESCRIPTION_CHARS} characters.")
    if len(command.language or "") > limits.LANGUAGE_CHARS:
        return Refusal("value", f"A language has at most {limits.LANGUAGE_CHARS} characters.")
    if not 0 <= (command.listeners_max or 0) <= limits.LISTENERS_CHOSEN_COUNT:
        return Refusal("value", f"A limit is 0 (none) to {limits.LISTENERS_CHOSEN_COUNT:,}.")
    if not -1 <= (command.keep_days or 0) <= limits.KEEP_DAYS_MAX:
        return Refusal("value", f"A recording is kept 0 (for ever) to {limits.KEEP_DAYS_MAX} days.")
    if not _FILE_ID.fullmatch(command.picture or ""):
        return Refusal("value", "There is no such picture.")
    if not _FILE_ID.fullmatch(command.hold_sound or ""):
        return Refusal("value", "There is no such sound.")
    if not 0 <= (command.delay_s or 0) <= limits.BROADCAST_DELAY_S_MAX:
        return Refusal("value", f"A delay is 0 to {limits.BROADCAST_DELAY_S_MAX} seconds.")
    return bad_id(command.series, "a series") if command.series else None


_REACH: Final = (Publishing.NEVER, Publishing.REVIEW, Publishing.AUTO)
RULES: Final[dict[type, Rule]] = {c.Edit: Rule(NOT_CANCELLED, True, _edit)}
