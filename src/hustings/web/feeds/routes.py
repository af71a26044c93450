"""The feeds' routes. They come before pages whose addresses they begin like."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.web.feeds import calendars, podcasts, sitemap

ROUTERS: Final[tuple[APIRouter, ...]] = (podcasts.router, calendars.router, sitemap.router)
