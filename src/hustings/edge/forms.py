"""The forms in which one programme leaves an edge, each the same bytes for all its listeners. Pure.

push-opus   fragmented MP4 with Opus, events in `emsg`      browsers, through MediaSource
push-aac    the same with AAC                               browsers without Opus
plain-aac   AAC in ADTS, no header, no events               radios, VLC, cars
"""

from __future__ import annotations

from enum import StrEnum

from hustings.chunk import Chunk
from hustings.formats import adts, fmp4
from hustings.formats.fmp4 import Codec


class Form(StrEnum):
    """One of the forms above."""

    OPUS = "push-opus"
    AAC = "push-aac"
    PLAIN = "plain-aac"


def of_codec(codec: Codec) -> Form:
    """The push form of a codec."""
    return Form.OPUS if codec == "opus" else Form.AAC


def mime(form: Form) -> str:
    """The media type of a form."""
    match form:
        case Form.OPUS:
            return fmp4.mime("opus")
        case Form.AAC:
            return fmp4.mime("aac")
        case Form.PLAIN:
            return adts.MIME


def opening(form: Form) -> bytes:
    """What comes before the first chunk."""
    match form:
        case Form.OPUS:
            return fmp4.init_segment("opus")
        case Form.AAC:
            return fmp4.init_segment("aac")
        case Form.PLAIN:
            return b""


def sound(form: Form, chunk: Chunk) -> bytes:
    """A chunk without events."""
    match form:
        case Form.OPUS:
            return fmp4.fragment("opus", chunk.n, chunk.opus)
        case Form.AAC:
            return fmp4.fragment("aac", chunk.n, chunk.aac)
        case Form.PLAIN:
            return adts.stream(chunk.aac)


def with_events(form: Form, n: int, made: bytes, events: bytes | None) -> bytes:
    """The chunk's bytes with the events that go with it, in forms that can carry them."""
    if events is None or form is Form.PLAIN:
        return made
    return fmp4.event_message(n, events) + made
