"""Who may do what on the two own NATS servers: one table per server, by role.

What is not in a table is refused by the server. The tables follow the laws of the house:

- only the stage writes sound (`mix`, `stem`), observations and leases, on both paths;
- only archive, web, stage and captions append decisions (`ev`) and announce them;
- only archive and web append what the crowd writes (`talk`);
- only captions appends what was said in words (`cap`), and decides nothing but that a transcript is
  there;
- an edge, which strangers talk to, reads, tells its gauge, asks for salts and hands votes to the
  archive, nothing else;
- the gate, which strangers talk to as well, cannot read a space at all: it asks the stage;
- only the supervisor may declare a stage process gone;
- only the archive deletes a space's log or a part of it; only archive and web make one: the archive
  where a space of an earlier version has no stream for its crowd, or none at all any more.

Every role has an inbox of its own (`inbox`), so that no role can read another's answers. JetStream
answers requests on `$JS.API.…`; a consumer is made under its maker's name and answers the server's
flow control on `$JS.FC.…`. A role that answers requests is allowed one answer to each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hustings.log import subjects
from hustings.log.subjects import Kind

# NATS wildcards stand for whole tokens only: `*` is any stream or space, `>` any number of tokens.
_ANY_SPACE: Final = "*"

_LOOK: Final = (
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.NAMES",
)
_READ: Final = (
    *_LOOK,
    "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.DIRECT.GET.*",
    "$JS.API.CONSUMER.CREATE.*.*",
    "$JS.API.CONSUMER.DELETE.*.*",
    "$JS.FC.>",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one role may publish to and subscribe to. `answers`: it may reply to requests."""

    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    publish_never: tuple[str, ...] = ()
    answers: bool = False


def _append(*kinds: Kind) -> tuple[str, ...]:
    return tuple(subjects.log(_ANY_SPACE, kind) for kind in kinds)


def _live(*what: str) -> tuple[str, ...]:
    return tuple(f"live.{_ANY_SPACE}.{one}" for one in what)


LIVE: Final[dict[str, Rights]] = {
    "serve": Rights(
        publish=("stage.gone.*", "serve.notice"),
        subscribe=("stage.beat.*", "stage.gone.*", "crowd.*"),
    ),
    "stage": Rights(
        publish=(
            *_live("mix", "obs", "ev", "levels"),
            *("stage.open", "stage.beat.*", "stage.full.*", "stage.load.*"),
        ),
        subscribe=(
            *("stage.open", "stage.beat.*", "stage.gone.*"),
            *("stage.*.offer", "stage.*.patch", "stage.*.close", "stage.*.trial"),
            *_live("ev", "obs"),
        ),
        answers=True,
    ),
    "gate": Rights(
        publish=(
            *("stage.open", "stage.*.offer", "stage.*.patch", "stage.*.close", "stage.*.trial"),
        ),
        subscribe=("stage.beat.*", "stage.gone.*", "stage.full.*"),
        # `stage.*.offer` must not be a way to speak for a stage process of that name.
        publish_never=("stage.beat.*", "stage.gone.*", "stage.full.*", "stage.load.*"),
    ),
    "edge": Rights(
        publish=("crowd.*", "archive.salt", "archive.votes.*"),
        subscribe=(
            *_live("mix", "obs", "ev", "talk", "captions"),
            *("crowd.*", "archive.tally.*"),
        ),
    ),
    "archive": Rights(
        publish=(*_live("ev"), "archive.crowd.*", "archive.tally.*", "archive.work.*"),
        subscribe=(
            *_live("obs", "ev", "talk"),
            *("crowd.*", "stage.beat.*", "stage.gone.*", "archive.salt", "archive.votes.*"),
        ),
        answers=True,
    ),
    "captions": Rights(publish=_live("ev", "captions"), subscribe=_live("obs", "ev")),
    "web": Rights(
        publish=(*_live("ev", "talk", "backstage"), "stage.open"),
        subscribe=(
            *_live("obs", "ev", "levels", "talk", "backstage", "captions"),
            *("crowd.*", "archive.crowd.*", "archive.tally.*", "archive.work.*", "serve.notice"),
            *("stage.beat.*", "stage.gone.*", "stage.full.*", "stage.load.*"),
        ),
    ),
}

LOG: Final[dict[str, Rights]] = {
    "serve": Rights(publish=_LOOK),
    "stage": Rights(
        publish=(*_READ, *_append(Kind.MIX, Kind.STEM, Kind.EV, Kind.OBS, Kind.LEASE)),
    ),
    "gate": Rights(),
    "edge": Rights(publish=_READ),
    "archive": Rights(
        publish=(
            *(*_READ, *_append(Kind.EV, Kind.TALK)),
            *("$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.DELETE.*"),
            *("$JS.API.STREAM.PURGE.*", "$JS.API.STREAM.MSG.DELETE.*"),
        )
    ),
    "captions": Rights(publish=(*_READ, *_append(Kind.CAPTION, Kind.EV))),
    "web": Rights(publish=(*_READ, *_append(Kind.EV, Kind.TALK), "$JS.API.STREAM.CREATE.*")),
}

TABLES: Final = {"live": LIVE, "log": LOG}


def inbox(user: str) -> str:
    """The prefix of the subjects on which `user` gets answers; at a foreign server without users,
    everybody's common one."""
    return f"_INBOX.{user}" if user else "_INBOX"


def user(name: str, password: str, rights: Rights) -> dict[str, Any]:
    """A role as an entry of the server's `authorization.users`."""
    own = f"{inbox(name)}.>"
    publish: dict[str, Any] = {"allow": [own, *rights.publish]}
    if rights.publish_never:
        publish["deny"] = list(rights.publish_never)
    permissions: dict[str, Any] = {
        "publish": publish,
        "subscribe": {"allow": [own, *rights.subscribe]},
    }
    if rights.answers:
        permissions["allow_responses"] = True
    return {"user": name, "password": password, "permissions": permissions}
