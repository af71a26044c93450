"""What the API takes about a finished recording: JSON bodies, described for OpenAPI."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.space.replay import ChangeKind, ClipShape
from hustings.web import views

_WHEN_MS: int = 1_000_000_000  # eleven days: longer than any recording

At = Annotated[int, Field(ge=0, le=_WHEN_MS)]
Revision = Annotated[
    int, Field(ge=0, le=_WHEN_MS, description="the `revision` that the times were read at")
]
Seat = Annotated[str, Field(pattern="^[a-z0-9]{0,32}$", description="empty: everybody's sound")]


Shapes = Annotated[
    list[ClipShape],
    Field(
        max_length=3,
        description="of its videos: `square`, `wide` (16:9), `tall` (9:16); each once, or none",
        examples=[["square", "tall"]],
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Stretch(_Body):
    """A stretch of what is published. It is widened to whole steps."""

    from_ms: At = Field(examples=[12_160])
    to_ms: At = Field(examples=[14_080])
    revision: Revision = Field(examples=[3])


class NewEdit(_Stretch):
    """What to do with a stretch: `cut` it out, `silence` it, or `trim` all that is around it."""

    kind: ChangeKind
    reason: views.Reason = Field(
        "", description="the receipt gives it", examples=["A telephone rang."]
    )


class NewErasure(_Stretch):
    """What is to be destroyed for good. This cannot be undone."""

    seat: Seat = ""
    reason: views.Reason = Field(
        "", description="for the audit log only", examples=["A speaker's request."]
    )


class NewClip(_Stretch):
    """A stretch that gets an address of its own, ten minutes at most."""

    title: views.Title = Field(examples=["Who owns the river?"])
    shapes: Shapes = ["square"]


class ClipChange(_Body):
    """Another title for a clip, or videos of other shapes; what is left out stays."""

    title: views.Title | None = Field(None, examples=["Who owns the river?"])
    shapes: Shapes | None = None


class ChapterMark(_Body):
    """A chapter that begins now."""

    title: views.Title = Field(examples=["Questions from the audience"])


class Heading(_Body):
    """Where a chapter begins, and its title."""

    at_ms: At = Field(examples=[61_440])
    title: views.Title = Field(examples=["Who owns the river?"])


class Chapters(_Body):
    """All chapters of a recording; null makes the automatic ones again."""

    chapters: Annotated[list[Heading], Field(max_length=limits.CHAPTERS_COUNT)] | None
    revision: Revision = Field(examples=[3])


class Correction(_Body):
    """How a sentence is to read."""

    id: Annotated[str, Field(min_length=1, max_length=limits.CUE_ID_CHARS), views.LINE] = Field(
        examples=["c17"]
    )
    text: Annotated[str, Field(max_length=limits.CUE_CHARS), views.LINE] = Field(
        description="empty: it is left out", examples=["Who owns the river?"]
    )
    before: Annotated[str, Field(max_length=limits.CUE_CHARS), views.LINE] | None = Field(
        None,
        description="what it was when you looked; if it is something else now, nothing is done",
        examples=["Who owns the liver?"],
    )


class Corrections(_Body):
    """Sentences to be put right."""

    corrections: Annotated[
        list[Correction], Field(min_length=1, max_length=limits.CORRECTIONS_SENT_COUNT)
    ]
