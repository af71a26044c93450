"""The audit log to read: of one space for its hosts, of the whole site for moderators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from hustings import limits
from hustings.web import page
from hustings.web.order import export, words
from hustings.web.order.audit import Entry
from hustings.web.order.rights import AuditReader, Moderator, moderator, reader
from hustings.web.order.views import PERSON_PATTERN, AuditView, audit_view
from hustings.web.problem import documented
from hustings.web.standing import CurrentStudio, Visitor

api: Final = APIRouter(prefix="/api", tags=["moderation"])
pages: Final = APIRouter(include_in_schema=False)

_NUMBER: Final = 2**53
Before = Annotated[
    int | None, Query(ge=1, le=_NUMBER, description="only entries older than this one")
]
About = Annotated[
    str | None, Query(pattern=PERSON_PATTERN, description="only what this person did or met with")
]
_CSV: Final = "text/csv; charset=utf-8; header=present"
_JSONL: Final = "application/jsonl; charset=utf-8"
_FILES: Final[dict[str, Any]] = {
    "description": "the file",
    "content": {
        "text/csv": {
            "schema": {"type": "string"},
            "example": '"id","by","did"\r\n"7","a-m4rk3tpl4z","person.blocked"\r\n',
        },
        "application/jsonl": {
            "schema": {"type": "string"},
            "example": '{"id":7,"by":"a-m4rk3tpl4z","did":"person.blocked"}\n',
        },
    },
}


@api.get("/audit", responses=documented(401, 403, 422, 503))
async def site(
    account: Moderator, studio: CurrentStudio, before: Before = None, person: About = None
) -> AuditView:
    """The audit log of the whole site, newest first."""
    entries = await studio.audit.read(person=person, before=before)
    return audit_view(entries, count=limits.AUDIT_PAGE_COUNT)


@api.get("/spaces/{space_id}/audit", responses=documented(401, 403, 404, 422, 503))
async def space(
    asker: AuditReader, studio: CurrentStudio, before: Before = None, person: About = None
) -> AuditView:
    """The audit log of one space, newest first."""
    entries = await studio.audit.read(space=asker.listed.id, person=person, before=before)
    return audit_view(entries, count=limits.AUDIT_PAGE_COUNT)


@api.get(
    "/audit.{kind}",
    responses={200: _FILES, **documented(401, 403, 422, 503)},
    response_class=Response,
)
async def site_file(
    account: Moderator, studio: CurrentStudio, kind: Literal["csv", "jsonl"], person: About = None
) -> Response:
    """The whole audit log as a file, oldest first: CSV or JSON lines."""
    return _file(studio.audit.walk(person=person), kind, "audit")


@api.get(
    "/spaces/{space_id}/audit.{kind}",
    responses={200: _FILES, **documented(401, 403, 404, 422, 503)},
    response_class=Response,
)
async def space_file(
    asker: AuditReader, studio: CurrentStudio, kind: Literal["csv", "jsonl"], person: About = None
) -> Response:
    """The audit log of one space as a file, oldest first: CSV or JSON lines."""
    entries = studio.audit.walk(space=asker.listed.id, person=person)
    return _file(entries, kind, f"audit-{asker.listed.id}")


@pages.get("/audit")
async def site_page(
    request: Request,
    account: Visitor,
    studio: CurrentStudio,
    *,
    before: Before = None,
    person: About = None,
) -> Response:
    """The audit log of the site."""
    if account is None:
        return _to_sign_in(request)
    await moderator(request, account)
    entries = await studio.audit.read(person=person, before=before)
    return _page(request, entries, person=person, where="", title="")


@pages.get("/s/{space_id}/audit")
async def space_page(
    request: Request,
    space_id: str,
    account: Visitor,
    studio: CurrentStudio,
    *,
    before: Before = None,
    person: About = None,
) -> Response:
    """The audit log of a space."""
    if account is None and not studio.cookies.seat(request, space_id, account="", now_ms=0):
        return _to_sign_in(request)
    asker = await reader(request, space_id, account)
    entries = await studio.audit.read(space=space_id, person=person, before=before)
    return _page(request, entries, person=person, where=space_id, title=asker.listed.title)


def _page(
    request: Request, entries: list[Entry], *, person: str | None, where: str, title: str
) -> Response:
    more = ""
    if len(entries) == limits.AUDIT_PAGE_COUNT:
        asked: dict[str, Any] = {"before": entries[-1].id}
        if person:
            asked["person"] = person
        more = f"{request.url.path}?{urlencode(asked)}"
    files = f"/api/spaces/{where}/audit" if where else "/api/audit"
    chosen = f"?{urlencode({'person': person})}" if person else ""
    values = {
        "entries": entries,
        "deed": words.deed,
        "person": person or "",
        "where": where,
        "title": title,
        "more": more,
        "files": files,
        "chosen": chosen,
        "own": request.url.path,
    }
    return page.render(request, "audit.html", values)


def _file(entries: AsyncIterator[Entry], kind: str, name: str) -> Response:
    lines = export.csv_lines(entries) if kind == "csv" else export.json_lines(entries)
    return StreamingResponse(
        lines,
        media_type=_CSV if kind == "csv" else _JSONL,
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )


def _to_sign_in(request: Request) -> Response:
    return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
