"""What the OpenAPI document says of every call: how one signs in, the scope that a token needs, the
bounds, the key of a request that may be sent twice, and examples."""

from __future__ import annotations

import re
from typing import Any, Final

from hustings.web.access.scopes import WORDS, needed
from hustings.web.access.specimen import specimen

_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_RATE: Final = {
    "RateLimit-Policy": "the bounds that were counted (draft-ietf-httpapi-ratelimit-headers)",
    "RateLimit": "what is left, and in how many seconds it begins anew",
}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "a word of your own making, better a UUID: the same request sent again within a "
    "day gets the same answer (draft-ietf-httpapi-idempotency-key-header)",
    "schema": {"type": "string", "maxLength": 255, "pattern": r'^("[ !#-\[\]-~]+"|[!#-\[\]-~]+)$'},
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}
_COOKIE: Final = "hustings-session"
_SEAT: Final = "hustings-seat-{space_id}"
_RENEWAL: Final = re.compile(r"/api/(listen|talk)-tickets/renew")
_TALK: Final = re.compile(
    r"(POST|DELETE) /api/spaces/\{space_id\}/(chat|hand|questions|reports)(/\{\w+\}(/restore)?)?"
)
# Good for who is nobody as well; who is known is told more, or counted as one.
_OPEN: Final = re.compile(
    r"GET /api/spaces|POST /api/spaces/\{space_id\}/(reports|reminders)|GET /api/push-key"
)


def describe(document: dict[str, Any]) -> None:
    """Add all that to the document."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["session"] = {"type": "apiKey", "in": "cookie", "name": _COOKIE}
    schemes["seat"] = {
        "type": "apiKey",
        "in": "cookie",
        "name": _SEAT,
        "description": "A seat in one space, as whoever opened an invitation has it.",
    }
    schemes["ticket"] = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A ticket of one space: to listen, or to talk as a guest or an account.",
    }
    schemes["token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token (`hst_…`). Scopes: "
        + "; ".join(f"`{scope}`: {words}" for scope, words in WORDS.items()),
    }
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if method in _METHODS:
                _call(method.upper(), path, call)
                _exemplify(call, document["components"]["schemas"])


def _call(method: str, path: str, call: dict[str, Any]) -> None:
    scope = needed(method, path)
    call["security"] = _security(f"{method} {path}", scope)
    answers = call["responses"]
    answers.setdefault("429", _problem("Too Many Requests"))
    headers = {
        name: {"description": words, "schema": {"type": "string"}} for name, words in _RATE.items()
    }
    for status, answer in answers.items():
        if status != "422" or "content" in answer:
            answer.setdefault("headers", {}).update(headers)
    again = {"description": "when to ask again", "schema": {"type": "integer"}}
    answers["429"].setdefault("headers", {})["Retry-After"] = again
    if scope:
        for status, words in (("401", "Unauthorized"), ("403", "Forbidden")):
            answers.setdefault(status, _problem(words))
    if "requestBody" in call:  # which may be no text at all
        answers.setdefault("400", _problem("Bad Request"))
    if method == "POST":
        call.setdefault("parameters", []).append(_KEY)
        for status, words in (("400", "Bad Request"), ("409", "Conflict"), ("422", "")):
            answers.setdefault(status, _problem(words or "Unprocessable Content"))


def _security(call: str, scope: str | None) -> list[dict[str, list[str]]]:
    """The ways to be known to this call, one of which it takes."""
    if _RENEWAL.search(call):
        return [{"ticket": []}]
    ways: list[dict[str, list[str]]] = [{"session": []}]
    if scope:
        ways.append({"token": [scope]})
    if "{space_id}" in call:
        ways.append({"seat": []})
    if _TALK.fullmatch(call):
        ways.append({"ticket": []})
    return [*ways, {}] if _OPEN.fullmatch(call) else ways


def _exemplify(call: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give every JSON body and answer an example."""
    bodies = [call["requestBody"]] if "requestBody" in call else []
    for place in (*bodies, *call["responses"].values()):
        for kind, media in place.get("content", {}).items():
            given = "example" in media or "examples" in media
            if kind.endswith("json") and "schema" in media and not given:
                media["example"] = specimen(media["schema"], schemas)


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}
