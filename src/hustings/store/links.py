"""Links to the recording of a private space: each is an object, and ended by deleting that.

    links/<space>/<id>.json    {"name": …, "made_at_ms": …, "until_ms": …, "by": …}

The link itself is a ticket that names it. So no edge needs a database to know whether one works,
and nobody needs to wait until it ends by itself. Pure.
"""

from __future__ import annotations

import msgspec

from hustings.errors import BadInput


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link: for whom, since when, until when (Unix milliseconds), and which account made it."""

    name: str
    made_at_ms: int
    until_ms: int
    by: str


def encode(link: Link) -> bytes:
    """The link as an object."""
    return msgspec.json.encode(link)


def decode(data: bytes) -> Link:
    """The link in an object; `BadInput` when it is none."""
    try:
        return msgspec.json.decode(data, type=Link)
    except msgspec.MsgspecError as error:
        raise BadInput("link", expected="a link to a recording", got=str(error)) from error
