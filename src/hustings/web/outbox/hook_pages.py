"""Webhooks to make, try out and remove, on a page of the account. No script needed."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from hustings import limits
from hustings.errors import BadInput
from hustings.web import page
from hustings.web import studio as studios
from hustings.web.accounts import Account, SiteRole
from hustings.web.outbox.hook_routes import HookId, NewHook
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, SignedIn, Visitor
from hustings.web.studio import Studio
from hustings.words import mark

router: Final = APIRouter(include_in_schema=False)

EVENT_WORDS: Final = {
    "space.scheduled": mark("A space is announced"),
    "space.delayed": mark("A space begins later"),
    "space.cancelled": mark("A space is cancelled"),
    "space.doors": mark("Doors open"),
    "space.live": mark("A space goes live"),
    "space.ended": mark("A space ends"),
    "space.posted": mark("A recording is published"),
    "space.expiring": mark("A recording will be deleted, or will not after all"),
    "space.expired": mark("A recording is deleted, because its time is over"),
    "hand.raised": mark("A listener raises a hand"),
    "report.made": mark("Something is reported"),
    "ping": mark("A test"),
}
_PING: Final = "ping"
_SHOWN_COUNT: Final = 10  # deliveries of one webhook; the API has the rest of the week
_FULL: Final = f"You have {limits.HOOKS_COUNT} webhooks. Remove one that is not used any more."
_ADDRESS: Final = "Give an address that begins with https:// and is on the public internet."
_EVENTS: Final = "Choose at least one."
_MISSING: Final = "You have no such webhook."


@router.get("/account/hooks")
async def listing(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """My webhooks with what became of their messages, and the form for a new one."""
    if account is None:
        return RedirectResponse("/sign-in?next=/account/hooks", 303)
    return await _page(request, studio, account)


@router.post("/account/hooks")
async def make(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """Make a webhook, and show its secret this once."""
    sent = await request.form(max_files=0, max_fields=20)
    url = str(sent.get("url", "")).strip()
    chosen = [str(event) for event in sent.getlist("events")]
    everywhere = sent.get("everywhere") == "on" and account.role is SiteRole.OWNER
    errors: dict[str, str] = {}
    try:
        body = NewHook.model_validate({"url": url, "events": chosen, "everywhere": everywhere})
        made = await studio.hooks.add(
            account=account.id,
            url=body.url,
            events=tuple(dict.fromkeys(body.events)),
            everywhere=everywhere,
            now_ms=studios.now_ms(),
        )
    except ValidationError as invalid:
        wrong = {str(error["loc"][0]) for error in invalid.errors()}
        told = {"url": _ADDRESS, "events": _EVENTS}
        errors = {field: told.get(field, "This cannot be used.") for field in wrong}
    except BadInput:
        errors = {"url": _ADDRESS}
    else:
        if made is not None:
            return await _page(request, studio, account, secret=made[1])
        errors = {"form": _FULL}
    values = {"url": url, "everywhere": "on" if everywhere else ""}
    return await _page(request, studio, account, values=values, chosen=chosen, errors=errors)


@router.post("/account/hooks/{hook}/ping")
async def ping(hook: HookId, account: SignedIn, studio: CurrentStudio) -> Response:
    """Send a test."""
    if not await studio.hooks.ping(hook, account=account.id, now_ms=studios.now_ms()):
        raise Problem(404, "not-found", _MISSING)
    return RedirectResponse(f"/account/hooks?tested={hook}#hook-{hook}", 303)


@router.post("/account/hooks/{hook}/remove")
async def remove(hook: HookId, account: SignedIn, studio: CurrentStudio) -> Response:
    """Forget a webhook and what is on the way to it."""
    if not await studio.hooks.remove(hook, account=account.id):
        raise Problem(404, "not-found", _MISSING)
    return RedirectResponse("/account/hooks", 303)


async def _page(
    request: Request,
    studio: Studio,
    account: Account,
    *,
    values: dict[str, str] | None = None,
    chosen: list[str] | None = None,
    errors: dict[str, str] | None = None,
    secret: str = "",
) -> Response:
    hooks = []
    for hook in await studio.hooks.of(account.id):
        deliveries = await studio.hooks.deliveries(hook.id, account=account.id) or []
        hooks.append((hook, deliveries[:_SHOWN_COUNT]))
    shown = {
        "hooks": hooks,
        "event_words": EVENT_WORDS,
        "choosable": [event for event in EVENT_WORDS if event != _PING],
        "everywhere_possible": account.role is SiteRole.OWNER,
        "values": values or {},
        "chosen": chosen or [],
        "errors": errors or {},
        "secret": secret,
        "tested": request.query_params.get("tested", ""),
    }
    return page.render(request, "hooks.html", shown, status=422 if errors else 200)
