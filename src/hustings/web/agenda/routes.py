"""The agenda's routes, in the order in which they are looked at."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.web.agenda import (
    api,
    home,
    people_pages,
    picture_routes,
    series_api,
    series_pages,
    space_pages,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    api.router,
    series_api.router,
    picture_routes.router,
    home.router,
    space_pages.router,
    people_pages.router,
    series_pages.router,
)
