"""Searching: a page that works without a script, and the same for programs."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from hustings import limits
from hustings.web import page
from hustings.web import studio as studios
from hustings.web.access import address
from hustings.web.accounts import Account
from hustings.web.agenda import shown
from hustings.web.problem import Problem, documented
from hustings.web.search import views
from hustings.web.search.index import Found, Page, Part
from hustings.web.search.query import Query as Asked
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(tags=["search"])

_OFTEN: Final = "Too many searches in a short time. Try again in a moment."
Words = Annotated[
    str,
    Query(
        max_length=limits.QUERY_CHARS,
        description='words; in quotation marks, words that follow each other: `"the old bridge"`',
    ),
]
Cursor = Annotated[str, Query(max_length=60, description="where the page before ended")]
Within = Annotated[str, Query(pattern="^[a-z0-9]{0,32}$", description="in this space alone")]


@router.get("/api/search", responses=documented(400, 401, 403, 422, 429, 503))
async def search(
    *,
    request: Request,
    response: Response,
    account: Visitor,
    studio: CurrentStudio,
    q: Words = "",
    space: Within = "",
    cursor: Cursor = "",
) -> list[views.FoundView]:
    """Find titles, descriptions and what was said, space by space: what stands in a title first,
    then where more was found, then new ones. The `Link` field leads to the next page."""
    asked, found = await _found(request, studio, account, q=q, space=space, cursor=cursor)
    if found.cursor:
        query = urlencode({"q": q, "space": space, "cursor": found.cursor})
        base = studio.settings.public_url("studio") + request.url.path
        response.headers["Link"] = f'<{base}?{query}>; rel="next"'
    return [views.found(studio, asked, one) for one in found.found]


@router.get("/search", include_in_schema=False)
async def search_page(
    *,
    request: Request,
    account: Visitor,
    studio: CurrentStudio,
    q: Words = "",
    space: Within = "",
    cursor: Cursor = "",
) -> Response:
    """The page on which one searches, and what was found."""
    asked, found = await _found(request, studio, account, q=q, space=space, cursor=cursor)
    values: dict[str, Any] = {
        "q": q,
        "asked": bool(asked),
        "space": space,
        "groups": [_group(studio, asked, one, account) for one in found.found],
        "cursor": found.cursor,
        "first": not cursor,
        "show_sign_in": True,
        "preview": shown.preview(studio, title="Hustings", path="/search"),
    }
    return page.render(request, "search.html", values)


async def _found(
    request: Request, studio: Studio, account: Account | None, *, q: str, space: str, cursor: str
) -> tuple[Asked, Page]:
    asked, now_ms = Asked.of(q), studios.now_ms()
    if not asked:
        return asked, Page([], "")
    who = address.of(request)
    if wait_ms := studio.searching.wait_ms(who, now_ms=now_ms):
        raise Problem(429, "often", _OFTEN, retry_s=1 + wait_ms // 1000)
    studio.searching.note(who, now_ms)
    account_id = account.id if account else ""
    return asked, await studio.index.find(
        asked, now_ms=now_ms, account_id=account_id, space=space, cursor=cursor
    )


def _group(studio: Studio, asked: Asked, one: Found, account: Account | None) -> dict[str, Any]:
    told = views.found(studio, asked, one)
    title = next((m for m in told.moments if m.part is Part.TITLE), None)
    moments = [m for m in told.moments if m.part is not Part.TITLE]
    mine = account is not None and account.id == one.space.owner_id
    return {
        "card": shown.card(studio, one.space),
        "href": moments[0].url.partition("?")[0] if moments else shown.card(studio, one.space).href,
        "title": views.pieces(title) if title else [(one.space.title, False)],
        "moments": [(view, views.pieces(view)) for view in moments],
        "more": told.said_count - sum(m.part is Part.SAID for m in moments),
        "said_count": told.said_count,
        "closed": mine and (one.space.private or not one.space.listed),
    }
