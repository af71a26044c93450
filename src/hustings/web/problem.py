"""Problems: how every error leaves the studio, as problem+json (RFC 9457) or as a page.

`code` is stable for programs, `detail` is a sentence for people, `errors` names the fields of a
form or body that cannot be used.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from hustings.errors import BadInput, Conflict, LogError
from hustings.space import Refusal
from hustings.web import page
from hustings.web.database import Unstorable
from hustings.words import Words, mark

log = logging.getLogger("hustings.web")

MEDIA_TYPE: Final = "application/problem+json"
_REFUSED: Final = {"role": 403, "blocked": 403, "value": 422}  # every other refusal is a 409
_PLAIN: Final = {
    400: ("request", "This request cannot be read."),
    404: ("not-found", "There is nothing at this address."),
    405: ("method", "This address does not take that method."),
    413: ("too-large", "This is larger than the studio takes."),
}
AWAY: Final = (OperationalError, InterfaceError, PoolTimeout)  # of a database
NO_LOG: Final = "The recording cannot be guaranteed right now. Try again in a moment."
UNSTORABLE: Final = "This contains characters or numbers that cannot be kept."
NO_DATABASE: Final = "The studio's database does not answer. Try again in a moment."


# As refusals name them: "This is not possible while the space is posted."
STATUSES: Final = (
    mark("scheduled"), mark("doors"), mark("live"), mark("held"), mark("ended"), mark("posted"),
    mark("withheld"), mark("cancelled"), mark("not live"),
)  # fmt: skip


# What is wrong with a field, by pydantic's types of errors.
_WRONG: Final = {
    "missing": "This is needed.",
    "string_too_short": "This is too short: at least {min_length} characters.",
    "string_too_long": "This is too long: at most {max_length} characters.",
    "value_error": "This cannot be used: {error}.",
}


def sentence_of(error: Mapping[str, Any]) -> str:
    """What is wrong with a field, for people; empty for what only programs get wrong."""
    return _WRONG.get(error["type"], "").format_map(error.get("ctx", {}))


class FieldProblem(BaseModel):
    """One field that cannot be used."""

    field: str = Field(examples=["title"])
    detail: str = Field(examples=["String should have at least 1 character"])


class ProblemBody(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Conflict",
                "status": 409,
                "code": "status",
                "detail": "This is not possible while the space is ended.",
            }
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="stable, for programs")
    detail: str = Field(description="a sentence, for people")
    errors: list[FieldProblem] = []


class Problem(Exception):
    """A request that cannot be fulfilled."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldProblem, ...] = (),
        retry_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.retry_s = retry_s


def refused(refusal: Refusal) -> Problem:
    """The problem that a space's refusal is."""
    return Problem(_REFUSED.get(refusal.code, 409), refusal.code, refusal.reason)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI describes the problems of a route."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status in statuses
    }


def response(request: Request, problem: Problem) -> Response:
    """The problem as this client reads it: a page for browsers' navigations, JSON otherwise."""
    headers = {"Retry-After": str(problem.retry_s)} if problem.retry_s else None
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and not request.url.path.startswith("/api/"):
        back = request.url.path if request.method == "GET" else ""
        return page.render(
            request,
            "error.html",
            {"status": problem.status, "detail": problem.detail, "back": back},
            status=problem.status,
            headers=headers,
        )
    return Response(body(problem, page.language(request)), problem.status, headers, MEDIA_TYPE)


def body(problem: Problem, reader: Words) -> bytes:
    """The problem as JSON, its sentences in the reader's language."""
    told = ProblemBody(
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        code=problem.code,
        detail=reader.sentence(problem.detail),
        errors=[
            FieldProblem(field=one.field, detail=reader.sentence(one.detail))
            for one in problem.errors
        ],
    ).model_dump(exclude_defaults=not problem.errors)
    made = json.dumps({"type": "about:blank", **told}, ensure_ascii=False)
    return made.encode(errors="replace")  # a field may be named by half a surrogate pair


def install(app: FastAPI) -> None:
    """Let every error of the application leave as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(BadInput, _on_bad_input)
    app.add_exception_handler(Conflict, _on_conflict)
    app.add_exception_handler(LogError, _on_log_away)
    for away in AWAY:
        app.add_exception_handler(away, _on_database_away)
    for wrong in (Unstorable, DataError):
        app.add_exception_handler(wrong, _on_unstorable)
    app.add_exception_handler(UnicodeError, _on_unreadable)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(Exception, _on_anything)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return response(request, error)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _PLAIN.get(error.status_code, ("request", str(error.detail)))
    answer = response(request, Problem(error.status_code, code, detail))
    answer.headers.update(error.headers or {})
    return answer


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = tuple(
        FieldProblem(
            field=".".join(str(part) for part in e["loc"][1:]) or "body",
            detail=sentence_of(e) or e["msg"],
        )
        for e in error.errors()
    )
    return response(request, Problem(422, "value", "Some of this cannot be used.", errors=errors))


async def _on_bad_input(request: Request, error: Exception) -> Response:
    return response(request, Problem(400, "input", f"{error}."))


async def _on_log_away(request: Request, error: Exception) -> Response:
    log.warning("the log is away: %s", error)
    return response(request, Problem(503, "log-away", NO_LOG, retry_s=2))


async def _on_conflict(request: Request, error: Exception) -> Response:
    late = "Others changed this space at the same moment. Try again."
    return response(request, Problem(409, "race", late))


async def _on_database_away(request: Request, error: Exception) -> Response:
    log.warning("the database is away: %s", error)
    return response(request, Problem(503, "database-away", NO_DATABASE, retry_s=2))


async def _on_unstorable(request: Request, error: Exception) -> Response:
    if isinstance(error, DataError):
        log.warning("the database does not take a value that the studio takes: %s", error.orig)
    return response(request, Problem(422, "value", UNSTORABLE))


async def _on_unreadable(request: Request, error: Exception) -> Response:
    # A form may name the encoding that it is to be read in.
    log.info("not in the encoding that it names: %s", type(error).__name__)
    return response(request, Problem(400, *_PLAIN[400]))


async def _on_gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


async def _on_anything(request: Request, error: Exception) -> Response:
    # Starlette logs the traceback after this answer is sent.
    return response(request, Problem(500, "bug", "Something went wrong in the studio."))
