"""Forms without JavaScript: read, check, and say beside the field what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from hustings import limits
from hustings.web import views
from hustings.web.accounts import normal_email
from hustings.web.problem import sentence_of
from hustings.words import mark

_MINUTE_MS = 60_000


def _email(text: str) -> str:
    text = normal_email(text)
    name, at, domain = text.rpartition("@")
    if not (at and name and "." in domain.strip(".")) or any(c.isspace() for c in text):
        raise ValueError(mark("an address looks like name@example.org"))
    try:
        Address(addr_spec=text)
    except Exception:
        # As the standard library reads it, which fails in many ways: no mail could be sent there.
        raise ValueError(mark("an address looks like name@example.org")) from None
    return text


Email = Annotated[str, Field(max_length=limits.EMAIL_CHARS), views.PLAIN, AfterValidator(_email)]


class FirstForm(BaseModel):
    """The first account."""

    name: views.Name
    email: Email
    password: Annotated[
        str,
        Field(min_length=limits.PASSWORD_CHARS_MIN, max_length=limits.PASSWORD_CHARS_MAX),
    ]


class SignInForm(BaseModel):
    """Somebody who says who they are."""

    email: Annotated[str, Field(min_length=1, max_length=limits.EMAIL_CHARS), views.PLAIN]
    password: Annotated[str, Field(min_length=1, max_length=limits.PASSWORD_CHARS_MAX)]


class AcceptForm(BaseModel):
    """Somebody who takes a seat."""

    name: views.Name


T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Filled(Generic[T]):
    """A form as it was sent: `values` as text, and either `form` or `errors` by field."""

    values: dict[str, str]
    form: T | None
    errors: dict[str, str]


async def read(request: Request, kind: type[T], **known: str) -> Filled[T]:
    """The form in the request's body. Fields that the form does not know are left out; what is
    `known` already (and not "") counts instead of what was sent."""
    sent = await request.form(max_files=0, max_fields=50)
    values = {
        name: value.replace("\r\n", "\n")  # what browsers make of one new line when they send it
        for name, value in sent.items()
        if name in kind.model_fields and not isinstance(value, UploadFile)
    }
    return check(values | {name: value for name, value in known.items() if value}, kind)


def check(values: dict[str, str], kind: type[T]) -> Filled[T]:
    """A form with these values, without what no page could show again: NULs, and halves of
    surrogate pairs, which some of the encodings that a form may name make."""
    values = {
        name: text.encode(errors="ignore").decode().replace("\0", "")
        for name, text in values.items()
    }
    try:
        return Filled(values, kind.model_validate(values), {})
    except ValidationError as invalid:
        errors = {
            str(error["loc"][0]): sentence_of(error) or "This cannot be used."
            for error in invalid.errors()
        }
        return Filled(values, None, errors)
