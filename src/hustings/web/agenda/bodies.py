"""What the agenda's API says and takes: JSON bodies, described for OpenAPI, with examples."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.space.state import Publishing
from hustings.web import views
from hustings.web.accounts import Account
from hustings.web.agenda import pictures
from hustings.web.agenda.recurrence import Rule
from hustings.web.agenda.series import Series
from hustings.web.catalogue import Listed
from hustings.web.studio import Studio

_TAG = r"^([A-Za-z0-9]+(-[A-Za-z0-9]+)*)?$"
Description = Annotated[
    str,
    Field(max_length=limits.DESCRIPTION_CHARS, description="Markdown (CommonMark)"),
    views.PLAIN,
]
Language = Annotated[
    str,
    Field(
        max_length=limits.LANGUAGE_CHARS,
        pattern=_TAG,
        description="a language tag (RFC 5646), or nothing",
        examples=["en"],
    ),
]
PictureId = Annotated[
    str, Field(pattern="^([0-9a-f]{32})?$", description="the id of a picture that was sent before")
]
Limit = Annotated[
    int, Field(ge=0, le=limits.LISTENERS_CHOSEN_COUNT, description="listeners at once; 0: no limit")
]
KeepDays = Annotated[
    int,
    Field(
        ge=-1,
        le=limits.KEEP_DAYS_MAX,
        description="days that the recording is kept after the end; 0: for ever, -1: as long as "
        "this installation keeps recordings",
    ),
]
DelayS = Annotated[
    int,
    Field(
        ge=0,
        le=limits.BROADCAST_DELAY_S_MAX,
        description="seconds by which listeners are behind those on stage, so that a host can cut "
        "in time; chosen before the doors open",
    ),
]
SoundId = Annotated[
    str, Field(pattern="^([0-9a-f]{32})?$", description="the id of a sound that was sent before")
]
PublishingName = Literal["auto", "review", "never"]
SeriesId = Annotated[str, Field(pattern="^([a-z0-9]{4,16})?$", description="the id of a series")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewSpace(_Body):
    """A space to be made."""

    title: views.Title = Field(examples=["An evening on the new tram line"])
    description: Description = ""
    language: Language = ""
    private: bool = Field(False, description="shown and heard by ticket only")
    listed: bool = Field(True, description="shown in lists; false: found by its address only")
    publishing: PublishingName = Field(
        "auto", description="what becomes of the recording: posted, kept for review, or never"
    )
    picture: PictureId = ""
    listeners_max: Limit = 0
    guests: bool = Field(True, description="who gives a name may write and raise a hand")
    keep_days: KeepDays = -1
    delay_s: DelayS = 0
    hold_sound: SoundId = ""
    series: SeriesId = ""
    starts_at_ms: views.Moment = Field(0, description="0 means now", examples=[1767204000000])
    doors_at_ms: views.Moment | None = Field(
        None,
        description="when the doors open by themselves; without it, the host opens them",
        examples=[1767203400000],
    )


class SpaceChange(_Body):
    """What is to be different; what is left out stays. After the end only `publishing` changes."""

    title: views.Title | None = None
    description: Description | None = None
    language: Language | None = None
    private: bool | None = None
    listed: bool | None = None
    publishing: PublishingName | None = None
    picture: PictureId | None = None
    listeners_max: Limit | None = None
    guests: bool | None = None
    keep_days: KeepDays | None = None
    delay_s: DelayS | None = None
    hold_sound: SoundId | None = None
    series: SeriesId | None = None


class Who(_Body):
    """Somebody with an account here."""

    who: Annotated[str, Field(min_length=1, max_length=limits.EMAIL_CHARS), views.PLAIN] = Field(
        description="handle or e-mail address", examples=["@amara"]
    )


class NewSeries(_Body):
    """A series to be made."""

    title: views.Title = Field(examples=["Thursday at the forum"])
    slug: Annotated[
        str, Field(max_length=limits.SLUG_CHARS, pattern="^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$")
    ] = Field("", description="its address; made of the title if empty", examples=["thursday"])
    description: Description = ""
    language: Language = ""
    picture: PictureId = ""
    listed: bool = True


class SeriesChange(_Body):
    """What is to be different; what is left out stays. The address always stays."""

    title: views.Title | None = None
    description: Description | None = None
    language: Language | None = None
    picture: PictureId | None = None
    listed: bool | None = None


class SeriesEnd(_Body):
    """The end of a series. `reason` is of the spaces that are cancelled: listeners read it."""

    spaces: Literal["keep", "cancel"] = Field(
        description="those that nobody has opened yet", examples=["keep"]
    )
    reason: views.Reason = Field("", examples=["The series is over. Thank you for listening."])


class NextSpaces(_Body):
    """More spaces of a series, like its last one."""

    rule: Literal["weekly", "monthly"]
    count: Annotated[int, Field(ge=1, le=limits.SERIES_NEXT_COUNT)] = Field(examples=[4])
    zone: Annotated[str, Field(max_length=limits.ZONE_CHARS)] = Field(
        "UTC", description="IANA time zone of the host's clock", examples=["Europe/Berlin"]
    )


class PersonView(BaseModel):
    """An account, as others see it."""

    id: str = Field(examples=["q8w2e5r1t9z4u7i3"])
    name: str = Field(examples=["Amara Okafor"])
    handle: str = Field(examples=["amara"])


class SpaceItem(BaseModel):
    """A space in a list. Times are Unix milliseconds."""

    id: str = Field(examples=["m4rk3tpl4z"])
    title: str
    description: str
    language: str
    host: str
    status: Literal[
        "scheduled", "doors", "live", "held", "ended", "posted", "withheld", "cancelled"
    ]
    reason: str = Field(description="why it is held, delayed, cancelled or withheld")
    starts_at_ms: int
    doors_at_ms: int | None
    private: bool
    listed: bool
    publishing: PublishingName
    picture_url: str = Field(description="1200 x 630 pixels; empty without a picture")
    series: str
    recording_seconds: float | None
    share_url: str
    stage_url: str


class SeriesView(BaseModel):
    """A series. Its address never changes."""

    id: str
    slug: str = Field(examples=["thursday"])
    title: str
    description: str
    language: str
    picture_url: str
    listed: bool
    rule: Literal["", "weekly", "monthly"]
    zone: str
    ended: bool = Field(description="nothing is added to it any more")
    url: str = Field(examples=["https://studio.example.org/series/thursday"])
    calendar_url: str = Field(examples=["https://studio.example.org/series/thursday.ics"])


def picture_url(studio: Studio, picture: str) -> str:
    """Where the wide picture is, "" for none."""
    if not picture:
        return ""
    return studio.settings.public_url("studio") + pictures.path(picture, "wide")


def item(studio: Studio, listed: Listed) -> SpaceItem:
    """A space for a list."""
    return SpaceItem(
        id=listed.id,
        title=listed.title,
        description=listed.description,
        language=listed.language,
        host=listed.host,
        status=listed.status.value,
        reason=listed.reason,
        starts_at_ms=listed.starts_at_ms,
        doors_at_ms=listed.doors_at_ms,
        private=listed.private,
        listed=listed.listed,
        publishing=_publishing(listed.publishing),
        picture_url=picture_url(studio, listed.picture),
        series=listed.series_id,
        recording_seconds=listed.recording_seconds,
        share_url=studio.share_url(listed.id),
        stage_url=studio.stage_url(listed.id),
    )


def series_view(studio: Studio, series: Series) -> SeriesView:
    """A series."""
    url = f"{studio.settings.public_url('studio')}/series/{series.slug}"
    rule: Literal["", "weekly", "monthly"] = (
        "weekly" if series.rule is Rule.WEEKLY else "monthly" if series.rule else ""
    )
    return SeriesView(
        id=series.id,
        slug=series.slug,
        title=series.title,
        description=series.description,
        language=series.language,
        picture_url=picture_url(studio, series.picture),
        listed=series.listed,
        rule=rule,
        zone=series.zone,
        ended=series.ended,
        url=url,
        calendar_url=f"{url}.ics",
    )


def person(account: Account) -> PersonView:
    """An account."""
    return PersonView(id=account.id, name=account.name, handle=account.handle)


def _publishing(publishing: Publishing) -> PublishingName:
    return publishing.value
