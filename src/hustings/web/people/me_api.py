"""The API of one's own account: profile and sign-ins."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.web import studio as studios
from hustings.web import views
from hustings.web.accounts import Account
from hustings.web.people.forms import Biography, Handle
from hustings.web.people.refused import Refused
from hustings.web.problem import FieldProblem, Problem, documented
from hustings.web.standing import CurrentStudio, SignedIn
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api/me", tags=["accounts"])
Reference = Annotated[str, Path(pattern="^[0-9a-f]{64}$", examples=["3f" * 32])]


class Profile(BaseModel):
    """What to change of one's profile; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {"name": "Hanna Host", "handle": "hanna", "biography": "I run the Forum."}
        },
    )

    name: views.Name | None = None
    handle: Handle | None = Field(None, description="3 to 30 of a-z, 0-9 and _; empty: none")
    biography: Biography | None = None
    picture: Annotated[str, Field(pattern=f"^([0-9a-f]{{{limits.PICTURE_ID_CHARS}}})?$")] | None = (
        Field(None, description="id from `POST /api/pictures`; empty: none")
    )


class MeView(BaseModel):
    """One's own account."""

    id: str = Field(examples=["k3v9q1xzm2"])
    person: str = Field(description="who this is in spaces", examples=["a-k3v9q1xzm2"])
    email: str = Field(description="empty if the account has none", examples=["hanna@example.org"])
    name: str = Field(examples=["Hanna Host"])
    role: Literal["owner", "moderator", "host", "member"]
    handle: str = Field(examples=["hanna"])
    biography: str = Field(examples=["I run the City Forum."])
    picture: str = Field(examples=[""])
    profile_url: str = Field(
        description="the public profile, empty without a handle",
        examples=["https://studio.example.org/@hanna"],
    )
    created_at_ms: int


class SignInView(BaseModel):
    """A browser that is signed in."""

    reference: str = Field(examples=["3f" * 32])
    agent: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"])
    created_at_ms: int
    current: bool = Field(description="whether it is the one that asks")


@router.get("", responses=documented(401, 403))
async def me(account: SignedIn, studio: CurrentStudio) -> MeView:
    """Your account."""
    return _view(studio, account)


@router.patch("", responses=documented(401, 403, 409, 413, 422, 503))
async def change(body: Profile, account: SignedIn, studio: CurrentStudio) -> MeView:
    """Change your profile."""
    if body.picture and not await studio.pictures.exists(body.picture):
        raise Problem(422, "picture", "There is no such picture.")
    changed = await studio.people.profiles.change(
        account,
        name=body.name,
        handle=body.handle,
        biography=body.biography,
        picture=body.picture,
    )
    if isinstance(changed, Refused):
        field = FieldProblem(field=changed.field, detail=changed.reason)
        raise Problem(409, "taken", changed.reason, errors=(field,))
    return _view(studio, changed)


@router.get("/sign-ins", responses=documented(401, 403))
async def sign_ins(request: Request, account: SignedIn, studio: CurrentStudio) -> list[SignInView]:
    """The browsers on which you are signed in, newest first."""
    token = studio.cookies.session(request)
    found = await studio.accounts.sign_ins(account, token=token, now_ms=studios.now_ms())
    return [
        SignInView(
            reference=one.reference,
            agent=one.agent,
            created_at_ms=one.created_at_ms,
            current=one.current,
        )
        for one in found
    ]


@router.delete("/sign-ins", status_code=204, responses=documented(401, 403, 503))
async def end_others(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """Sign out everywhere but where you ask from."""
    await studio.accounts.end_others(account, token=studio.cookies.session(request))
    return Response(status_code=204)


@router.delete(
    "/sign-ins/{reference}", status_code=204, responses=documented(401, 403, 404, 422, 503)
)
async def end(reference: Reference, account: SignedIn, studio: CurrentStudio) -> Response:
    """Sign one browser out."""
    if not await studio.accounts.revoke(account, reference):
        raise Problem(404, "sign-in", "That browser is no longer signed in.")
    return Response(status_code=204)


def _view(studio: Studio, account: Account) -> MeView:
    own = studio.settings.public_url("studio")
    return MeView(
        id=account.id,
        person=account.person,
        email=account.email,
        name=account.name,
        role=account.role.value,
        handle=account.handle,
        biography=account.biography,
        picture=account.picture,
        profile_url=f"{own}/@{account.handle}" if account.handle else "",
        created_at_ms=account.created_at_ms,
    )
