"""Giving: invitations and roles, by whoever may give them; each is written in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import BackgroundTasks

from hustings.web import studio as studios
from hustings.web.accounts import Account, SiteRole
from hustings.web.people import letters
from hustings.web.people.invitations import Invitation, may_give
from hustings.web.people.refused import Refused
from hustings.web.studio import Studio
from hustings.words import Words

_GONE: Final = Refused("form", "There is no such invitation.")


@dataclass(frozen=True, slots=True)
class Given:
    """An invitation and its link, which is shown once."""

    invitation: Invitation
    link: str


async def give(
    studio: Studio,
    giver: Account,
    *,
    email: str,
    role: SiteRole,
    reader: Words,
    background: BackgroundTasks,
) -> Given | Refused:
    """Invite somebody; the mail goes out after the answer, in the giver's language."""
    refused = may_give(giver, role, email=email)
    if refused is not None:
        return refused
    now_ms = studios.now_ms()
    made = await studio.people.invitations.make(
        email=email, role=role, by_id=giver.id, now_ms=now_ms
    )
    if isinstance(made, Refused):
        return made
    invitation, token = made
    await studio.audit.add(
        by=giver.person,
        by_name=giver.name,
        did="invitation.made",
        about=f"invitation:{invitation.id}",
        snapshot=f"{role} {email or '(open)'}",
        now_ms=now_ms,
    )
    link = f"{studio.settings.public_url('studio')}/join/{token}"
    if email:
        letter = letters.invitation(reader, by=giver.name, link=link)
        background.add_task(studio.mail.send, to=email, subject=letter.subject, text=letter.text)
    return Given(invitation, link)


async def take_back(studio: Studio, taker: Account, invitation: str) -> Refused | None:
    """End an invitation's link."""
    if not await studio.people.invitations.revoke(invitation):
        return _GONE
    await studio.audit.add(
        by=taker.person,
        by_name=taker.name,
        did="invitation.revoked",
        about=f"invitation:{invitation}",
        now_ms=studios.now_ms(),
    )
    return None


async def change_role(
    studio: Studio, giver: Account, account_id: str, role: SiteRole
) -> Account | Refused:
    """Give an account another role."""
    return await studio.people.roles.change(account_id, role, by=giver, now_ms=studios.now_ms())
