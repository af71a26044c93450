"""Scopes: every call of the API has one, or is written here as closed to tokens."""

from __future__ import annotations

import pytest

from hustings.web.access.scopes import WORDS, Scope, needed
from tests.web.running import Running

# Calls that take no token: what belongs to a person alone, and what belongs to listeners, who have
# tickets or need nothing.
CLOSED = {
    "PATCH /api/me",
    "GET /api/me/sign-ins",
    "DELETE /api/me/sign-ins",
    "DELETE /api/me/sign-ins/{reference}",
    "GET /api/push-key",
    "GET /api/tokens",
    "POST /api/tokens",
    "DELETE /api/tokens/{token}",
    "POST /api/listen-tickets/renew",
    "POST /api/talk-tickets/renew",
}


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/spaces", Scope.SPACES_WRITE),
        ("GET", "/api/spaces/{space_id}", Scope.SPACES_READ),
        ("HEAD", "/api/spaces/{space_id}", Scope.SPACES_READ),
        ("PATCH", "/api/spaces/{space_id}", Scope.SPACES_WRITE),
        ("POST", "/api/spaces/{space_id}/cancel", Scope.SPACES_WRITE),
        ("POST", "/api/spaces/{space_id}/live", Scope.ROOM_WRITE),
        ("POST", "/api/spaces/{space_id}/seats", Scope.ROOM_WRITE),
        ("DELETE", "/api/spaces/{space_id}/blocks/{person}", Scope.ROOM_WRITE),
        ("GET", "/api/spaces/{space_id}/reports", Scope.SPACES_READ),
        ("GET", "/api/spaces/{space_id}/audit", Scope.AUDIT_READ),
        ("GET", "/api/spaces/{space_id}/audit.{kind}", Scope.AUDIT_READ),
        ("GET", "/api/audit", Scope.AUDIT_READ),
        ("PUT", "/api/suspensions/{person}", Scope.PEOPLE_WRITE),
        ("GET", "/api/suspensions", Scope.PEOPLE_READ),
        ("GET", "/api/hooks", Scope.HOOKS_WRITE),
        ("POST", "/api/tokens", None),
        ("POST", "/new", None),
        ("GET", "/api/secrets", None),
        ("POST", "/api/audit", None),
    ],
)
def test_the_table(method: str, path: str, scope: Scope | None) -> None:
    assert needed(method, path) == scope


def test_every_scope_has_words() -> None:
    assert set(WORDS) == set(Scope)


async def test_every_call_is_decided(web: Running) -> None:
    async with web.browser() as client:
        paths = (await client.get("/api/openapi.json")).json()["paths"]
    closed = {
        f"{method.upper()} {path}"
        for path, calls in paths.items()
        for method in calls
        if needed(method.upper(), path) is None
    }
    assert closed <= CLOSED
