"""The application: routes, static files, errors, the guard. Built once per process."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

import hustings
from hustings.web import api, listeners, pages, problem, stage_pages, stream
from hustings.web import studio as studios
from hustings.web.guard import Guard
from hustings.web.studio import Studio

STATIC: Final = Path(__file__).with_name("static")
# The look that studio and listen page share lives with the player; both serve it.
BASE_CSS: Final = Path(hustings.__file__).parent / "player" / "base.css"
_REVALIDATE: Final = {"Cache-Control": "no-cache"}


class _Static(StaticFiles):
    """Static files that browsers ask about each time and rarely load twice (ETag)."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """One file."""
        answer = super().file_response(*args, **options)
        answer.headers.update(_REVALIDATE)
        return answer


def build(studio: Studio) -> ASGIApp:
    """The application around `studio`, behind its guard: even an answer to a bug is guarded."""
    app = FastAPI(
        title="Hustings",
        summary="The studio of a live-audio platform: make spaces, run them, speak in them.",
        version=hustings.__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.studio = studio
    problem.install(app)
    for router in (api.router, listeners.router, stream.router, pages.router, stage_pages.router):
        app.include_router(router)
    app.add_api_route("/healthz", _healthy, include_in_schema=False)
    app.add_api_route("/readyz", _ready, include_in_schema=False)
    app.add_api_route("/static/base.css", _base_css, include_in_schema=False)
    app.mount("/static", _Static(directory=STATIC))
    _describe(app)
    return Guard(app, settings=studio.settings)


async def _healthy() -> Response:
    return JSONResponse({"status": "ok"})


async def _ready(request: Request) -> Response:
    studio = studios.of(request)
    try:
        async with studio.database.read() as session:
            await session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        raise problem.Problem(503, "database-away", problem.NO_DATABASE, retry_s=2) from None
    return JSONResponse({"status": "ready"})


async def _base_css() -> Response:
    return FileResponse(BASE_CSS, media_type="text/css", headers=_REVALIDATE)


def _describe(app: FastAPI) -> None:
    """Put the problem's schema where the routes point to."""
    described = app.openapi()
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schema = problem.ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["ProblemBody"] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
