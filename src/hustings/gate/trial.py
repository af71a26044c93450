"""The round trip of a speaker's own sound, as a resource below the WHIP session.

POST   /whip/{space}/{session}/trial  → 202: the stage records three seconds, then plays them back
GET    /whip/{space}/{session}/trial  → 200: how far it is, and in the end what was measured
DELETE /whip/{space}/{session}/trial  → 200: it is broken off

The body is `signal.TrialReport` as JSON. A trial lives and dies with its session: there is one at a
time, and a new one replaces the figures of the last. On air it is refused with 409.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hustings import signal

Act: TypeAlias = Literal["start", "look", "stop"]
Ask: TypeAlias = Callable[[Request, Act], Awaitable[signal.Answer]]

PATH: Final = "/whip/{space}/{session}/trial"
_ACTS: Final[dict[str, Act]] = {"POST": "start", "GET": "look", "DELETE": "stop"}


def routes(ask: Ask) -> list[Route]:
    """The routes; `ask` puts the question to the stage, and raises what it refuses."""

    async def answer(request: Request) -> Response:
        told = await ask(request, _ACTS.get(request.method, "look"))
        return Response(
            msgspec.json.encode(told.trial),
            status_code=told.status,
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    return [
        Route(PATH, answer, methods=["POST", "GET", "DELETE"]),
        Route(PATH, _options, methods=["OPTIONS"]),
    ]


async def _options(request: Request) -> Response:
    return Response(status_code=204, headers={"Allow": "POST, GET, DELETE, OPTIONS"})
