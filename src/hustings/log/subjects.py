"""Names on the messaging engine: every subject, stream and message id is spelt here and only here.

log.<space>.<kind>      durable, in stream SP_<space>; kinds are in `Kind`
talk.<space>            durable, in stream CR_<space>: kind `talk`, what the crowd writes
live.<space>.mix        the chunk, as it is made (not stored)
live.<space>.obs        an observation, as it is made
live.<space>.ev         a note that `ev` was appended: the event itself
live.<space>.levels     loudness per seat, five times a second, for the host's desk
live.<space>.talk       what was appended to `talk`
live.<space>.captions   what a seat says, in words, while it says it
live.<space>.backstage  a line between those on stage; it stands in no log
stage.<space>.<verb>    requests to the stage that holds it: offer, patch, close, trial
stage.open              a space needs a stage: those with room race for its lease
stage.beat.<instance>   heartbeat of a stage process
stage.gone.<instance>   the supervisor saw a stage process end
stage.full.<instance>   a stage process has no room for the space that it names
stage.load.<instance>   how much a stage process carries, every few seconds
crowd.<edge>            an edge's gauge: its crowd, per space, once a second
archive.salt            a request to the archive: the salt of a space
archive.crowd.<space>   what only the archive can say of a crowd, once a second
archive.votes.<space>   a request to the archive: votes to be kept
archive.tally.<space>   the results of a space's ballots, at most once a second
archive.work.<space>    how far the archive is with what it makes of a recording
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Final

from hustings.errors import BadInput

STREAM_PREFIX: Final = "SP_"
TALK_PREFIX: Final = "CR_"
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
    CAPTION = "cap"  # what a seat has said, in words
    TALK = "talk"  # what the crowd writes; in a stream of its own


# The kinds of the stream that stage and archive live on: what one call about it may name.
STAGE_KINDS: Final = frozenset(Kind) - {Kind.TALK}


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
    """The stream of a space: sound, decisions, observations and leases."""
    return STREAM_PREFIX + space


def talk_stream(space: str) -> str:
    """The stream of what the crowd of a space writes."""
    return TALK_PREFIX + space


def stream_of(space: str, kinds: Collection[Kind]) -> str:
    """The stream in which all these kinds stand; one call never asks for kinds of both."""
    talk = Kind.TALK in kinds
    assert not talk or set(kinds) == {Kind.TALK}, "the crowd's stream is read by itself"
    return talk_stream(space) if talk else stream(space)


def space_of_stream(name: str) -> str | None:
    """The space of a stream, or None if it is another kind of stream."""
    return name.removeprefix(STREAM_PREFIX) if name.startswith(STREAM_PREFIX) else None


def log(space: str, kind: Kind) -> str:
    """The subject of one kind of entry."""
    # Streams never share subjects, and that of a space takes everything below `log.<space>`.
    return f"talk.{space}" if kind is Kind.TALK else f"log.{space}.{kind}"


def live(space: str, what: str) -> str:
    """A subject of the live path; `what` is mix, obs, ev, levels, talk, captions or *."""
    return f"live.{space}.{what}"


def space_of(subject: str) -> str:
    """The space in `log.<space>.…`, `talk.<space>`, `live.<space>.…` or `stage.<space>.…`."""
    return subject.split(".", 2)[1]


def stage(space: str, verb: str) -> str:
    """A request to the stage that holds `space`: offer, patch, close or trial."""
    return f"stage.{space}.{verb}"


def beat(instance: str) -> str:
    """Heartbeat of a stage process: a JSON object of its spaces and their epochs; `*` for all."""
    return f"stage.beat.{instance}"


def gone(instance: str) -> str:
    """A stage process has ended; `*` for all."""
    return f"stage.gone.{instance}"


def full(instance: str) -> str:
    """A stage process has no room for the space in the message; `*` for all."""
    return f"stage.full.{instance}"


def load(instance: str) -> str:
    """The load of a stage process (`hustings.load`); `*` for all."""
    return f"stage.load.{instance}"


def crowd(edge: str) -> str:
    """An edge's gauge; `*` for all."""
    return f"crowd.{edge}"


def crowd_whole(space: str) -> str:
    """What the archive says of a space's crowd; `*` for all."""
    return f"archive.crowd.{space}"


def votes(space: str) -> str:
    """A request to the archive, with votes; `*` for all."""
    return f"archive.votes.{space}"


def tally(space: str) -> str:
    """The results of a space's ballots; `*` for all."""
    return f"archive.tally.{space}"


def work(space: str) -> str:
    """How far the archive is with what it makes of a recording: JSON; `*` for all."""
    return f"archive.work.{space}"


def message_id(space: str, kind: Kind, *, epoch: int, number: int) -> str:
    """The id by which a repeated append is recognised. It holds the kind, because the server
    compares ids within a stream, not within a subject."""
    return f"{log(space, kind)}.{epoch}.{number}"
