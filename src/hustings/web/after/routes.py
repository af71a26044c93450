"""The routes of what comes after the end, in the order in which they are looked at."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hustings.web.after import api, editor, files, pages

ROUTERS: Final[tuple[APIRouter, ...]] = (api.router, pages.router, editor.router, files.router)
