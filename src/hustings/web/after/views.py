"""What the API says of a finished recording, described for OpenAPI.

Times ending in `_ms` that say where something is are on the clock of the recording: of what is
published now, or, where a field says so, of how it was first posted.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hustings.space.replay import ChangeKind, ClipShape

Made = Literal["making", "made"]
EditState = Literal["making", "made", "undoing", "undone"]
TranscriptState = Literal["none", "making", "made"]


class StretchView(BaseModel):
    """A stretch of the recording as it was first posted."""

    from_ms: int = Field(examples=[0])
    to_ms: int = Field(examples=[3_725_120])


class EditView(BaseModel):
    """A stretch that was cut out or silenced, or all that was left of the recording."""

    id: str = Field(examples=["k3v9q1xz7m3p8abc"])
    kind: ChangeKind
    from_ms: int = Field(description="as it was first posted", examples=[12_160])
    to_ms: int = Field(description="as it was first posted", examples=[14_080])
    at_ms: int = Field(description="as it is published; what is cut out has no length there")
    end_ms: int = Field(description="as it is published")
    reason: str = Field(description="the receipt gives it", examples=["A telephone rang."])
    by: str = Field(description="the name of who did it", examples=["Hanna Host"])
    made_at_ms: int = Field(description="Unix time")
    state: EditState


class ErasureView(BaseModel):
    """Something was destroyed for good; what it was is not kept."""

    id: str = Field(examples=["k3v9q1xz7m3p8abc"])
    length_ms: int = Field(examples=[1_920])
    seat: str = Field(description="whose sound; empty: everybody's")
    name: str = Field(description="whose name; empty: everybody's")
    made_at_ms: int = Field(description="Unix time")
    state: Made


class ChapterView(BaseModel):
    """Where a chapter begins."""

    at_ms: int = Field(examples=[61_440])
    title: str = Field(examples=["Who owns the river?"])


class ClipView(BaseModel):
    """A stretch with an address of its own."""

    id: str = Field(examples=["k3v9q1xz7m3p8abc"])
    title: str = Field(examples=["Who owns the river?"])
    at_ms: int = Field(examples=[61_440])
    end_ms: int = Field(examples=[93_120])
    by: str = Field(description="the name of who made it", examples=["Hanna Host"])
    made_at_ms: int = Field(description="Unix time")
    state: Made
    page_url: str = Field(examples=["https://listen.example.org/c/m4rk3tpl4z/k3v9q1xz7m3p8abc"])
    audio_url: str = Field(
        description="for those who run the space",
        examples=["https://studio.example.org/s/m4rk3tpl4z/clips/k3v9q1xz7m3p8abc/audio.m4a"],
    )
    video_urls: dict[ClipShape, str] = Field(
        description="by shape, for those who run the space",
        examples=[
            {
                "square": "https://studio.example.org/s/m4rk3tpl4z/clips/k3v9q1xz7m3p8abc/"
                "video-square.mp4"
            }
        ],
    )


class RecordingView(BaseModel):
    """A finished recording, and what is to become of it."""

    revision: int = Field(
        description="the number of its newest receipt; whoever asks for something by time sends it "
        "along, so that it never means another moment",
        examples=[3],
    )
    version: int = Field(description="which version of the sound is published; 0: as it was first")
    duration_ms: int = Field(examples=[3_725_120])
    original_ms: int = Field(description="how long it was first", examples=[3_725_120])
    step_ms: int = Field(description="edits are made in whole steps", examples=[320])
    making: bool = Field(description="something that was asked for is still being made")
    failed: str = Field(description="why what was asked for last could not be made", examples=[""])
    kept: list[StretchView] = Field(description="what of the original is published, in order")
    edits: list[EditView] = Field(description="all that were made, the newest first")
    erasures: list[ErasureView] = Field(description="the newest first")
    chapters: list[ChapterView]
    chapters_automatic: bool = Field(description="no host has set them")
    clips: list[ClipView] = Field(description="the newest first")
    transcript: TranscriptState = Field(description="none, still being made, or there")
    corrections: int = Field(description="sentences put right so far")
    keep_days: int | None = Field(
        description="how long it is kept; 0: for ever, null: as the installation does"
    )
    expires_at_ms: int | None = Field(description="when it will be deleted, if that is announced")
    kept_bytes: int = Field(description="how much room it takes", examples=[93_412_774])


class ChangeView(BaseModel):
    """One correction of a sentence."""

    by: str = Field(description="the name of who made it", examples=["Hanna Host"])
    at_ms: int = Field(description="Unix time")
    before: str = Field(examples=["Who owns the liver?"])
    text: str = Field(examples=["Who owns the river?"])


class SentenceView(BaseModel):
    """A sentence of the transcript."""

    id: str = Field(examples=["c17"])
    at_ms: int = Field(examples=[61_440])
    end_ms: int = Field(examples=[63_110])
    seat: str
    name: str = Field(description="who says it", examples=["Amara Okafor"])
    text: str = Field(description="as it is to be read", examples=["Who owns the river?"])
    published: str = Field(
        description="as it is published now: a correction may be on its way, a part cut out",
        examples=["Who owns the river?"],
    )
    making: bool = Field(description="its newest correction is being published")
    changes: list[ChangeView] = Field(description="what was put right in it, the newest first")


class TranscriptView(BaseModel):
    """What was said, and what of it was put right."""

    state: TranscriptState
    language: str = Field(examples=["en"])
    engine: str = Field(description="who wrote it down", examples=["whisper-base"])
    sentences: list[SentenceView]
    left_out: list[SentenceView] = Field(description="sentences that a host has left out")
