"""The room's routes, in the order of the API's description."""

from __future__ import annotations

from typing import Final

from hustings.web.room import (
    chat,
    hands,
    history,
    join,
    pins,
    polls,
    questions,
    setting,
    take,
)

ROUTERS: Final = (
    join.router,
    chat.router,
    history.router,
    hands.router,
    questions.router,
    polls.router,
    pins.router,
    setting.router,
    join.pages,
    take.router,
)
