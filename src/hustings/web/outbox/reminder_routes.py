"""Reminders over HTTP: asked for on the listen page, confirmed and ended by a link."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.space import Status
from hustings.web import forms, page
from hustings.web import studio as studios
from hustings.web.agenda.acts import may_know
from hustings.web.problem import Problem, documented
from hustings.web.standing import CurrentStudio, find
from hustings.web.studio import Studio
from hustings.words import Words

router: Final = APIRouter(tags=["reminders"])

_GONE: Final = "This reminder has ended already."
_COMING: Final = frozenset({Status.SCHEDULED, Status.DOORS})


class PushKeyView(BaseModel):
    """What a page subscribes with."""

    key: str = Field(description="applicationServerKey, base64url", examples=["BIx3…"])


class PushKeys(BaseModel):
    """The keys of a browser's subscription, base64url."""

    p256dh: str = Field(max_length=120, examples=["BCVxsr7N…"])
    auth: str = Field(max_length=40, examples=["BTBZMqHH6r4T…"])


class PushSubscription(BaseModel):
    """What `PushSubscription.toJSON()` gives (W3C Push API). Other members are left out."""

    endpoint: str = Field(
        max_length=limits.PUSH_ADDRESS_CHARS, examples=["https://push.example.net/abc"]
    )
    keys: PushKeys


class NewReminder(BaseModel):
    """Somebody wants to be told: by push (with a subscription) or by mail (with an address)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "mail", "email": "listener@example.org"}]},
    )

    kind: Literal["push", "mail"]
    subscription: PushSubscription | None = None
    email: Annotated[forms.Email | None, Field()] = None


class ReminderView(BaseModel):
    """What happens next, and the link that ends a reminder by push."""

    sentence: str
    end_url: str = ""


@router.get("/api/push-key")
async def push_key(studio: CurrentStudio) -> PushKeyView:
    """The key with which a browser subscribes to this installation's push messages."""
    return PushKeyView(key=studio.push.key)


@router.post(
    "/api/spaces/{space_id}/reminders",
    status_code=201,
    responses=documented(400, 401, 403, 404, 409, 413, 422, 429, 503),
)
async def remind(
    request: Request, space_id: str, body: NewReminder, studio: CurrentStudio
) -> ReminderView:
    """Be told when the doors open, and when it is delayed or called off. No account is needed."""
    listed = await find(studio, space_id)
    if listed.private and not await may_know(request, studio, listed):
        raise Problem(401, "ticket", "This space is private: a reminder needs a ticket.")
    if listed.status not in _COMING:
        raise Problem(409, "status", "There is nothing to be reminded of any more.")
    now_ms = studios.now_ms()
    _paced(studio, request.client.host if request.client else "", now_ms)
    reader = page.language(request)
    if body.kind == "mail":
        return await _by_mail(studio, listed.id, body, listed.title, reader)
    if body.subscription is None:
        raise Problem(422, "value", "A reminder by push needs the browser's subscription.")
    to = studio.push.checked(
        endpoint=body.subscription.endpoint,
        p256dh=body.subscription.keys.p256dh,
        auth=body.subscription.keys.auth,
    )
    token = await studio.reminders.by_push(listed.id, to, now_ms=now_ms, language=reader.language)
    if token is None:
        raise _full()
    told = reader.sentence("This browser is told when the doors open.")
    return ReminderView(sentence=told, end_url=_url(studio, token))


async def _by_mail(
    studio: Studio, space: str, body: NewReminder, title: str, reader: Words
) -> ReminderView:
    if body.email is None:
        raise Problem(422, "value", "A reminder by mail needs an address.")
    asked = await studio.reminders.by_mail(
        space, body.email, title=title, now_ms=studios.now_ms(), language=reader.language
    )
    if asked is None:
        raise _full()
    if not asked:
        raise Problem(409, "no-mail", "This studio cannot send mail. Use the calendar file.")
    sent = reader.sentence("Open the link in the mail that is on its way to you.")
    return ReminderView(sentence=sent)


@router.get("/r/{token}", include_in_schema=False)
async def shown(request: Request, token: str, studio: CurrentStudio) -> Response:
    """The page behind a mail's link. It changes nothing: mail programs open links by themselves."""
    space = await studio.reminders.space_of(token)
    if space is None:
        raise Problem(404, "not-found", _GONE)
    listed = await find(studio, space)
    confirmed = await studio.reminders.is_confirmed(token)
    return page.render(
        request,
        "reminder.html",
        {"space": listed, "confirmed": confirmed, "share_url": studio.share_url(space)},
    )


@router.post("/r/{token}", include_in_schema=False)
async def change(token: str, studio: CurrentStudio, request: Request) -> Response:
    """Confirm or end a reminder."""
    ending = (await request.form(max_files=0, max_fields=2)).get("do") == "end"
    act = studio.reminders.end if ending else studio.reminders.confirm
    space = await act(token)
    if space is None:
        raise Problem(404, "not-found", _GONE)
    return RedirectResponse(studio.share_url(space) if ending else f"/r/{token}", 303)


def _paced(studio: Studio, address: str, now_ms: int) -> None:
    wait_ms = studio.reminding.wait_ms(address, now_ms=now_ms)
    if wait_ms > 0:
        told = "That is enough for now. Try again in an hour."
        raise Problem(429, "fast", told, retry_s=wait_ms // 1000 + 1)
    studio.reminding.note(address, now_ms)


def _full() -> Problem:
    return Problem(503, "full", "This space has more reminders than can be sent.", retry_s=60)


def _url(studio: Studio, token: str) -> str:
    return f"{studio.settings.public_url('studio')}/r/{token}"
