"""All routes of this part."""

from __future__ import annotations

from typing import Final

from hustings.web.access import token_routes

ROUTERS: Final = (token_routes.api, token_routes.pages)
