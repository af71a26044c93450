"""The API of the people here: accounts with their roles, and invitations."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, BackgroundTasks, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.web import page
from hustings.web import studio as studios
from hustings.web.accounts import Account, SiteRole
from hustings.web.forms import Email
from hustings.web.order.rights import Moderator
from hustings.web.people import giving
from hustings.web.people.invitations import Invitation
from hustings.web.people.refused import Refused
from hustings.web.people.roles import LAST, NOBODY, NOT_OWNER, SUSPENDED
from hustings.web.problem import FieldProblem, Problem, documented
from hustings.web.standing import CurrentStudio
from hustings.web.studio import Studio

router: Final = APIRouter(prefix="/api", tags=["people"])

_REFUSED: Final = {
    NOT_OWNER: (403, "role"),
    NOBODY: (404, "person"),
    LAST: (409, "last-owner"),
    SUSPENDED: (409, "suspended"),
}
Role = Literal["owner", "moderator", "host", "member"]
AccountId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$", examples=["k3v9q1xzm2"])]
InvitationId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$", examples=["p0qw8er7ty"])]
Words = Annotated[str, Query(max_length=limits.NAME_CHARS, examples=["hanna"])]
Offset = Annotated[int, Query(ge=0, le=limits.PEOPLE_OFFSET_COUNT)]


class PersonView(BaseModel):
    """Somebody with an account."""

    id: str = Field(examples=["k3v9q1xzm2"])
    person: str = Field(description="who this is in spaces", examples=["a-k3v9q1xzm2"])
    name: str = Field(examples=["Hanna Host"])
    email: str = Field(examples=["hanna@example.org"])
    handle: str = Field(examples=["hanna"])
    role: Role
    suspended: bool
    created_at_ms: int


class PeopleView(BaseModel):
    """A page of people."""

    people: list[PersonView]
    more: bool = Field(description="whether there are others; ask again with a higher `offset`")


class RoleChange(BaseModel):
    """Another role."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Role = Field(examples=["host"])


class NewInvitation(BaseModel):
    """Somebody to invite. Without an address, the link makes an account for whoever has it."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"email": "guest@example.org", "role": "host"}},
    )

    email: Email | Literal[""] = ""
    role: Role = "member"


class InvitationView(BaseModel):
    """An open invitation."""

    id: str = Field(examples=["p0qw8er7ty"])
    email: str = Field(description="empty for an open link", examples=["guest@example.org"])
    role: Role
    by: str = Field(description="who made it; empty: the operator", examples=["Hanna Host"])
    good: bool = Field(description="false while who made it may not invite people to this role")
    used_count: int = Field(description="accounts that an open link has made")
    created_at_ms: int
    expires_at_ms: int


class MadeView(InvitationView):
    """An invitation that was just made. The link is shown once: the studio keeps its hash."""

    link: str = Field(examples=["https://studio.example.org/join/Zk3…"])


@router.get("/people", responses=documented(401, 403, 422))
async def people(
    account: Moderator, studio: CurrentStudio, q: Words = "", offset: Offset = 0
) -> PeopleView:
    """Who has an account here, by name. `q` looks in names, addresses and handles."""
    del account
    found = await studio.people.roles.search(q, offset=offset)
    shown = [await _person(studio, one) for one in found[: limits.PEOPLE_COUNT]]
    return PeopleView(people=shown, more=len(found) > len(shown))


@router.patch("/people/{account_id}", responses=documented(401, 403, 404, 409, 413, 422, 503))
async def change_role(
    account_id: AccountId, body: RoleChange, account: Moderator, studio: CurrentStudio
) -> PersonView:
    """Give somebody another role. Only owners can, and there is always one."""
    changed = await giving.change_role(studio, account, account_id, SiteRole(body.role))
    if isinstance(changed, Refused):
        status, code = _REFUSED[changed]
        raise Problem(status, code, changed.reason)
    return await _person(studio, changed)


@router.get("/invitations", responses=documented(401, 403))
async def invitations(account: Moderator, studio: CurrentStudio) -> list[InvitationView]:
    """The open invitations, newest first."""
    del account
    found = await studio.people.invitations.all(now_ms=studios.now_ms())
    return [InvitationView(**_invitation(one)) for one in found]


@router.post("/invitations", status_code=201, responses=documented(401, 403, 409, 413, 422, 503))
async def invite(
    request: Request,
    body: NewInvitation,
    account: Moderator,
    studio: CurrentStudio,
    background: BackgroundTasks,
) -> MadeView:
    """Invite somebody. With an address the link works once, and is sent if there is mail."""
    made = await giving.give(
        studio,
        account,
        email=body.email,
        role=SiteRole(body.role),
        reader=page.language(request),
        background=background,
    )
    if isinstance(made, Refused):
        status = {"form": 409, "role": 403}.get(made.field, 422)
        field = FieldProblem(field=made.field, detail=made.reason)
        raise Problem(status, "invitation", made.reason, errors=(field,))
    return MadeView(**_invitation(made.invitation), link=made.link)


@router.delete(
    "/invitations/{invitation_id}", status_code=204, responses=documented(401, 403, 404, 422, 503)
)
async def uninvite(
    invitation_id: InvitationId, account: Moderator, studio: CurrentStudio
) -> Response:
    """End an invitation's link."""
    refused = await giving.take_back(studio, account, invitation_id)
    if refused is not None:
        raise Problem(404, "invitation", refused.reason)
    return Response(status_code=204)


async def _person(studio: Studio, account: Account) -> PersonView:
    return PersonView(
        id=account.id,
        person=account.person,
        name=account.name,
        email=account.email,
        handle=account.handle,
        role=account.role.value,
        suspended=await studio.people.suspended(account.person),
        created_at_ms=account.created_at_ms,
    )


def _invitation(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "role": one.role.value,
        "by": one.by,
        "good": one.good,
        "used_count": one.used_count,
        "created_at_ms": one.created_at_ms,
        "expires_at_ms": one.expires_at_ms,
    }
