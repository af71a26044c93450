"""The application: routes, static files, errors, the guard. Built once per process."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

import hustings
from hustings import words
from hustings.web import api, installation_pages, listeners, problem, stage_pages, stream
from hustings.web import studio as studios
from hustings.web.access import routes as access_routes
from hustings.web.access.describe import describe
from hustings.web.access.entry import Entry
from hustings.web.after import routes as after_routes
from hustings.web.agenda import routes as agenda_routes
from hustings.web.feeds import routes as feeds_routes
from hustings.web.guard import Guard
from hustings.web.holding import routes as holding_routes
from hustings.web.keeping import api as keeping_api
from hustings.web.keeping import pages as keeping_pages
from hustings.web.order import routes as order_routes
from hustings.web.outbox import hook_pages, hook_routes, reminder_routes
from hustings.web.people import routes as people_routes
from hustings.web.room import backstage as room_backstage
from hustings.web.room import denoising as room_denoising
from hustings.web.room import routes as room_routes
from hustings.web.search import pages as search_pages
from hustings.web.studio import Studio

STATIC: Final = Path(__file__).with_name("static")
# What studio and listen page share, the look and the words' module, lives with the player; both
# serve it.
_PLAYER: Final = Path(hustings.__file__).parent / "player"
BASE_CSS: Final = _PLAYER / "base.css"
_SHARED: Final = {
    "t": _PLAYER / "t.js",
    "replay/paint": _PLAYER / "replay" / "paint.js",
    "replay/who": _PLAYER / "replay" / "who.js",
}
# Addresses are looked up in this order.
ROUTERS: Final[tuple[APIRouter, ...]] = (
    api.router,
    listeners.router,
    stream.router,
    stage_pages.router,
    installation_pages.router,
    hook_routes.router,
    hook_pages.router,
    reminder_routes.router,
    *feeds_routes.ROUTERS,  # /@{handle}.xml comes before /@{handle}
    search_pages.router,
    *people_routes.ROUTERS,
    *room_routes.ROUTERS,
    *agenda_routes.ROUTERS,
    *holding_routes.ROUTERS,
    *after_routes.ROUTERS,
    keeping_api.router,
    keeping_pages.router,
    *order_routes.ROUTERS,
    *access_routes.ROUTERS,
    room_backstage.router,
    room_denoising.router,
)
_NAME: Final = re.compile(r"[a-z_]+")
_REVALIDATE: Final = {"Cache-Control": "no-cache"}


class _Static(StaticFiles):
    """Static files that browsers ask about each time and rarely load twice (ETag)."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """One file."""
        answer = super().file_response(*args, **options)
        answer.headers.update(_REVALIDATE)
        return answer


class _Packed:
    """Packs static files, and nothing else: a page may hold a secret beside what a stranger wrote,
    and an event stream must not wait."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packing = GZipMiddleware(app, minimum_size=500, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        static = scope["type"] == "http" and scope["path"].startswith("/static/")
        await (self._packing if static else self._app)(scope, receive, send)


class _Application(FastAPI):
    """FastAPI, described when somebody first asks: it takes half a second, which no start waits
    for."""

    def openapi(self) -> dict[str, Any]:
        """The description of the API, made once."""
        if not self.openapi_schema:
            _describe(super().openapi())
        return super().openapi()


def build(studio: Studio) -> ASGIApp:
    """The application around `studio`, behind its guard: even an answer to a bug is guarded."""
    app = application()
    app.state.studio = studio
    return Guard(Entry(_Packed(app), studio=studio), settings=studio.settings)


def application() -> FastAPI:
    """All routes and their description; `state.studio` is still to be set."""
    app = _Application(
        title="Hustings",
        summary="The studio of a live-audio platform: make spaces, run them, speak in them.",
        version=hustings.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.describing = asyncio.Lock()
    problem.install(app)
    for router in ROUTERS:
        # As they are: including a router builds each of its routes a second time.
        app.router.routes.extend(router.routes)
    app.add_api_route("/healthz", _healthy, include_in_schema=False)
    app.add_api_route("/readyz", _ready, include_in_schema=False)
    app.add_api_route("/api/openapi.json", _openapi, include_in_schema=False)
    app.add_api_route("/static/base.css", _base_css, include_in_schema=False)
    app.add_api_route("/static/t.js", _words, include_in_schema=False)
    app.add_api_route("/static/{language}/{name}.js", _script, include_in_schema=False)
    app.add_api_route("/static/{language}/{folder}/{name}.js", _nested, include_in_schema=False)
    app.mount("/static", _Static(directory=STATIC))
    return app


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


async def _openapi(request: Request) -> Response:
    # In a thread, and one at a time: a space may be live while it is made.
    async with request.app.state.describing:
        return JSONResponse(await asyncio.to_thread(request.app.openapi))


async def _base_css(request: Request) -> Response:
    return _tagged(request, BASE_CSS.read_bytes(), "text/css")


async def _words(request: Request) -> Response:
    return _tagged(request, _SHARED["t"].read_bytes(), "text/javascript")


async def _script(request: Request, language: str, name: str) -> Response:
    """A script of the pages in another language. Those that it imports stand beside it."""
    return await _translated(request, language, name)


async def _nested(request: Request, language: str, folder: str, name: str) -> Response:
    """The same in a folder: what one page alone needs, or what it shares with the player."""
    if not _NAME.fullmatch(folder):
        raise HTTPException(404)
    return await _translated(request, language, name, folder=f"{folder}/")


async def _translated(request: Request, language: str, name: str, *, folder: str = "") -> Response:
    path = _SHARED.get(folder + name, STATIC / f"{folder}{name}.js")
    if language not in words.languages() or not _NAME.fullmatch(name) or not path.is_file():
        raise HTTPException(404)
    made = words.load(language).script(path.read_text()).encode()
    return _tagged(request, made, "text/javascript")


def _tagged(request: Request, made: bytes, kind: str) -> Response:
    """A file, unless whoever asks has it."""
    tag = f'"{hashlib.sha256(made).hexdigest()[:20]}"'
    headers = {**_REVALIDATE, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(made, media_type=kind, headers=headers)


def _describe(described: dict[str, Any]) -> None:
    """Put the problem's schema where the routes point to."""
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schema = problem.ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["ProblemBody"] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    describe(described)
