"""Forms without JavaScript: read, check, and say beside the field what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from hustings import limits
from hustings.web import views
from hustings.web.accounts import normal_email

_MINUTE_MS = 60_000
_SENTENCES = {
    "missing": "This is needed.",
    "string_too_short": "This is too short: at least {min_length} characters.",
    "string_too_long": "This is too long: at most {max_length} characters.",
    "value_error": "This cannot be used: {error}.",
}


def _email(text: str) -> str:
    text = normal_email(text)
    name, at, domain = text.rpartition("@")
    if not (at and name and "." in domain.strip(".")) or any(c.isspace() for c in text):
        raise ValueError("an address looks like name@example.org")
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


class SpaceForm(BaseModel):
    """A new space. The browser's script fills `starts_at_ms` from `starts_local` in the browser's
    own time zone; without scripts `starts_local` is UTC."""

    title: views.Title
    description: Annotated[str, Field(max_length=limits.DESCRIPTION_CHARS), views.PLAIN] = ""
    when: Annotated[str, Field(pattern="^(now|later)$")] = "now"
    starts_local: Annotated[str, Field(max_length=32)] = ""
    starts_at_ms: Annotated[str, Field(max_length=16)] = ""
    doors_minutes: Annotated[str, Field(pattern="^([0-9]{1,4})?$")] = ""
    private: Annotated[str, Field(pattern="^(on)?$")] = ""

    def times(self, *, now_ms: int) -> tuple[int, int | None]:
        """Start and doors in Unix milliseconds (0: now); ValueError with a sentence."""
        if self.when == "now":
            return 0, None
        if self.starts_at_ms.isascii() and self.starts_at_ms.isdecimal():
            starts = int(self.starts_at_ms)
        else:
            try:
                at = datetime.fromisoformat(self.starts_local)
            except ValueError:
                raise ValueError("Choose a date and a time.") from None
            starts = int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)
        if not now_ms < starts <= limits.TIME_MS_MAX:
            raise ValueError("Choose a time that lies ahead.")
        if not self.doors_minutes:
            return starts, None
        lead_ms = min(int(self.doors_minutes) * _MINUTE_MS, limits.DOORS_LEAD_S_MAX * 1000)
        return starts, starts - lead_ms


T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Filled(Generic[T]):
    """A form as it was sent: `values` as text, and either `form` or `errors` by field."""

    values: dict[str, str]
    form: T | None
    errors: dict[str, str]


async def read(request: Request, kind: type[T]) -> Filled[T]:
    """The form in the request's body. Fields that the form does not know are left out."""
    sent = await request.form(max_files=0, max_fields=50)
    values = {
        name: value.replace("\r\n", "\n")  # what browsers make of one new line when they send it
        for name, value in sent.items()
        if name in kind.model_fields and not isinstance(value, UploadFile)
    }
    try:
        return Filled(values, kind.model_validate(values), {})
    except ValidationError as invalid:
        errors = {
            str(error["loc"][0]): _SENTENCES.get(error["type"], "This cannot be used.").format_map(
                error.get("ctx", {})
            )
            for error in invalid.errors()
        }
        return Filled(values, None, errors)
