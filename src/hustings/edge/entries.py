"""What stands in an entry of a space's log; what cannot be read is passed over."""

from __future__ import annotations

import logging
from typing import Final

from hustings import chunk
from hustings.chunk import Chunk
from hustings.errors import BadInput
from hustings.log.contract import Entry
from hustings.space import Event, decode

_log: Final = logging.getLogger("hustings.edge")


def unpacked(data: bytes, space: str) -> Chunk | None:
    """The chunk in an entry of `mix`, or in a message of the live path."""
    try:
        return chunk.unpack(data)
    except BadInput as error:
        _log.warning("space %s: a chunk is passed over: %s", space, error)
        return None


def number(entry: Entry) -> int | None:
    """The number of the chunk in an entry of `mix`."""
    try:
        return chunk.unpack(entry.data).n
    except BadInput:
        return None


def event_in(entry: Entry) -> Event | None:
    """The event in an entry of `ev` or `obs`."""
    try:
        return decode(entry.data)
    except BadInput:
        return None
