"""API tokens to make, see and revoke: on a page of the account, and as an API for browsers.

Only somebody who is signed in does this: a token makes no tokens.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hustings import limits
from hustings.web import page
from hustings.web import studio as studios
from hustings.web.access.scopes import WORDS, Scope
from hustings.web.access.tokens import Token
from hustings.web.accounts import Account
from hustings.web.problem import Problem, documented
from hustings.web.standing import CurrentStudio, SignedIn, Visitor
from hustings.web.studio import Studio
from hustings.web.views import Name
from hustings.words import mark

api: Final = APIRouter(prefix="/api/tokens", tags=["tokens"])
pages: Final = APIRouter(include_in_schema=False)

_FULL: Final = f"You have {limits.TOKENS_COUNT} tokens. Revoke one that is not used any more."
_DAYS: Final = {
    "7": mark("a week"),
    "30": mark("a month"),
    "90": mark("three months"),
    "365": mark("a year"),
}
TokenId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$", examples=["k3v9q1xzm4rk"])]


class NewToken(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["The calendar on our website"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] = Field(
        examples=[["spaces:read"]]
    )
    days: Annotated[int, Field(ge=1, le=limits.TOKEN_DAYS_MAX)] = 90


class TokenView(BaseModel):
    """A token, without its secret."""

    id: str = Field(examples=["k3v9q1xzm4rk"])
    name: str
    scopes: list[Scope]
    created_at_ms: int
    expires_at_ms: int
    used_at_ms: int | None = Field(description="last used, to a minute; null: never")


class MadeToken(TokenView):
    """A token that was just made. It is shown once: the studio keeps only its hash."""

    token: str = Field(examples=["hst_Zk3…"])


@api.get("", responses=documented(401, 403, 503))
async def own(account: SignedIn, studio: CurrentStudio) -> list[TokenView]:
    """Your tokens that are good, newest first."""
    found = await studio.access.tokens.of(account.id, now_ms=studios.now_ms())
    return [TokenView.model_validate(_fields(token)) for token in found]


@api.post("", status_code=201, responses=documented(401, 403, 409, 413, 422, 503))
async def make(account: SignedIn, studio: CurrentStudio, body: NewToken) -> MadeToken:
    """Make a token for a program. What it may do is bounded by its scopes, and by what you may."""
    made = await _make(studio, account, body)
    if made is None:
        raise Problem(409, "full", _FULL)
    token, value = made
    return MadeToken.model_validate({**_fields(token), "token": value})


@api.delete("/{token}", status_code=204, responses=documented(401, 403, 404, 422, 503))
async def revoke(account: SignedIn, studio: CurrentStudio, token: TokenId) -> None:
    """Revoke a token: it ends at once."""
    await _revoke(studio, account, token)


@pages.get("/account/tokens")
async def listing(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """My tokens, and the form for a new one."""
    if account is None:
        return RedirectResponse("/sign-in?next=/account/tokens", 303)
    return await _page(request, studio, account)


@pages.post("/account/tokens")
async def make_here(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """Make a token, and show it this once."""
    sent = await request.form(max_files=0, max_fields=20)
    values = {"name": str(sent.get("name", "")), "days": str(sent.get("days", ""))}
    scopes = [str(scope) for scope in sent.getlist("scopes")]
    try:
        days = int(values["days"]) if values["days"] in _DAYS else 0
        body = NewToken.model_validate({"name": values["name"], "scopes": scopes, "days": days})
    except ValidationError as invalid:
        wrong = {str(error["loc"][0]) for error in invalid.errors()}
        told = {
            "name": "Give it a name by which you know the program.",
            "scopes": "Choose at least one.",
            "days": "Choose how long it is good.",
        }
        errors = {field: told.get(field, "This cannot be used.") for field in wrong}
        return await _page(request, studio, account, values=values, chosen=scopes, errors=errors)
    made = await _make(studio, account, body)
    if made is None:
        errors = {"form": _FULL}
        return await _page(request, studio, account, values=values, chosen=scopes, errors=errors)
    return await _page(request, studio, account, made=made)


@pages.post("/account/tokens/{token}/revoke")
async def revoke_here(account: SignedIn, studio: CurrentStudio, token: TokenId) -> Response:
    """Revoke a token."""
    await _revoke(studio, account, token)
    return RedirectResponse("/account/tokens", 303)


async def _make(studio: Studio, account: Account, body: NewToken) -> tuple[Token, str] | None:
    now_ms = studios.now_ms()
    made = await studio.access.tokens.add(
        account=account.id,
        name=body.name,
        scopes=set(body.scopes),
        days=body.days,
        now_ms=now_ms,
    )
    if made is not None:
        await _written(studio, account, "token.made", made[0], now_ms)
    return made


async def _revoke(studio: Studio, account: Account, token: str) -> None:
    gone = await studio.access.tokens.revoke(account.id, token)
    if gone is None:
        raise Problem(404, "not-found", "You have no such token.")
    await _written(studio, account, "token.revoked", gone, studios.now_ms())


async def _written(studio: Studio, account: Account, did: str, token: Token, now_ms: int) -> None:
    await studio.audit.add(
        by=account.person,
        by_name=account.name,
        did=did,
        about=f"token:{token.id}",
        person=account.person,
        snapshot=f"{token.name}: {', '.join(sorted(token.scopes))}",
        now_ms=now_ms,
    )


async def _page(
    request: Request,
    studio: Studio,
    account: Account,
    *,
    values: dict[str, str] | None = None,
    chosen: list[str] | None = None,
    errors: dict[str, str] | None = None,
    made: tuple[Token, str] | None = None,
) -> Response:
    shown = {
        "tokens": await studio.access.tokens.of(account.id, now_ms=studios.now_ms()),
        "scopes": WORDS,
        "days": _DAYS,
        "values": values or {},
        "chosen": chosen or [],
        "errors": errors or {},
        "made": made[1] if made else "",
    }
    return page.render(request, "tokens.html", shown, status=422 if errors else 200)


def _fields(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at_ms": token.created_at_ms,
        "expires_at_ms": token.expires_at_ms,
        "used_at_ms": token.used_at_ms,
    }
