"""The pages of lists: what is live, coming and past, for everybody; and one's own spaces."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from hustings import limits
from hustings.web import page
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.agenda import quota, shown
from hustings.web.agenda.listing import Page, When
from hustings.web.feeds import shows
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_OWN_COUNT: Final = 4  # of one's own, above everybody's
Cursor = Annotated[str, Query(max_length=40)]
Words = Annotated[str, Query(max_length=limits.QUERY_CHARS)]
List = Annotated[str, Query(pattern="^(live|coming|past)?$")]


@router.get("/")
async def home(
    *,
    request: Request,
    account: Visitor,
    studio: CurrentStudio,
    q: Words = "",
    state: List = "",
    cursor: Cursor = "",
) -> Response:
    """What there is to hear: live, coming, past. One's own come first."""
    now_ms = studios.now_ms()
    lists = (When(state),) if state else tuple(When)
    groups = []
    for when in lists:
        found = await studio.agenda.public(when, q=q, cursor=cursor if state else "", now_ms=now_ms)
        groups.append((when, shown.cards(studio, found.spaces), found.cursor))
    own: list[shown.Card] = []
    invited: list[shown.Card] = []
    if account is not None and not q and not state:
        for when in (When.LIVE, When.COMING):
            mine = await studio.agenda.yours(account.id, when, now_ms=now_ms)
            own += shown.cards(studio, mine.spaces, account=account)
        invited = shown.cards(studio, await studio.agenda.for_member(account.id, now_ms=now_ms))
    values = {
        "groups": groups,
        "own": own[:_OWN_COUNT],
        "own_more": len(own) > _OWN_COUNT,
        "invited": invited,
        "q": q,
        "state": state,
        "cursor": cursor,
        "preview": shown.preview(studio, title="Hustings", path="/"),
        "show_sign_in": True,
    }
    return page.render(request, "home.html", values)


@router.get("/spaces")
async def yours(
    request: Request, account: Visitor, studio: CurrentStudio, cursor: Cursor = ""
) -> Response:
    """One's own spaces and series."""
    if account is None:
        return RedirectResponse("/sign-in?next=/spaces", 303)
    now_ms = studios.now_ms()
    groups = []
    for when in (When.PAST,) if cursor else tuple(When):
        found = await studio.agenda.yours(account.id, when, cursor=cursor, now_ms=now_ms)
        rest = await _all(studio, account.id, when, found, now_ms)
        groups.append((when, shown.cards(studio, rest.spaces, account=account), rest.cursor))
    values = {
        "groups": groups,
        "cursor": cursor,
        "series": [] if cursor else await studio.series.owned(account.id),
        "quota": None if cursor else await quota.of(studio, account.id),
        **_feeds(studio, account),
    }
    return page.render(request, "spaces.html", values)


def _feeds(studio: Studio, account: Account) -> dict[str, str]:
    """Where somebody's public spaces are followed; "" without a public page."""
    if not account.handle:
        return {"feed_url": "", "calendar_url": ""}
    show, base = shows.host_show(account), studio.settings.public_url("studio")
    return {"feed_url": base + show.path, "calendar_url": base + show.calendar}


async def _all(studio: Studio, account_id: str, when: When, first: Page, now_ms: int) -> Page:
    """What is on and coming, whole, up to a bound; of what is past, the first page."""
    if when is When.PAST:
        return first
    spaces, cursor = list(first.spaces), first.cursor
    while cursor and len(spaces) < limits.HOME_SPACES_COUNT:
        found = await studio.agenda.yours(account_id, when, cursor=cursor, now_ms=now_ms)
        spaces, cursor = spaces + found.spaces, found.cursor
    return Page(spaces, "")
