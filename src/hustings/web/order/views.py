"""What the API of moderation says and takes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.web.order.audit import Entry
from hustings.web.order.reports import Case
from hustings.web.order.suspension import Suspension
from hustings.web.views import LINE, Name, Reason

PERSON_PATTERN = r"^(a-[a-z0-9]{1,16}|g-[a-z0-9]{16})$"
Person = Annotated[
    str,
    Field(
        pattern=PERSON_PATTERN,
        description="`a-` and an account's id, or `g-` and a guest's",
        examples=["g-k3v9q1xzm4rk3tpl"],
    ),
]
PersonId = Annotated[str, Path(pattern=PERSON_PATTERN, examples=["g-k3v9q1xzm4rk3tpl"])]
CaseId = Annotated[str, Path(pattern="^[a-z0-9]{1,16}$", examples=["k3v9q1xzm4rk3tpl"])]
Days = Annotated[
    int | None,
    Field(ge=1, le=limits.SUSPENSION_DAYS_MAX, description="for so many days; null: for good"),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Why(_Body):
    """Why something is done: it stands in the audit log."""

    reason: Reason = Field("", examples=["Asked twice to stop."])


class NewReport(_Body):
    """Something that moderators should look at."""

    about: Literal["message", "question", "seat", "space"]
    id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{0,32}$")] = Field(
        "", description="of the message, question or seat", examples=["k3v9q1xz"]
    )
    reason: Reason = Field("", examples=["This is an insult."])


class NewBlock(_Body):
    """Somebody who is to be kept from writing and speaking in this space."""

    person: Person
    name: Name = Field(examples=["Loud guest"])
    reason: Reason = Field("", examples=["Asked twice to stop."])


class NewSuspension(_Body):
    """How long, and why: whoever is suspended reads it."""

    reason: Reason = Field("", examples=["Insults in three spaces."])
    days: Days = None
    name: Annotated[str, Field(max_length=limits.NAME_CHARS), LINE] = Field(
        "", description="how a guest called themselves; accounts have a name"
    )


class NewDecision(_Body):
    """What is decided about a report."""

    outcome: Literal["removed", "blocked", "suspended", "dismissed"]
    reason: Reason = Field("", examples=["Insult."])
    days: Days = None


class CaseView(BaseModel):
    """Something that was reported, once or often."""

    id: str = Field(examples=["k3v9q1xzm4rk3tpl"])
    space: str = Field(examples=["m4rk3tpl4z"])
    about: Literal["message", "question", "seat", "space"]
    about_id: str
    person: str = Field(description="whose it is; empty if that is not known")
    name: str
    text: str = Field(description="as it was when it was first reported")
    count: int = Field(description="how many reported it")
    reasons: list[str] = Field(description="the newest reasons that were given")
    first_at_ms: int
    newest_at_ms: int
    outcome: Literal["removed", "blocked", "suspended", "dismissed"] | None
    outcome_reason: str
    outcome_at_ms: int | None


class EntryView(BaseModel):
    """One entry of the audit log."""

    id: int
    at_ms: int
    by: str = Field(description="who: a person, a seat, `timer` or `system`")
    by_name: str
    did: str = Field(examples=["message.removed"])
    space: str = Field(description="where; empty: the whole site")
    about: str = Field(examples=["message:k3v9q1xz"])
    person: str = Field(description="whom it concerns")
    reason: str
    snapshot: str = Field(description="what it was about, in words")


class AuditView(BaseModel):
    """A page of the audit log, newest first."""

    entries: list[EntryView]
    before: int | None = Field(description="for the next page; null at the end")


class SuspensionView(BaseModel):
    """A suspension that lasts."""

    person: str
    name: str
    reason: str
    by: str
    at_ms: int
    until_ms: int | None = Field(description="null: for good")


def case_view(case: Case) -> CaseView:
    """A case for the API."""
    return CaseView.model_validate(
        {
            "id": case.id,
            "space": case.space,
            "about": case.thing.kind,
            "about_id": case.thing.id,
            "person": case.thing.person,
            "name": case.thing.name,
            "text": case.thing.text,
            "count": case.count,
            "reasons": list(case.reasons),
            "first_at_ms": case.first_at_ms,
            "newest_at_ms": case.newest_at_ms,
            "outcome": case.outcome,
            "outcome_reason": case.outcome_reason,
            "outcome_at_ms": case.outcome_at_ms,
        }
    )


def audit_view(entries: list[Entry], *, count: int) -> AuditView:
    """A page of `count` entries at most."""
    shown = [
        EntryView(**{name: getattr(entry, name) for name in EntryView.model_fields})
        for entry in entries
    ]
    return AuditView(entries=shown, before=shown[-1].id if len(shown) == count else None)


def suspension_view(one: Suspension) -> SuspensionView:
    """A suspension for the API."""
    return SuspensionView(**{name: getattr(one, name) for name in SuspensionView.model_fields})
