"""The people's page: who is here, in which role, who is invited; for owners and moderators."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from hustings import limits
from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.accounts import Account, SiteRole
from hustings.web.order.rights import Moderator, may_suspend
from hustings.web.order.words import DAYS
from hustings.web.people import giving
from hustings.web.people.answers import to
from hustings.web.people.forms import InviteForm, RoleForm
from hustings.web.people.refused import Refused
from hustings.web.people.roles import NOT_OWNER
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

ROLE_WORDS: Final = {
    SiteRole.MEMBER: "Member",
    SiteRole.HOST: "Host",
    SiteRole.MODERATOR: "Moderator",
    SiteRole.OWNER: "Owner",
}


@router.get("/people")
async def people(
    request: Request, account: Moderator, studio: CurrentStudio, q: str = "", offset: int = 0
) -> Response:
    """A page of the people."""
    return await _shown(request, studio, account, words=q[: limits.NAME_CHARS], offset=offset)


async def _shown(
    request: Request,
    studio: Studio,
    account: Account,
    *,
    words: str = "",
    offset: int = 0,
    link: str = "",
    sent_to: str = "",
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    now_ms = studios.now_ms()
    offset = max(0, min(offset, limits.PEOPLE_OFFSET_COUNT))
    found = await studio.people.roles.search(words, offset=offset)
    shown = found[: limits.PEOPLE_COUNT]
    filling: dict[str, Any] = {
        "people": shown,
        "suspensions": {
            one.id: suspension
            for one in shown
            if (suspension := await studio.suspensions.of(one.person, now_ms=now_ms))
        },
        "may_suspend": {one.id for one in shown if may_suspend(account, one)},
        "q": words,
        "offset": offset,
        "more": len(found) > len(shown),
        "step": limits.PEOPLE_COUNT,
        "role_words": ROLE_WORDS,
        "days": DAYS,
        "may_give": [r for r in SiteRole if account.role is SiteRole.OWNER or account.above(r)],
        "owner": account.role is SiteRole.OWNER,
        "invitations": await studio.people.invitations.all(now_ms=now_ms),
        "link": link,
        "sent_to": sent_to,
        "values": values or {},
        "errors": errors or {},
    }
    return page.render(request, "people_list.html", filling, status=422 if errors else 200)


@router.post("/people/invitations")
async def invite(
    request: Request, account: Moderator, studio: CurrentStudio, background: BackgroundTasks
) -> Response:
    """Make a link; it is shown once, and sent if it is for an address and there is mail."""
    filled = await forms.read(request, InviteForm)
    if filled.form is None:
        return await _shown(request, studio, account, values=filled.values, errors=filled.errors)
    made = await giving.give(
        studio,
        account,
        email=filled.form.email,
        role=filled.form.role,
        reader=page.language(request),
        background=background,
    )
    if isinstance(made, Refused):
        return await _shown(request, studio, account, values=filled.values, errors=made.errors)
    sent_to = filled.form.email if studio.mail.works else ""
    return await _shown(request, studio, account, link=made.link, sent_to=sent_to)


@router.post("/people/invitations/{invitation}/revoke")
async def uninvite(invitation: str, account: Moderator, studio: CurrentStudio) -> Response:
    """End a link."""
    refused = await giving.take_back(studio, account, invitation)
    if refused is not None:
        raise Problem(404, "invitation", refused.reason)
    return to("/people")


@router.post("/people/{account_id}/role")
async def change_role(
    request: Request, account_id: str, account: Moderator, studio: CurrentStudio
) -> Response:
    """Another role."""
    filled = await forms.read(request, RoleForm)
    if filled.form is None:
        return await _shown(request, studio, account, errors={"form": "There is no such role."})
    changed = await giving.change_role(studio, account, account_id, filled.form.role)
    if changed is NOT_OWNER:
        raise Problem(403, "role", NOT_OWNER.reason)
    if isinstance(changed, Refused):
        return await _shown(request, studio, account, errors=changed.errors)
    return to("/people")
