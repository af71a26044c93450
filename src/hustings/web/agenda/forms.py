"""The forms of spaces and series: what they take, and how a picture comes with them.

A form with a picture is sent as `multipart/form-data`. The picture is kept at once, and its id
travels on in a hidden field, so that it need not be chosen again when something else is wrong.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.requests import Request

from hustings import limits
from hustings.errors import BadInput
from hustings.space.command import Edit
from hustings.space.state import Publishing
from hustings.web import forms, views
from hustings.web.agenda import recurrence
from hustings.web.agenda.planner import Plan
from hustings.web.problem import Problem
from hustings.web.studio import Studio

_MINUTE_MS = 60_000
_TICK = "^(on)?$"
_TAG = r"^([A-Za-z0-9]+(-[A-Za-z0-9]+)*)?$"
_COUNT = "^([0-9]{1,8})?$"

Description = Annotated[str, Field(max_length=limits.DESCRIPTION_CHARS), views.PLAIN]
Language = Annotated[str, Field(max_length=limits.LANGUAGE_CHARS, pattern=_TAG)]
Zone = Annotated[str, Field(max_length=limits.ZONE_CHARS)]
Tick = Annotated[str, Field(pattern=_TICK)]
PictureId = Annotated[str, Field(pattern="^([0-9a-f]{32})?$")]
_LATE = "Choose a time that lies ahead."


class _About(BaseModel):
    """What is said of a space."""

    title: views.Title
    description: Description = ""
    language: Language = ""
    picture: PictureId = ""
    audience: Annotated[str, Field(pattern="^(public|unlisted|private)$")] = "public"
    publishing: Publishing = Publishing.AUTO
    listeners_max: Annotated[str, Field(pattern=_COUNT)] = ""
    keep_days: Annotated[str, Field(pattern="^(-1|[0-9]{1,5})?$")] = ""
    # Once the doors are open it is shown and not sent.
    delay_s: Annotated[str, Field(pattern="^([0-9]{1,2})?$")] = ""
    # Without scripts a box that is not ticked is not sent: the form says that it had one.
    guests: Tick = ""
    guests_shown: Tick = ""
    private: Tick = ""  # of programs that know nothing of audiences

    @property
    def kept(self) -> dict[str, Any]:
        """The values of a `Schedule` or an `Edit`."""
        private = self.audience == "private" or bool(self.private)
        return {
            "title": self.title,
            "description": self.description,
            "language": self.language,
            "picture": self.picture,
            "listed": self.audience != "unlisted",
            "private": private,
            "publishing": self.publishing,
            "listeners_max": int(self.listeners_max or "0"),
            "keep_days": int(self.keep_days) if self.keep_days else None,
            "delay_s": int(self.delay_s) if self.delay_s else None,
            "guests": bool(self.guests) or not self.guests_shown,
        }


class SpaceForm(_About):
    """A new space. `starts_local` is what the clock on the wall shows in `zone`, which the page's
    script fills in; without scripts that is UTC."""

    when: Annotated[str, Field(pattern="^(now|later)$")] = "now"
    starts_local: Annotated[str, Field(max_length=32)] = ""
    starts_at_ms: Annotated[str, Field(pattern="^([0-9]{1,15})?$")] = ""
    zone: Zone = "UTC"
    doors_minutes: Annotated[str, Field(pattern="^([0-9]{1,4})?$")] = ""
    series: Annotated[str, Field(pattern="^([a-z0-9]{4,16})?$")] = ""
    repeat: recurrence.Rule = recurrence.Rule.NONE
    repeat_count: Annotated[str, Field(pattern="^([0-9]{1,2})?$")] = ""

    @property
    def plan(self) -> Plan:
        """What is to be made, but for its times."""
        return Plan(**self.kept, series=self.series)

    @property
    def times_count(self) -> int:
        """How often it takes place."""
        wanted = min(int(self.repeat_count or "1"), limits.SERIES_NEXT_COUNT)
        return max(1, wanted) if self.repeat and self.when == "later" else 1

    def times(self, *, now_ms: int) -> tuple[int, int | None]:
        """Start and doors in Unix milliseconds (0: now); ValueError with a sentence."""
        if self.when == "now":
            return 0, None
        starts = starts_ms(self.starts_local, self.zone, self.starts_at_ms, now_ms=now_ms)
        if not self.doors_minutes:
            return starts, None
        lead_ms = min(int(self.doors_minutes) * _MINUTE_MS, limits.DOORS_LEAD_S_MAX * 1000)
        return starts, starts - lead_ms


class EditForm(_About):
    """A space that is there."""

    def command(self, *, by: str, role: Any) -> Edit:
        """The change."""
        return Edit(by=by, role=role, **self.kept)


class OverForm(BaseModel):
    """What can be put right about a space that is over; who runs it as a co-host is shown no
    series."""

    title: views.Title
    description: Description = ""
    language: Language = ""
    picture: PictureId = ""
    audience: Annotated[str, Field(pattern="^(public|unlisted)?$")] = ""
    series: Annotated[str, Field(pattern="^(-|[a-z0-9]{4,16})?$")] = ""

    def command(self, *, by: str, role: Any) -> Edit:
        """The change; a series "-" is none, and an empty one stays as it is."""
        return Edit(
            by=by,
            role=role,
            title=self.title,
            description=self.description,
            language=self.language,
            picture=self.picture,
            listed=None if not self.audience else self.audience == "public",
            series=None if not self.series else self.series.strip("-"),
        )


class DelayForm(BaseModel):
    """A later start, and why."""

    starts_local: Annotated[str, Field(min_length=1, max_length=32)]
    starts_at_ms: Annotated[str, Field(pattern="^([0-9]{1,15})?$")] = ""
    zone: Zone = "UTC"
    reason: Annotated[str, Field(min_length=1, max_length=limits.REASON_CHARS), views.PLAIN]


class ReasonForm(BaseModel):
    """Why something is done; may be empty."""

    reason: Annotated[str, Field(max_length=limits.REASON_CHARS), views.PLAIN] = ""


class WhoForm(BaseModel):
    """Somebody with an account here."""

    who: Annotated[str, Field(min_length=1, max_length=limits.EMAIL_CHARS), views.PLAIN]


class SeriesForm(BaseModel):
    """A series; its address is made of the title where none is given."""

    title: views.Title
    slug: Annotated[
        str, Field(max_length=limits.SLUG_CHARS, pattern="^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$")
    ] = ""
    description: Description = ""
    language: Language = ""
    picture: PictureId = ""
    listed: Tick = ""


class EndForm(BaseModel):
    """The end of a series, and what becomes of the spaces that nobody has opened yet."""

    spaces: Annotated[str, Field(pattern="^(keep|cancel)$")]
    reason: views.Reason = ""


class RepeatForm(BaseModel):
    """More spaces of a series."""

    rule: Annotated[recurrence.Rule, Field()]
    count: Annotated[str, Field(pattern="^[0-9]{1,2}$")]
    zone: Zone = "UTC"


def starts_ms(wall: str, zone: str, exact: str, *, now_ms: int) -> int:
    """A start that lies ahead, in Unix milliseconds; ValueError with a sentence."""
    try:
        starts = int(exact) if exact else recurrence.moment_ms(wall, zone or "UTC")
    except BadInput as error:
        if error.what == "time zone":
            raise ValueError("This time zone is not known here.") from None
        raise ValueError("Choose a date and a time.") from None
    except (OverflowError, ValueError):
        raise ValueError("Choose a date and a time.") from None
    if not now_ms < starts <= limits.TIME_MS_MAX:
        raise ValueError(_LATE)
    return starts


T = TypeVar("T", bound=BaseModel)


async def read(request: Request, studio: Studio, kind: type[T]) -> forms.Filled[T]:
    """The form in the request's body, with its picture kept."""
    sent = await request.form(max_files=1, max_fields=50)
    picture, wrong = str(sent.get("picture", "")), ""
    if sent.get("picture_remove") == "on":
        picture = ""
    file = sent.get("picture_file")
    if isinstance(file, UploadFile):
        data = await file.read()
        await file.close()
        try:
            picture = await studio.pictures.take(data) if data else picture
        except Problem as problem:
            if problem.status >= 500:
                raise
            wrong = problem.detail
    values = {
        name: value.replace("\r\n", "\n")
        for name, value in sent.items()
        if name in kind.model_fields and not isinstance(value, UploadFile)
    }
    values["picture"] = picture
    filled = forms.check(values, kind)
    if wrong:
        return forms.Filled(filled.values, None, {**filled.errors, "picture": wrong})
    if picture and "picture" not in filled.errors and not await studio.pictures.exists(picture):
        wrong = "Choose it once more."
        return forms.Filled({**filled.values, "picture": ""}, None, {"picture": wrong})
    return filled
