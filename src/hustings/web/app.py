"""The application: routes, static files, errors, the guard. Built once per process."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

import hustings
from hustings import words
from hustings.web import api, listeners, problem, stage_pages, stream
from hustings.web import studio as studios
from hustings.web.access import routes as access_routes
from hustings.web.access.describe import describe
from hustings.web.access.entry import Entry
from hustings.web.agenda import routes as agenda_routes
from hustings.web.guard import Guard
from hustings.web.order import routes as order_routes
from hustings.web.outbox import hook_routes, reminder_routes
from hustings.web.people import routes as people_routes
from hustings.web.room import backstage as room_backstage
from hustings.web.room import routes as room_routes
from hustings.web.studio import Studio

STATIC: Final = Path(__file__).with_name("static")
# The look that studio and listen page share lives with the player; both serve it.
BASE_CSS: Final = Path(hustings.__file__).parent / "player" / "base.css"
_NAME: Final = re.compile(r"[a-z_]+")
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
    for router in (api.router, listeners.router, stream.router, stage_pages.router):
        app.include_router(router)
    for router in (hook_routes.router, reminder_routes.router):
        app.include_router(router)
    for router in people_routes.ROUTERS:
        app.include_router(router)
    for router in room_routes.ROUTERS:
        app.include_router(router)
    for router in agenda_routes.ROUTERS:
        app.include_router(router)
    for router in (*order_routes.ROUTERS, *access_routes.ROUTERS):
        app.include_router(router)
    app.include_router(room_backstage.router)
    app.add_api_route("/healthz", _healthy, include_in_schema=False)
    app.add_api_route("/readyz", _ready, include_in_schema=False)
    app.add_api_route("/static/base.css", _base_css, include_in_schema=False)
    app.add_api_route("/static/{language}/{name}.js", _script, include_in_schema=False)
    app.mount("/static", _Static(directory=STATIC))
    _describe(app)
    return Guard(Entry(app, studio=studio), settings=studio.settings)


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


async def _script(request: Request, language: str, name: str) -> Response:
    """A script of the pages in another language. Those that it imports stand beside it."""
    path = STATIC / f"{name}.js"
    if language not in words.languages() or not _NAME.fullmatch(name) or not path.is_file():
        raise HTTPException(404)
    made = words.load(language).script(path.read_text()).encode()
    tag = f'"{hashlib.sha256(made).hexdigest()[:20]}"'
    headers = {**_REVALIDATE, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(made, media_type="text/javascript", headers=headers)


def _describe(app: FastAPI) -> None:
    """Put the problem's schema where the routes point to."""
    described = app.openapi()
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schema = problem.ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["ProblemBody"] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    describe(described)
