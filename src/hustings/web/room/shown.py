"""How the API shows what goes on in a space: hands, polls, pins, who is blocked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from hustings.space import Role, Space
from hustings.space.state import PollShow, Publishing


class HandView(BaseModel):
    """Somebody who wants to speak."""

    person: str = Field(examples=["g-4k2v9q1xz7m3p8ab"])
    name: str = Field(examples=["Noor"])
    note: str = Field(examples=["About the line's last stop"])
    raised_at_ms: int
    seat: str = Field(description="the seat they are invited to; empty until then")


class PollView(BaseModel):
    """A question to the crowd. Its votes come as tallies, under its id."""

    id: str = Field(examples=["p7c41xk2w9"])
    question: str = Field(examples=["Which stop comes first?"])
    options: list[str] = Field(examples=[["The market", "The harbour"]])
    multiple: bool
    show: PollShow
    closed: bool


class PinView(BaseModel):
    """A post or a link above the chat."""

    id: str = Field(examples=["n3v9q1xz4k"])
    text: str = Field(examples=["The plan of the line"])
    url: str = Field(examples=["https://example.org/plan"])


class BlockView(BaseModel):
    """Somebody who may neither write nor speak in this space."""

    person: str
    name: str
    reason: str


class RemovedSeatView(BaseModel):
    """A seat that was taken away and can be given back."""

    id: str
    name: str
    role: str
    person: str


class RoomFields(BaseModel):
    """What a space's view has of all this."""

    publishing: Publishing = Field(description="what becomes of the recording")
    listed: bool = Field(description="found in lists and by search")
    picture: str = Field(description="id of its picture, or empty")
    listeners_max: int = Field(description="0: as many as there is room for")
    series: str
    recording_ready: bool = Field(description="the recording is finished, posted or not")
    rehearsing: bool
    ends_at_ms: int | None = Field(description="when it ends, if the end is announced")
    guests: bool = Field(description="guests with a name may write and raise hands")
    hands_open: bool
    chat_open: bool
    slow_s: int = Field(description="seconds between two messages of one person")
    equal_time: bool = Field(description="speakers see how much of their time they have used")
    speaker_s: int = Field(description="each speaker's time; 0: an equal share of what is spoken")
    hands: list[HandView] = Field(description="in the order raised")
    polls: list[PollView]
    pins: list[PinView]
    asking: str = Field(description="id of the question on stage now, or empty")
    answered: list[str] = Field(description="ids of answered questions")
    removed: list[str] = Field(description="ids of what was taken down last")
    blocked: list[BlockView] = Field(description="for hosts; empty for others")
    seats_removed: list[RemovedSeatView] = Field(description="for hosts; empty for others")


def room_fields(space: Space, *, hosts: bool) -> dict[str, Any]:
    """The values of `RoomFields` that are not the space's own."""
    return {
        "hands": hands(space),
        "polls": polls(space),
        "pins": [PinView.model_validate(one, from_attributes=True) for one in space.pins.values()],
        "answered": sorted(space.answered),
        "removed": list(space.removed_last),
        "blocked": blocked(space) if hosts else [],
        "seats_removed": [
            RemovedSeatView(id=one.id, name=one.name, role=one.role, person=one.person)
            for one in space.seats_removed.values()
            if hosts and one.role is not Role.HOST
        ],
    }


def hands(space: Space) -> list[HandView]:
    """The raised hands, in order."""
    return [HandView.model_validate(one, from_attributes=True) for one in space.hands.values()]


def polls(space: Space) -> list[PollView]:
    """The polls, in the order opened."""
    return [
        PollView(
            id=one.id,
            question=one.question,
            options=list(one.options),
            multiple=one.multiple,
            show=one.show,
            closed=one.closed,
        )
        for one in space.polls.values()
    ]


def blocked(space: Space) -> list[BlockView]:
    """Who is blocked."""
    return [BlockView.model_validate(one, from_attributes=True) for one in space.blocked.values()]
