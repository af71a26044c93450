"""Deeds: deciding something in a space, and writing down in the audit log what keeps order.

The space's own log holds the decision and its reason. When the database is away the deed is done
all the same, and the missing entry is an error in the studio's log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sqlalchemy.exc import SQLAlchemyError

from hustings.space import Command, Refusal, Space
from hustings.web import studio as studios
from hustings.web.order.blocks import name_of, person_of
from hustings.web.problem import refused
from hustings.web.standing import Standing
from hustings.web.studio import Studio

log = logging.getLogger("hustings.web")


async def decide(studio: Studio, space_id: str, command: Command) -> Space:
    """Carry a command out: the space after it. A refusal is a problem."""
    result = await studio.spaces.command(space_id, command, now_ms=studios.now_ms())
    if isinstance(result, Refusal):
        raise refused(result)
    return result


async def note(
    studio: Studio,
    asker: Standing,
    did: str,
    about: str,
    *,
    person: str = "",
    reason: str = "",
    snapshot: str = "",
) -> None:
    """Add what somebody who runs a space or sits in it did to the audit log."""
    await write_down(
        studio,
        asker.listed.id,
        by=person_of(asker),
        by_name=name_of(asker),
        did=did,
        about=about,
        person=person,
        reason=reason,
        snapshot=snapshot,
    )


async def changed(
    studio: Studio,
    asker: Standing,
    did: str,
    names: Iterable[str],
    *,
    before: object,
    after: object,
) -> None:
    """Add to the audit log which of the settings `names` are others now, if any."""
    told = [
        f"{name.replace('_', ' ')}: {_said(getattr(before, name))} → {_said(getattr(after, name))}"
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]
    if told:
        await note(studio, asker, did, f"space:{asker.listed.id}", snapshot=", ".join(told))


def _said(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


async def write_down(
    studio: Studio,
    space_id: str,
    *,
    by: str,
    by_name: str,
    did: str,
    about: str,
    person: str = "",
    reason: str = "",
    snapshot: str = "",
) -> None:
    """Add an entry to the audit log."""
    try:
        await studio.audit.add(
            by=by,
            by_name=by_name,
            did=did,
            space=space_id,
            about=about,
            person=person,
            reason=reason,
            snapshot=snapshot,
            now_ms=studios.now_ms(),
        )
    except SQLAlchemyError as error:
        what = f"space {space_id}: {did}, {about}, by {by}"
        log.error("%s: not written in the audit log: %s", what, error)
