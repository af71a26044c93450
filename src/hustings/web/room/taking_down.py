"""Taking down what was written, and showing it again: messages and questions alike.

An author may take back their own, however old: the id shows whose it is. Hosts and site moderators
may take down any, with a reason, and show any again; both stand in the audit log.
"""

from __future__ import annotations

from hustings import limits
from hustings.space import command as c
from hustings.talk import Asked, Said
from hustings.web.problem import Problem
from hustings.web.room import authorship, deeds
from hustings.web.room.talker import Talker
from hustings.web.studio import Studio


async def remove(studio: Studio, who: Talker, kind: str, identifier: str, reason: str) -> None:
    """Take it down; a problem for somebody else's."""
    own = authorship.wrote(identifier, who.space.id, who.person, key=studio.cookies.key)
    if not own and not (who.hosts or who.moderates):
        raise Problem(403, "role", "You can only take back what you wrote yourself.")
    full = len(who.space.removed) >= limits.REMOVED_OWN_COUNT
    if full and not (who.hosts or who.moderates):
        # A space remembers so many, and hosts may need the rest for others' words.
        raise Problem(409, "full", "Too much was taken down here. Ask the host to remove it.")
    # An author acts in the platform's name: the space knows roles, not authors.
    role = who.role if who.hosts else None
    command = c.RemoveMessage(by=who.by, role=role, message=identifier, reason=reason)
    await deeds.decide(studio, who.space.id, command)
    if not own:
        await _write_down(studio, who, f"{kind}.removed", identifier, reason=reason)


async def restore(studio: Studio, who: Talker, kind: str, identifier: str) -> None:
    """Show it again."""
    if not (who.hosts or who.moderates):
        raise Problem(403, "role", "Only the host or a co-host can do this.")
    role = who.role if who.hosts else None
    command = c.RestoreMessage(by=who.by, role=role, message=identifier)
    await deeds.decide(studio, who.space.id, command)
    await _write_down(studio, who, f"{kind}.restored", identifier)


async def _write_down(
    studio: Studio, who: Talker, did: str, identifier: str, *, reason: str = ""
) -> None:
    piece = _kept(who, identifier)
    await deeds.write_down(
        studio,
        who.space.id,
        by=who.person,
        by_name=who.name,
        did=did,
        about=f"{did.partition('.')[0]}:{identifier}",
        person=piece.person if piece else "",
        reason=reason,
        snapshot=f"{piece.name}: {piece.text}" if piece else "",
    )


def _kept(who: Talker, identifier: str) -> Said | Asked | None:
    question = who.heard.talk.questions.get(identifier)
    if question is not None:
        return question
    return next((one for one in who.heard.talk.chat if one.id == identifier), None)
