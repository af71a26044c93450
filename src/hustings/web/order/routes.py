"""All routes of moderation, in the order in which they are looked through."""

from __future__ import annotations

from typing import Final

from hustings.web.order import audit_routes, blocks, moderation, report_routes, suspension_routes

ROUTERS: Final = (
    audit_routes.api,
    report_routes.router,
    blocks.router,
    suspension_routes.api,
    audit_routes.pages,
    suspension_routes.pages,
    moderation.router,
)
