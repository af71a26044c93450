"""The routes about people, in the order in which they are looked at."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.web.people import (
    account,
    elsewhere,
    entry,
    forgot,
    joining,
    me_api,
    members,
    people_api,
    public,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    entry.router,
    elsewhere.router,
    joining.router,
    forgot.router,
    account.router,
    members.router,
    public.router,
    me_api.router,
    people_api.router,
)
