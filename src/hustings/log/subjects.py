"""Names on the messaging engine: every subject, stream and message id is spelt here and only here.

log.<space>.<kind>      durable, in stream SP_<space>; kinds are in `Kind`
live.<space>.mix        the chunk, as it is made (not stored)
live.<space>.obs        an observation, as it is made
live.<space>.ev         a note that `ev` was appended: the event itself
live.<space>.levels     loudness per seat, five times a second, for the host's desk
stage.<space>.<verb>    requests to the stage that holds the space: offer, close
stage.open              a space needs a stage: those with room race for its lease
stage.beat.<instance>   heartbeat of a stage process
stage.gone.<instance>   the supervisor saw a stage process end
crowd.<edge>            an edge's gauge: its crowd, per space, once a second
archive.salt            a request to the archive: the salt of a space
archive.crowd.<space>   what only the archive can say of a crowd, once a second
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from hustings.errors import BadInput

STREAM_PREFIX: Final = "SP_"
STAGE_OPEN: Final = "stage.open"
NOTICE: Final = "serve.notice"
SALT: Final = "archive.salt"
_SPACE_ID: Final = re.compile(r"[a-z0-9]{4,32}")


class Kind(StrEnum):
    """What an entry of a space's log is."""

    MIX = "mix"
    STEM = "stem"
    EV = "ev"
    OBS = "obs"
    LEASE = "lease"


def checked(space: str) -> str:
    """`space` itself if it can be a space's id; `BadInput` otherwise.

    Ids become parts of subjects, file names and addresses, so nothing else may pass.
    """
    if not _SPACE_ID.fullmatch(space):
        raise BadInput(
            "space id", expected="4 to 32 characters of a-z and 0-9", got=repr(space[:40])
        )
    return space


def stream(space: str) -> str:
    """The stream of a space."""
    return STREAM_PREFIX + space


def space_of_stream(name: str) -> str | None:
    """The space of a stream, or None if it is another kind of stream."""
    return name.removeprefix(STREAM_PREFIX) if name.startswith(STREAM_PREFIX) else None


def log(space: str, kind: Kind) -> str:
    """The subject of one kind of entry."""
    return f"log.{space}.{kind}"


def live(space: str, what: str) -> str:
    """A subject of the live path; `what` is mix, obs, ev, levels or *."""
    return f"live.{space}.{what}"


def space_of(subject: str) -> str:
    """The space in `log.<space>.…`, `live.<space>.…` or `stage.<space>.…`."""
    return subject.split(".", 2)[1]


def stage(space: str, verb: str) -> str:
    """A request to the stage that holds `space`: offer or close."""
    return f"stage.{space}.{verb}"


def beat(instance: str) -> str:
    """Heartbeat of a stage process: a JSON object of its spaces and their epochs; `*` for all."""
    return f"stage.beat.{instance}"


def gone(instance: str) -> str:
    """A stage process has ended; `*` for all."""
    return f"stage.gone.{instance}"


def crowd(edge: str) -> str:
    """An edge's gauge; `*` for all."""
    return f"crowd.{edge}"


def crowd_whole(space: str) -> str:
    """What the archive says of a space's crowd; `*` for all."""
    return f"archive.crowd.{space}"


def message_id(space: str, kind: Kind, *, epoch: int, number: int) -> str:
    """The id by which a repeated append is recognised. It holds the kind, because the server
    compares ids within a stream, not within a subject."""
    return f"{log(space, kind)}.{epoch}.{number}"
