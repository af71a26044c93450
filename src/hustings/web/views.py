"""What the API says and takes: JSON bodies, described for OpenAPI, with examples.

Text is checked for what no page and no log could carry: control characters and lone surrogates.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hustings import limits
from hustings.space import Space
from hustings.ticket import Scope
from hustings.web import legible, noise
from hustings.web.room.shown import RoomFields, room_fields
from hustings.web.studio import Studio
from hustings.words import mark


def _plain(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t" for c in text):
        raise ValueError(mark("contains characters that cannot be shown"))
    return text.strip()


def _line(text: str) -> str:
    # Titles and names also stand in file names, heads of streams and lists.
    return legible.line(_plain(text))


def _words(text: str) -> str:
    if not text:
        raise ValueError(mark("there is nothing but spaces in it"))
    return text


PLAIN = AfterValidator(_plain)
LINE = AfterValidator(_line)
WORDS = AfterValidator(_words)
Title = Annotated[str, Field(min_length=1, max_length=limits.TITLE_CHARS), LINE, WORDS]
Name = Annotated[str, Field(min_length=1, max_length=limits.NAME_CHARS), LINE, WORDS]
Reason = Annotated[str, Field(max_length=limits.REASON_CHARS), LINE]
Moment = Annotated[int, Field(ge=0, le=limits.TIME_MS_MAX, description="Unix time, milliseconds")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Hold(_Body):
    """Why the space goes off air for a while: listeners read it."""

    reason: Reason = Field("", examples=["Back in five minutes."])
    cut: bool = Field(
        False,
        description="silence at once, in mid-word; what waits in the delay is never heard. "
        "Possible while it is held as well, as long as something is on its way",
    )


class Cancel(_Body):
    """Why the space does not take place: listeners read it."""

    reason: Reason = Field("", examples=["Our guest has fallen ill."])


class Delay(_Body):
    """A later start, and why: listeners read it."""

    starts_at_ms: Moment = Field(examples=[1767205800000])
    reason: Annotated[str, Field(min_length=1, max_length=limits.REASON_CHARS), LINE, WORDS] = (
        Field(examples=["Our guest's train is late."])
    )


class Invitation(_Body):
    """Somebody to give a seat to."""

    name: Name = Field(examples=["A guest"])
    role: Literal["speaker", "cohost"] = "speaker"


class Sitting(_Body):
    """Who sits down."""

    page: Annotated[str, Field(pattern="^[a-z0-9]{0,32}$")] = Field(
        "",
        description="a name that this page or program made up for itself: others who follow the "
        "space from the same seat are told that it was taken, and let go",
        examples=["p7c41xk2"],
    )
    program: bool = Field(
        False,
        description="whether another program (OBS, ffmpeg) will sit down: its ticket lasts for "
        "days, because it is set up before the evening; it ends with the seat",
    )


SeatRole: TypeAlias = Literal["host", "cohost", "speaker"]


class SeatView(BaseModel):
    """A speaker's place."""

    id: str = Field(examples=["k3v9q1xz"])
    name: str = Field(examples=["A guest"])
    role: SeatRole
    person: str = Field(description="who sits here, if that is known: a-… or g-…")
    muted: bool
    asked: bool = Field(description="a host asks this speaker to unmute")
    denoised: bool = Field(description="the noise behind the voice is suppressed")
    connected: bool = Field(description="the speaker's sound arrives")
    speaking: bool
    lost: bool = Field(description="the connection was lost, and is not back yet")
    away: bool = Field(description="held up without leaving, such as by a telephone call")


class SpaceView(RoomFields):
    """A space as those who run it or speak in it see it. Times are Unix milliseconds."""

    id: str = Field(examples=["m4rk3tpl4z"])
    title: str = Field(examples=["An evening on the new tram line"])
    description: str
    language: str
    host: str = Field(examples=["City Forum"])
    status: Literal[
        "scheduled", "doors", "live", "held", "ended", "posted", "withheld", "cancelled"
    ]
    reason: str = Field(description="why it is held, delayed, cancelled or withheld")
    held_by_system: bool
    held_at_ms: int | None
    cut: bool = Field(description="it is held by a cut: nothing of before is on its way")
    delay_s: int = Field(description="so much later than those on stage listeners hear it")
    delay_ms: int = Field(description="the same, exactly: whole chunks of 320 ms")
    hold_sound: str = Field(description="id of the hold sound; empty: the built-in one")
    starts_at_ms: int
    doors_at_ms: int | None
    opened_at_ms: int | None
    live_at_ms: int | None
    ended_at_ms: int | None
    recording_seconds: float | None
    seats: list[SeatView]
    hands_on_stage: list[str] = Field(
        description="seats that ask for the floor, in the order asked", examples=[["k3v9q1xz"]]
    )
    deputy: str = Field(description="the seat that stands in for the host, if one was named")
    in_charge: str = Field(
        description="the seat that runs the space while the host is away; empty while the host does"
    )
    private: bool
    share_url: str = Field(
        description="the link for listeners; of a private space one that lasts two weeks",
        examples=["https://listen.example.org/s/m4rk3tpl4z"],
    )
    stage_url: str = Field(examples=["https://studio.example.org/s/m4rk3tpl4z/stage"])
    now_ms: int = Field(description="the studio's clock")


class InviteView(BaseModel):
    """The link for one seat. It is shown once: the studio keeps only its hash."""

    seat: str = Field(examples=["k3v9q1xz"])
    link: str = Field(examples=["https://studio.example.org/i/Zk3…"])
    expires_at_ms: int


class ListenView(BaseModel):
    """The right to listen to a private space, for the listen origin."""

    ticket: str
    expires_in_s: int


class IceServer(BaseModel):
    """A TURN server, as `RTCPeerConnection` takes it (RTCIceServer)."""

    urls: list[str] = Field(examples=[["turn:turn.example.org"]])
    username: str
    credential: str


class TicketView(BaseModel):
    """The right to send sound from a seat, for the gate (WHIP, RFC 9725)."""

    ticket: str = Field(description="to be sent as `Authorization: Bearer …`")
    whip_url: str = Field(examples=["https://gate.example.org/whip/m4rk3tpl4z"])
    seat: str = Field(examples=["k3v9q1xz"])
    expires_at_ms: int
    ice_servers: list[IceServer] = Field(
        default_factory=list, description="relays for networks that let nothing else through"
    )


def _share_url(studio: Studio, space: Space, now_ms: int) -> str:
    if not space.private:
        return studio.share_url(space.id)
    return studio.private_url(studio.spaces.listening(space.id, scope=Scope.INVITE, now_ms=now_ms))


def space_view(studio: Studio, space: Space, *, now_ms: int, hosts: bool = False) -> SpaceView:
    """`space` for the API. Who is blocked is for hosts."""
    made = room_fields(space, hosts=hosts)
    fields: dict[str, Any] = {
        name: getattr(space, name)
        for name in SpaceView.model_fields
        if hasattr(space, name) and name != "seats" and name not in made
    }
    seats = [
        SeatView(
            id=seat.id,
            name=seat.name,
            role=cast("SeatRole", seat.role.value),
            person=seat.person,
            muted=seat.muted,
            asked=seat.asked,
            denoised=noise.denoised(studio.settings, seat),
            connected=seat.connected,
            speaking=seat.speaking,
            lost=seat.lost,
            away=seat.away,
        )
        for seat in space.seats.values()
    ]
    return SpaceView(
        **fields,
        **made,
        seats=seats,
        share_url=_share_url(studio, space, now_ms),
        stage_url=studio.stage_url(space.id),
        now_ms=now_ms,
    )
