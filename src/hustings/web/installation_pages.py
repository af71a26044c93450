"""The operator's page: what this installation can do, what it lacks, and how to get that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hustings import __version__, extra
from hustings.config import Settings
from hustings.load import Load
from hustings.web import noise, page
from hustings.web.accounts import SiteRole
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, SignedIn

router: Final = APIRouter(include_in_schema=False)


@router.get("/installation")
async def installation(request: Request, account: SignedIn, studio: CurrentStudio) -> Response:
    """What is there and what is not, for owners."""
    if account.role is not SiteRole.OWNER:
        raise Problem(403, "role", "Only owners of this site can see this.")
    settings = studio.settings
    values = {
        "version": __version__,
        "captions": captions(settings),
        "captions_language": settings.captions_language,
        "denoise": noise.offered(),
        "denoise_on": settings.denoise == "on",
        "mail": bool(settings.smtp_url),
        "stages": studio.stages.loads(),
        "stages_full": full(studio.stages.loads()),
    }
    return page.render(request, "installation.html", values)


def full(loads: Mapping[str, Load]) -> bool:
    """Whether no stage process takes another space."""
    return bool(loads) and not any(load.room for load in loads.values())


def captions(settings: Settings) -> str:
    """How it stands with captions: on, off, or missing."""
    if settings.captions == "off":
        return "off"
    return "missing" if extra.missing("captions") else "on"
