"""Deeds: deciding something in a space, and writing down in the audit log what keeps order.

The space's own log holds the decision and its reason. When the database is away the deed is done
all the same, and the missing entry is an error in the studio's log.
"""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from hustings.space import Command, Refusal, Space
from hustings.web import studio as studios
from hustings.web.problem import refused
from hustings.web.studio import Studio

log = logging.getLogger("hustings.web")


async def decide(studio: Studio, space_id: str, command: Command) -> Space:
    """Carry a command out: the space after it. A refusal is a problem."""
    result = await studio.spaces.command(space_id, command, now_ms=studios.now_ms())
    if isinstance(result, Refusal):
        raise refused(result)
    return result


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
