"""A caption: what one seat has said, in words, as it rests in the log (kind `cap`).

Times are milliseconds of the programme: chunk number x 320 and what lies within the chunk. A
caption is final; what is shown while somebody still speaks goes over the live path only.
"""

from __future__ import annotations

import msgspec

from hustings.errors import BadInput

WIRE_VERSION = 1


class Caption(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of speech. `id` names it among all of its space; `words` are (begin, end, word);
    `language` is a BCP 47 tag, `engine` who heard it."""

    version: int = WIRE_VERSION
    id: str
    seat: str
    at_ms: int
    end_ms: int
    text: str
    words: tuple[tuple[int, int, str], ...] = ()
    language: str = ""
    engine: str = ""


def encode(caption: Caption) -> bytes:
    """The caption as it rests in the log (JSON)."""
    return _encoder.encode(caption)


def decode(data: bytes) -> Caption:
    """The caption in `data`; `BadInput` when it is not one."""
    try:
        caption = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BadInput("caption", expected="a JSON caption", got=str(error)) from error
    if caption.version != WIRE_VERSION:
        raise BadInput("caption", expected=f"version {WIRE_VERSION}", got=str(caption.version))
    return caption


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Caption)
