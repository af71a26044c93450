"""What the OpenAPI document says of every call: how one signs in, the scope that a token needs, the
bounds, and the key of a request that may be sent twice."""

from __future__ import annotations

from typing import Any, Final

from hustings.web.access.scopes import WORDS, needed

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


def describe(document: dict[str, Any]) -> None:
    """Add all that to the document."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["session"] = {"type": "apiKey", "in": "cookie", "name": _COOKIE}
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


def _call(method: str, path: str, call: dict[str, Any]) -> None:
    scope = needed(method, path)
    call["security"] = [{"session": []}, *([{"token": [scope]}] if scope else []), {}]
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
    if method == "POST":
        call.setdefault("parameters", []).append(_KEY)
        for status, words in (("400", "Bad Request"), ("409", "Conflict"), ("422", "")):
            answers.setdefault(status, _problem(words or "Unprocessable Content"))


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}
