"""The agenda's API: make and change spaces, list them, say who runs and who hears them."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from hustings import limits
from hustings.space import Refusal, Space
from hustings.space.command import Edit
from hustings.space.state import Publishing
from hustings.web import studio as studios
from hustings.web import views
from hustings.web.agenda import acts, bodies, planner
from hustings.web.agenda.listing import When
from hustings.web.problem import Problem, documented, refused
from hustings.web.standing import CurrentStudio, Host, SignedIn, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api/spaces", tags=["spaces"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)
_MAKING: Final = documented(401, 403, 409, 413, 422, 503)
AccountId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$", examples=["q8w2e5r1t9z4u7i3"])]
NO_RIGHT: Final = "Your account may not make spaces."


@router.post("", status_code=201, responses=_MAKING)
async def create(
    body: bodies.NewSpace, account: SignedIn, studio: CurrentStudio, response: Response
) -> views.SpaceView:
    """Make a space. Its address never changes; the host has a seat in it."""
    if not account.may_create:
        raise Problem(403, "role", NO_RIGHT)
    now_ms = studios.now_ms()
    await acts.checked(
        studio,
        owner_id=account.id,
        series=body.series,
        picture=body.picture,
        hold_sound=body.hold_sound,
    )
    plan = planner.Plan(
        **body.model_dump(exclude={"publishing"}), publishing=Publishing(body.publishing)
    )
    made = await planner.make(studio, account, plan, now_ms=now_ms)
    if isinstance(made, Refusal):
        raise refused(made)
    response.headers["Location"] = f"/api/spaces/{made.id}"
    return views.space_view(studio, made, now_ms=now_ms, hosts=True)


@router.get("", responses=documented(400, 401, 422))
async def listing(
    *,
    request: Request,
    response: Response,
    account: Visitor,
    studio: CurrentStudio,
    state: Annotated[
        Literal["live", "coming", "past", "yours"],
        Query(description="which list; all but `yours` are for everybody"),
    ] = "yours",
    q: Annotated[str, Query(max_length=limits.QUERY_CHARS, description="words to look for")] = "",
    cursor: Annotated[
        str, Query(max_length=40, description="where the page before ended; see `Link`")
    ] = "",
) -> list[bodies.SpaceItem]:
    """A page of spaces. If there are more, the `Link` field (RFC 8288) says where: rel="next"."""
    if state == "yours":
        if account is None:
            raise Problem(401, "sign-in", "Sign in first.")
        page = await studio.agenda.own(account.id, cursor=cursor)
    else:
        now_ms = studios.now_ms()
        page = await studio.agenda.public(When(state), q=q, cursor=cursor, now_ms=now_ms)
    if page.cursor:
        query = urlencode({"state": state, "q": q, "cursor": page.cursor})
        base = studio.settings.public_url("studio") + request.url.path
        response.headers["Link"] = f'<{base}?{query}>; rel="next"'
    return [bodies.item(studio, one) for one in page.spaces]


@router.patch("/{space_id}", responses=_OPEN)
async def change(asker: Host, body: bodies.SpaceChange, studio: CurrentStudio) -> views.SpaceView:
    """Change what is said of a space. Its start changes by a delay, with a reason."""
    known = {field.name for field in fields(Edit)}
    values: dict[str, Any] = {k: v for k, v in body.model_dump().items() if k in known}
    if body.publishing is not None:
        values["publishing"] = Publishing(body.publishing)
    result = await acts.edit(studio, asker, Edit(by=asker.by, role=asker.role, **values))
    return _shown(studio, result)


@router.post("/{space_id}/publish", responses=_OPEN)
async def publish(asker: Host, studio: CurrentStudio) -> views.SpaceView:
    """Post a recording that was kept for review, or taken off its page."""
    return _shown(studio, await acts.publish(studio, asker))


@router.post("/{space_id}/withhold", responses=_OPEN)
async def withhold(
    asker: Host, studio: CurrentStudio, body: views.Cancel | None = None
) -> views.SpaceView:
    """Take a posted recording off its page (`reason`: visitors read it). It is kept."""
    return _shown(studio, await acts.withhold(studio, asker, body.reason if body else ""))


@router.get("/{space_id}/cohosts", responses=documented(401, 403, 404, 422, 503))
async def cohosts(asker: Host, studio: CurrentStudio) -> list[bodies.PersonView]:
    """The accounts that run this space beside its host."""
    found = await studio.membership.cohosts(asker.space)
    return [bodies.person(one.account) for one in found]


@router.post("/{space_id}/cohosts", status_code=201, responses=_OPEN)
async def add_cohost(asker: Host, body: bodies.Who, studio: CurrentStudio) -> bodies.PersonView:
    """Let an account run this space: it gets a seat and the desk by being signed in."""
    account = await acts.somebody(studio, asker, body.who)
    made = await acts.add_cohost(studio, asker, account)
    if isinstance(made, Refusal):
        raise refused(made)
    return bodies.person(account)


@router.delete("/{space_id}/cohosts/{account_id}", status_code=204, responses=_OPEN)
async def drop_cohost(asker: Host, account_id: AccountId, studio: CurrentStudio) -> None:
    """Take a co-host's seat and rights away."""
    gone = await acts.drop_cohost(studio, asker, account_id)
    if gone is None:
        raise Problem(404, "not-found", "This account is no co-host.")
    if isinstance(gone, Refusal):
        raise refused(gone)


@router.get("/{space_id}/members", responses=documented(401, 403, 404, 422, 503))
async def members(asker: Host, studio: CurrentStudio) -> list[bodies.PersonView]:
    """The accounts that may listen to this private space."""
    return [bodies.person(one) for one in await studio.membership.members(asker.space.id)]


@router.post("/{space_id}/members", status_code=201, responses=_OPEN)
async def admit(asker: Host, body: bodies.Who, studio: CurrentStudio) -> bodies.PersonView:
    """Let an account listen to this private space by being signed in."""
    account = await acts.somebody(studio, asker, body.who)
    await acts.admit(studio, asker, account)
    return bodies.person(account)


@router.delete("/{space_id}/members/{account_id}", status_code=204, responses=_OPEN)
async def dismiss(asker: Host, account_id: AccountId, studio: CurrentStudio) -> None:
    """Take an account off the list. It gets no further ticket; one that it has ends in an hour."""
    if not await acts.dismiss(studio, asker, account_id):
        raise Problem(404, "not-found", "This account is not on the list.")


def _shown(studio: Studio, result: Space | Refusal) -> views.SpaceView:
    if isinstance(result, Refusal):
        raise refused(result)
    return views.space_view(studio, result, now_ms=studios.now_ms(), hosts=True)
