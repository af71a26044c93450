"""Webhooks over HTTP: made, listed, tried out and removed by their owner."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.web import studio as studios
from hustings.web.accounts import SiteRole
from hustings.web.outbox.hooks import Delivery, Hook
from hustings.web.problem import Problem, documented
from hustings.web.standing import CurrentStudio, SignedIn

router: Final = APIRouter(prefix="/api/hooks", tags=["hooks"])

_MISSING: Final = "You have no such webhook."
HookId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$", examples=["q7w2e9r4t1"])]
EventName = Literal[
    "space.scheduled",
    "space.delayed",
    "space.cancelled",
    "space.doors",
    "space.live",
    "space.ended",
    "space.posted",
    "space.expiring",
    "space.expired",
    "hand.raised",
    "report.made",
]


class NewHook(BaseModel):
    """An address to be told, and of what."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(
        min_length=8, max_length=limits.HOOK_URL_CHARS, examples=["https://example.org/hooks"]
    )
    events: Annotated[list[EventName], Field(min_length=1, max_length=11)] = Field(
        examples=[["space.live", "space.posted"]]
    )
    everywhere: bool = Field(
        False, description="of all spaces of this installation; for site owners only"
    )


class HookView(BaseModel):
    """A webhook, and what became of its newest message."""

    id: str = Field(examples=["q7w2e9r4t1"])
    url: str = Field(examples=["https://example.org/hooks"])
    events: list[str] = Field(examples=[["space.live", "space.posted"]])
    everywhere: bool
    created_at_ms: int
    last_status: int | None = Field(description="HTTP status, 0 for no answer, null before")
    last_at_ms: int | None


class MadeHookView(HookView):
    """A new webhook with the secret that signs its messages. It is shown once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class DeliveryView(BaseModel):
    """One message to a webhook."""

    id: str = Field(examples=["msg_2a8v0c91k3j4h5g6f7d8s9a0"])
    event: str = Field(examples=["space.live"])
    made_at_ms: int
    tries: int
    status: int = Field(description="the last answer's HTTP status, 0 for none")
    taken: bool
    due_at_ms: int | None = Field(description="when it is tried next; null when it is done")


@router.post("", status_code=201, responses=documented(400, 401, 403, 409, 413, 422, 503))
async def make(body: NewHook, account: SignedIn, studio: CurrentStudio) -> MadeHookView:
    """Have an address told what happens in your spaces. The answer holds the signing secret."""
    if body.everywhere and account.role is not SiteRole.OWNER:
        raise Problem(403, "role", "Only the owner of this installation can hear of all spaces.")
    made = await studio.hooks.add(
        account=account.id,
        url=body.url,
        events=tuple(dict.fromkeys(body.events)),
        everywhere=body.everywhere,
        now_ms=studios.now_ms(),
    )
    if made is None:
        raise Problem(409, "full", f"An account has at most {limits.HOOKS_COUNT} webhooks.")
    hook, key = made
    return MadeHookView(**_view(hook).model_dump(), secret=key)


@router.get("", responses=documented(401, 503))
async def mine(account: SignedIn, studio: CurrentStudio) -> list[HookView]:
    """Your webhooks."""
    return [_view(hook) for hook in await studio.hooks.of(account.id)]


@router.delete("/{hook}", status_code=204, responses=documented(401, 403, 404, 422, 503))
async def remove(hook: HookId, account: SignedIn, studio: CurrentStudio) -> None:
    """Forget a webhook and what is on the way to it."""
    if not await studio.hooks.remove(hook, account=account.id):
        raise Problem(404, "not-found", _MISSING)


@router.post("/{hook}/ping", status_code=202, responses=documented(401, 403, 404, 422, 503))
async def ping(hook: HookId, account: SignedIn, studio: CurrentStudio) -> None:
    """Send a message of type `ping`, to see whether it arrives."""
    if not await studio.hooks.ping(hook, account=account.id, now_ms=studios.now_ms()):
        raise Problem(404, "not-found", _MISSING)


@router.get("/{hook}/deliveries", responses=documented(401, 404, 422, 503))
async def deliveries(hook: HookId, account: SignedIn, studio: CurrentStudio) -> list[DeliveryView]:
    """The newest messages to a webhook, and what became of them. They are kept for a week."""
    found = await studio.hooks.deliveries(hook, account=account.id)
    if found is None:
        raise Problem(404, "not-found", _MISSING)
    return [_delivery(one) for one in found]


def _view(hook: Hook) -> HookView:
    return HookView(
        id=hook.id,
        url=hook.url,
        events=list(hook.events),
        everywhere=hook.everywhere,
        created_at_ms=hook.created_at_ms,
        last_status=hook.last_status,
        last_at_ms=hook.last_at_ms,
    )


def _delivery(one: Delivery) -> DeliveryView:
    return DeliveryView(
        id=one.id,
        event=one.event,
        made_at_ms=one.made_at_ms,
        tries=one.tries,
        status=one.status,
        taken=one.taken,
        due_at_ms=one.due_at_ms,
    )
