"""The forms in which one programme leaves an edge, each the same bytes for all its listeners. Pure.

push-opus   fragmented MP4 with Opus, events in `emsg`      browsers, through MediaSource
push-aac    the same with AAC                               browsers without Opus
plain-aac   AAC in ADTS, no header, no events               radios, VLC, cars
plain-ogg   Opus in Ogg, a page per chunk, no events        VLC, mpv, whatever plays Icecast's
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hustings.chunk import Chunk
from hustings.formats import adts, fmp4, ogg
from hustings.formats.fmp4 import Codec


class Form(StrEnum):
    """One of the forms above."""

    OPUS = "push-opus"
    AAC = "push-aac"
    PLAIN = "plain-aac"
    OGG = "plain-ogg"


# Their bytes are the sound's own until the connection closes: no events, no chunked body.
PLAIN: Final = frozenset({Form.PLAIN, Form.OGG})


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
        case Form.OGG:
            return ogg.MIME


def opening(form: Form, title: str) -> bytes:
    """What comes before the first chunk."""
    match form:
        case Form.OPUS:
            return fmp4.init_segment("opus")
        case Form.AAC:
            return fmp4.init_segment("aac")
        case Form.PLAIN:
            return b""
        case Form.OGG:
            return ogg.live_opening(title)


def sound(form: Form, chunk: Chunk) -> bytes:
    """A chunk without events."""
    match form:
        case Form.OPUS:
            return fmp4.fragment("opus", chunk.n, chunk.opus)
        case Form.AAC:
            return fmp4.fragment("aac", chunk.n, chunk.aac)
        case Form.PLAIN:
            return adts.stream(chunk.aac)
        case Form.OGG:
            return ogg.live_page(chunk.n, chunk.opus)


def with_events(form: Form, n: int, made: bytes, events: bytes | None) -> bytes:
    """The chunk's bytes with the events that go with it, in forms that can carry them."""
    if events is None or form in PLAIN:
        return made
    return fmp4.event_message(n, events) + made


def closing(form: Form, newest: int | None) -> bytes:
    """What comes after the last chunk."""
    return ogg.live_end(newest) if form is Form.OGG and newest is not None else b""
