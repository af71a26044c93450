"""What the room's part of the API takes and says: JSON bodies, described for OpenAPI."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from hustings import limits
from hustings.space.state import PollShow, QuestionState
from hustings.web.room.shown import BlockView, HandView, PollView
from hustings.web.views import LINE, PLAIN, WORDS, Reason

WordId = Annotated[str, Path(pattern="^[a-z0-9]{4,32}$", examples=["k3v9q1xz7m3p8abc"])]
PersonId = Annotated[
    str, Path(pattern=f"^[ag]-[a-z0-9]{{1,{limits.PERSON_CHARS - 2}}}$", examples=["a-m4rk3tpl4z"])
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewMessage(_Body):
    """What to say in the chat."""

    text: Annotated[str, Field(min_length=1, max_length=limits.CHAT_CHARS), LINE, WORDS] = Field(
        examples=["Good evening from the harbour!"]
    )


class MessageView(BaseModel):
    """A message of the chat."""

    id: str = Field(examples=["k3v9q1xz7m3p8abc"])
    person: str
    name: str
    text: str
    role: str = Field(description="host, cohost, speaker or listener")
    at_ms: int


class NewQuestion(_Body):
    """A question to the stage."""

    text: Annotated[str, Field(min_length=1, max_length=limits.QUESTION_CHARS), LINE, WORDS] = (
        Field(examples=["Will the line run at night?"])
    )


class QuestionView(BaseModel):
    """A question to the stage."""

    id: str = Field(examples=["k3v9q1xz7m3p8abc"])
    person: str
    name: str
    text: str
    at_ms: int


class Why(_Body):
    """Why something is taken down or undone: moderators read it."""

    reason: Reason = Field("", examples=["An insult."])


class RaisedHand(_Body):
    """A raised hand."""

    note: Annotated[str, Field(max_length=limits.NOTE_CHARS), LINE] = Field(
        "", description="what you would say, in a few words", examples=["About the last stop"]
    )


class OwnHand(HandView):
    """One's own raised hand."""

    place: int = Field(description="in the queue of those not invited yet; 1 is next")


class Mark(_Body):
    """Where a question stands."""

    state: QuestionState


class NewPoll(_Body):
    """A question to the crowd, with answers to choose from."""

    question: Annotated[
        str, Field(min_length=1, max_length=limits.POLL_QUESTION_CHARS), LINE, WORDS
    ] = Field(examples=["Which stop comes first?"])
    options: list[
        Annotated[str, Field(min_length=1, max_length=limits.POLL_OPTION_CHARS), LINE, WORDS]
    ] = Field(
        min_length=2,
        max_length=limits.POLL_OPTIONS_COUNT,
        examples=[["The market", "The harbour"]],
    )
    multiple: bool = Field(False, description="several may be chosen")
    show: PollShow = Field("live", description="when listeners see the result")


class NewPin(_Body):
    """A post or a link above the chat."""

    text: Annotated[str, Field(min_length=1, max_length=limits.PIN_CHARS), PLAIN, WORDS] = Field(
        examples=["The plan of the line"]
    )
    url: Annotated[str, Field(max_length=limits.LINK_CHARS)] = Field(
        "", description="an address with http:// or https://", examples=["https://example.org/plan"]
    )


class RoomSetting(_Body):
    """What the crowd may do, and the speakers' clocks; what is left out stays."""

    hands_open: bool | None = None
    chat_open: bool | None = None
    slow_s: Annotated[int, Field(ge=0, le=limits.SLOW_S_MAX)] | None = Field(
        None, description="seconds between two messages of one person; 0 is off"
    )
    guests: bool | None = None
    equal_time: bool | None = Field(
        None, description="speakers see how much of their time they have used; nobody is muted"
    )
    speaker_s: Annotated[int, Field(ge=0, le=limits.SPEAKER_S_MAX)] | None = Field(
        None, description="each speaker's time in seconds; 0: an equal share of what is spoken"
    )


class Ending(_Body):
    """When the conversation ends."""

    in_ms: Annotated[int, Field(ge=0, le=limits.END_COUNTDOWN_MS)] = Field(
        0, description="announced so far ahead, and can be called off until then; 0: at once"
    )


class Rehearsal(_Body):
    """Whether the green room rehearses."""

    on: bool


class Deputy(_Body):
    """Who stands in for the host."""

    seat: Annotated[str, Field(pattern="^[a-z0-9]{0,16}$")] = Field(
        description="a seat of somebody else; empty for nobody", examples=["k3v9q1xz"]
    )


class Away(_Body):
    """Whether one's own microphone is in other hands for a while, such as a telephone call's."""

    away: bool


class SeatRole(_Body):
    """What somebody on stage may do."""

    role: Literal["speaker", "cohost"]


class Denoising(_Body):
    """Whether the noise behind a voice is suppressed."""

    on: bool


class TalkTicketView(BaseModel):
    """The right to write and to raise a hand, for the listen origin."""

    ticket: str = Field(description="to be sent as `Authorization: Bearer …`")
    person: str
    name: str
    expires_in_s: int


class TallyView(BaseModel):
    """How a ballot stands."""

    counts: list[int]
    voters: int = Field(description="how many persons have voted")


class KeptMessage(MessageView):
    """A message of the chat, as hosts see it."""

    removed: bool


class KeptQuestion(QuestionView):
    """A question to the stage, with its votes."""

    votes: int
    state: QuestionState
    removed: bool


class TalliedPoll(PollView):
    """A poll and how it stands; null until the archive has told."""

    tally: TallyView | None


class TalkView(BaseModel):
    """What was written in a space, as those who run it or speak in it see it."""

    chat: list[KeptMessage] = Field(description="the newest messages, oldest first")
    questions: list[KeptQuestion] = Field(description="most votes first")
    polls: list[TalliedPoll]
    hands: list[HandView]
    blocked: list[BlockView] = Field(description="for hosts; empty for others")
