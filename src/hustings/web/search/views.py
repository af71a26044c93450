"""What was found, as the API and the page tell it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field

from hustings.space import Status
from hustings.web.agenda import bodies
from hustings.web.search.index import Found, Part, Sentence
from hustings.web.search.query import Query
from hustings.web.studio import Studio


class MomentView(BaseModel):
    """A sentence in which something was found."""

    part: Part = Field(description="`title`, `about` (host and description) or `said`")
    text: str
    marks: list[tuple[int, int]] = Field(description="where in the text it was found: from, to")
    at_ms: int | None = Field(description="where it was said in the replay")
    name: str = Field(description="who said it")
    url: str = Field(description="the replay, from there on")


class FoundView(BaseModel):
    """A space in which something was found."""

    space: bodies.SpaceItem
    moments: list[MomentView] = Field(description="the first of them")
    said_count: int = Field(description="how many sentences were found in what was said")


@dataclass(frozen=True, slots=True)
class Moment:
    """A sentence for the page: pieces of text, each with whether it was looked for."""

    view: MomentView
    pieces: list[tuple[str, bool]]


def found(studio: Studio, query: Query, one: Found) -> FoundView:
    """A space with what was found in it. The title stands over it anyway."""
    return FoundView(
        space=bodies.item(studio, one.space),
        moments=[
            told for moment in one.moments if (told := _moment(studio, query, one, moment)).marks
        ],
        said_count=one.count,
    )


def pieces(view: MomentView) -> list[tuple[str, bool]]:
    """The text of a moment in pieces: what was looked for, and what stands between."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for start, end in view.marks:
        parts += [(view.text[at:start], False), (view.text[start:end], True)]
        at = end
    parts.append((view.text[at:], False))
    return [part for part in parts if part[0]]


def _moment(studio: Studio, query: Query, one: Found, moment: Sentence) -> MomentView:
    text = query.excerpt(moment.text)
    said = moment.part is Part.SAID
    return MomentView(
        part=moment.part,
        text=text,
        marks=query.places(text),
        at_ms=moment.at_ms if said else None,
        name=moment.who,
        url=_url(studio, one, moment.at_ms if said else None),
    )


def _url(studio: Studio, one: Found, at_ms: int | None) -> str:
    """Where it is heard: on the page of the space, of a recording that is not published by those
    who run it, and by whoever may listen to a private one with a ticket."""
    space, base = one.space, studio.settings.public_url("studio")
    if space.status is Status.WITHHELD:
        return f"{base}/s/{space.id}/after"
    if space.private:
        return f"{base}/s/{space.id}"
    return studio.share_url(space.id) + ("" if at_ms is None else f"?t={at_ms / 1000:g}")
