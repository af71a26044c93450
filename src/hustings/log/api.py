"""JetStream's API: JSON requests on `$JS.API.…`, and what its errors mean for us.

The requests are spelt out here instead of using the client library's wrapper, whose appends and
consumers have traps of their own. Error codes: nats-server, server/errors.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hustings import limits
from hustings.errors import LogAway, LogError, NoResponder
from hustings.log.connection import Connection

_STREAM_NOT_FOUND: Final = 10059
NO_MESSAGE: Final = 10037
STREAM_EXISTS: Final = frozenset({10058, 10065})
WRONG_LAST_SEQUENCE: Final = frozenset({10071, 10164})
# Codes that a later attempt may not meet: no room, no leader, starting up, too busy.
_PASSING: Final = frozenset({
    10002,  # resource limits exceeded for account
    10008,  # JetStream system temporarily unavailable
    10009,  # JetStream cluster has no leader
    10010,  # stream offline
    10023,  # insufficient resources
    10028,  # memory resources exceeded for account
    10039,  # JetStream not enabled for account (while starting)
    10047,  # insufficient storage resources available
    10074,  # replicas not enough
    10076,  # JetStream not enabled (while starting)
    10077,  # store failed
    10167,  # too many requests
})  # fmt: skip


class NoStream(LogError):
    """The space has no log."""

    def __init__(self, space: str) -> None:
        super().__init__(f"space {space} has no log")


class ApiError(LogError):
    """JetStream refused a request; `code` is its own error code."""

    def __init__(self, subject: str, *, code: int, description: str) -> None:
        self.code = code
        super().__init__(f"{subject}: {description} ({code})")


class _Error(msgspec.Struct):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    error: _Error | None = None


async def call(
    connection: Connection, operation: str, request: Mapping[str, Any] | None = None
) -> bytes:
    """The JSON answer to one request on `$JS.API.<operation>`.

    `LogAway` when JetStream does not answer or cannot at the moment, `ApiError` when it refuses.
    """
    subject = f"$JS.API.{operation}"
    data = msgspec.json.encode(request) if request is not None else b""
    try:
        answer = await connection.request(subject, data, timeout=limits.REQUEST_S)
    except NoResponder as error:
        raise LogAway("JetStream is not running") from error
    check(subject, answer.data)
    return answer.data


async def call_stream(
    connection: Connection,
    space: str,
    operation: str,
    request: Mapping[str, Any] | None = None,
) -> bytes:
    """`call` about the stream of `space`; `NoStream` when there is none."""
    try:
        return await call(connection, operation, request)
    except ApiError as error:
        if error.code == _STREAM_NOT_FOUND:
            raise NoStream(space) from error
        raise


def check(subject: str, answer: bytes) -> None:
    """Raise what a JSON answer says went wrong, if anything did."""
    try:
        error = msgspec.json.decode(answer, type=_Answer).error
    except msgspec.MsgspecError as broken:
        raise LogError(f"{subject}: JetStream's answer cannot be read: {broken}") from broken
    if error is None:
        return
    if error.err_code in _PASSING or error.code == 503:
        raise LogAway(f"{subject}: {error.description} ({error.err_code})")
    raise ApiError(subject, code=error.err_code, description=error.description)
