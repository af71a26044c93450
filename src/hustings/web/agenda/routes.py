"""The agenda's routes, in the order in which they are looked at."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.web.agenda import (
    after_pages,
    api,
    feeds,
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
    after_pages.router,
    feeds.router,  # /series/{slug}.ics comes before /series/{slug}
    series_pages.router,
)
