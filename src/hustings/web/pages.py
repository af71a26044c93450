"""The pages around a space: first account, sign-in, home, a new space. No script needed."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hustings.space import Refusal, Status
from hustings.space.command import Schedule
from hustings.web import first_link, forms, page
from hustings.web import studio as studios
from hustings.web.accounts import Account, Throttled
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_ON: Final = (Status.LIVE, Status.HELD, Status.DOORS)
_USED: Final = "This link has been used: the first account is made. Sign in with it."
_OLD: Final = (
    "This is not the newest link, or it is older than a day. Start Hustings again: it prints one "
    "that works."
)
_WRONG: Final = "This e-mail address and password do not belong together."


@router.get("/")
async def home(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """My spaces."""
    if account is None:
        return _to("/sign-in")
    spaces = await studio.catalogue.owned(account.id)
    live = [s for s in spaces if s.status in _ON]
    coming = sorted(
        (s for s in spaces if s.status is Status.SCHEDULED), key=lambda s: s.starts_at_ms
    )
    past = [s for s in spaces if s not in live and s not in coming]
    groups = [("On now", live), ("Coming up", coming), ("Past", past)]
    return page.render(request, "home.html", {"groups": groups, "share_url": studio.share_url})


@router.get("/first/{token}")
async def first(request: Request, token: str, studio: CurrentStudio) -> Response:
    """The form for the first account."""
    if not await first_link.good(studio.database, token, now_ms=studios.now_ms()):
        raise await _spent(studio)
    return page.render(request, "first.html", {"values": {}, "errors": {}})


@router.post("/first/{token}")
async def make_first(request: Request, token: str, studio: CurrentStudio) -> Response:
    """Make the first account and sign it in."""
    now_ms = studios.now_ms()
    if not await first_link.good(studio.database, token, now_ms=now_ms):
        raise await _spent(studio)
    filled = await forms.read(request, forms.FirstForm)
    if filled.form is None:
        return _again(request, "first.html", filled.values, filled.errors)
    account = await studio.accounts.first(
        link=token,
        email=filled.form.email,
        name=filled.form.name,
        password=filled.form.password,
        now_ms=now_ms,
    )
    if account is None:
        raise await _spent(studio)
    first_link.used(studio.settings.folder)
    return await _signed_in(request, studio, account, "/")


@router.get("/sign-in")
async def sign_in_form(request: Request, account: Visitor, next: str = "/") -> Response:  # noqa: A002
    """Who are you?"""
    if account is not None:
        return _to(_local(next))
    return page.render(request, "sign_in.html", {"values": {}, "errors": {}, "next": _local(next)})


@router.post("/sign-in")
async def sign_in(request: Request, studio: CurrentStudio, next: str = "/") -> Response:  # noqa: A002
    """Sign in, a bounded number of times."""
    filled = await forms.read(request, forms.SignInForm)
    extra: dict[str, Any] = {"next": _local(next)}
    if filled.form is None:
        return _again(request, "sign_in.html", filled.values, filled.errors, **extra)
    account = await studio.accounts.sign_in(
        email=filled.form.email,
        password=filled.form.password,
        address=request.client.host if request.client else "",
        now_ms=studios.now_ms(),
    )
    if isinstance(account, Throttled):
        minutes = -(-account.retry_s // 60)
        late = f"Too many attempts. Try again in {minutes} minute{'s' if minutes > 1 else ''}."
        answer = _again(request, "sign_in.html", filled.values, {"form": late}, status=429, **extra)
        answer.headers["Retry-After"] = str(account.retry_s)
        return answer
    if account is None:
        return _again(request, "sign_in.html", filled.values, {"form": _WRONG}, status=403, **extra)
    return await _signed_in(request, studio, account, _local(next))


@router.post("/sign-out")
async def sign_out(request: Request, studio: CurrentStudio) -> Response:
    """Forget this browser."""
    await studio.accounts.end(studio.cookies.session(request))
    answer = _to("/sign-in")
    studio.cookies.drop_session(answer)
    return answer


@router.get("/account")
async def account_page(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """Who I am, and where I am signed in."""
    if account is None:
        return _to("/sign-in?next=/account")
    token = studio.cookies.session(request)
    signed = await studio.accounts.sign_ins(account, token=token, now_ms=studios.now_ms())
    return page.render(request, "account.html", {"sign_ins": signed})


@router.post("/account/sign-ins/{reference}/revoke")
async def revoke(reference: str, account: Visitor, studio: CurrentStudio) -> Response:
    """Sign another browser out."""
    if account is None:
        return _to("/sign-in?next=/account")
    if not await studio.accounts.revoke(account, reference):
        raise Problem(404, "not-found", "That browser is no longer signed in.")
    return _to("/account")


@router.get("/new")
async def new_form(request: Request, account: Visitor) -> Response:
    """The form for a new space."""
    if account is None:
        return _to("/sign-in?next=/new")
    return page.render(request, "new.html", {"values": {}, "errors": {}})


@router.post("/new")
async def new(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """Make a space and go to its desk."""
    if account is None:
        return _to("/sign-in?next=/new")
    if not account.may_create:
        raise Problem(403, "role", "Your account may not make spaces.")
    filled = await forms.read(request, forms.SpaceForm)
    if filled.form is None:
        return _again(request, "new.html", filled.values, filled.errors)
    now_ms = studios.now_ms()
    try:
        starts_at_ms, doors_at_ms = filled.form.times(now_ms=now_ms)
    except ValueError as error:
        return _again(request, "new.html", filled.values, {"starts_local": str(error)})
    schedule = Schedule(
        by=account.id,
        title=filled.form.title,
        description=filled.form.description,
        host=account.name,
        starts_at_ms=starts_at_ms,
        doors_at_ms=doors_at_ms,
        private=bool(filled.form.private),
    )
    made = await studio.spaces.create(
        schedule, owner_id=account.id, host_name=account.name, now_ms=now_ms
    )
    if isinstance(made, Refusal):
        return _again(request, "new.html", filled.values, {"form": made.reason})
    return _to(f"/s/{made.id}/stage")


async def _spent(studio: Studio) -> Problem:
    if await studio.accounts.exist():
        return Problem(410, "used", _USED)
    return Problem(410, "old", _OLD)


def _again(
    request: Request,
    template: str,
    values: dict[str, str],
    errors: dict[str, str],
    *,
    status: int = 422,
    **extra: Any,
) -> Response:
    kept = {name: value for name, value in values.items() if name != "password"}
    return page.render(
        request, template, {"values": kept, "errors": errors, **extra}, status=status
    )


async def _signed_in(request: Request, studio: Studio, account: Account, where: str) -> Response:
    # A new token at every sign-in: one that somebody planted earlier is worth nothing.
    await studio.accounts.end(studio.cookies.session(request))
    agent = request.headers.get("user-agent", "")
    token = await studio.accounts.begin(account, agent=agent, now_ms=studios.now_ms())
    answer = _to(where)
    studio.cookies.set_session(answer, token)
    return answer


def _local(address: str) -> str:
    """`address` if it is a path of this studio, "/" otherwise: no redirect leads elsewhere."""
    good = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if good and address.isprintable() else "/"


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303)
