"""Who runs a space and who may hear it: forms on its page, and the way in for a member."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from hustings.space import Refusal
from hustings.ticket import Scope
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.agenda import acts, forms
from hustings.web.agenda.space_pages import edit_page, values_of
from hustings.web.forms import Filled
from hustings.web.forms import read as read_plain
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Host, Standing, Visitor, find
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_AccountId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$")]
_PRIVATE: Final = "This conversation is private. Ask its host for the link, or to put you in."


@router.get("/s/{space_id}")
async def listen(space_id: str, account: Visitor, studio: CurrentStudio) -> Response:
    """Listeners belong to the other origin; to a private space, members get a ticket."""
    listed = await find(studio, space_id)
    if not listed.private:
        return RedirectResponse(studio.share_url(space_id), 307)
    if account is None:
        return RedirectResponse(f"/sign-in?next={quote(f'/s/{space_id}')}", 303)
    space = await studio.spaces.state(space_id)
    if not await acts.may_listen(studio, space, listed.owner_id, account):
        raise Problem(403, "stranger", _PRIVATE)
    ticket = studio.spaces.listening(
        space_id, scope=Scope.LISTEN, now_ms=studios.now_ms(), person=account.person
    )
    answer = RedirectResponse(f"{studio.share_url(space_id)}?ticket={ticket}", 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@router.post("/s/{space_id}/cohosts")
async def add_cohost(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Let an account run this space."""
    account, wrong = await _who(request, studio, asker)
    if account is not None:
        made = await acts.add_cohost(studio, asker, account)
        if not isinstance(made, Refusal):
            return _back(asker)
        wrong = made.reason
    return await _again(request, studio, asker, {"cohost": wrong})


@router.post("/s/{space_id}/cohosts/{account_id}/remove")
async def drop_cohost(
    request: Request, asker: Host, account_id: _AccountId, studio: CurrentStudio
) -> Response:
    """Take a co-host's seat and rights away."""
    gone = await acts.drop_cohost(studio, asker, account_id)
    if isinstance(gone, Refusal):
        return await _again(request, studio, asker, {"cohost": gone.reason})
    return _back(asker)


@router.post("/s/{space_id}/members")
async def admit(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Let an account listen to this private space."""
    account, wrong = await _who(request, studio, asker)
    if account is not None:
        try:
            await acts.admit(studio, asker, account)
            return _back(asker)
        except Problem as problem:
            wrong = problem.detail
    return await _again(request, studio, asker, {"member": wrong})


@router.post("/s/{space_id}/members/{account_id}/remove")
async def dismiss(asker: Host, account_id: _AccountId, studio: CurrentStudio) -> Response:
    """Take an account off the list."""
    await acts.dismiss(studio, asker, account_id)
    return _back(asker)


async def _who(request: Request, studio: Studio, asker: Standing) -> tuple[Account | None, str]:
    filled: Filled[forms.WhoForm] = await read_plain(request, forms.WhoForm)
    if filled.form is None:
        return None, filled.errors.get("who", acts.NOBODY)
    try:
        return await acts.somebody(studio, asker, filled.form.who), ""
    except Problem as problem:
        return None, problem.detail


async def _again(
    request: Request, studio: Studio, asker: Standing, errors: dict[str, str]
) -> Response:
    return await edit_page(request, studio, asker, values=values_of(asker.space), errors=errors)


def _back(asker: Standing) -> RedirectResponse:
    return RedirectResponse(f"/s/{asker.space.id}/edit?done=people#people", 303)
