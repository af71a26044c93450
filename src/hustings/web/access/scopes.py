"""What a token may do: one scope for each call of the API, in one table. Pure.

A call that no rule names takes no token at all: a new one is closed until somebody decides. What is
not under `/api/` is for browsers.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from hustings.words import mark


class Scope(StrEnum):
    """What a token's maker lets a program do."""

    SPACES_READ = "spaces:read"
    SPACES_WRITE = "spaces:write"
    ROOM_WRITE = "room:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    AUDIT_READ = "audit:read"
    HOOKS_WRITE = "hooks:write"


WORDS: Final = {
    Scope.SPACES_READ: mark("See your spaces and what happens in them"),
    Scope.SPACES_WRITE: mark("Make, change, delay and cancel spaces and series"),
    Scope.ROOM_WRITE: mark("Run spaces: doors, stage, chat, questions, polls"),
    Scope.PEOPLE_READ: mark("See people, reports and suspensions, as far as you may"),
    Scope.PEOPLE_WRITE: mark("Change people, decide reports, suspend, as far as you may"),
    Scope.AUDIT_READ: mark("Read the audit log, as far as you may"),
    Scope.HOOKS_WRITE: mark("See and change webhooks"),
}

_SPACE: Final = r"/api/spaces/\{space_id\}"
# The first rule that fits counts. Addresses are templates, as routes and OpenAPI have them.
_RULES: Final = tuple(
    (methods, re.compile(path), scope)
    for methods, path, scope in (
        ("*", r"/api/tokens(/.*)?", None),  # a token makes no tokens
        ("GET", r"/api/audit(\..*)?", Scope.AUDIT_READ),
        ("GET", rf"{_SPACE}/audit(\..*)?", Scope.AUDIT_READ),
        ("*", r"/api/hooks(/.*)?", Scope.HOOKS_WRITE),
        ("GET", r"/api/me", Scope.PEOPLE_READ),
        ("GET", r"/api/(people|reports|suspensions|invitations|members)(/.*)?", Scope.PEOPLE_READ),
        ("*", r"/api/(people|reports|suspensions|invitations|members)(/.*)?", Scope.PEOPLE_WRITE),
        ("*", rf"{_SPACE}/recording/links(/.*)?", Scope.SPACES_WRITE),  # whoever reads one hears it
        ("GET", r"/api/(spaces|series|account|pictures|sounds|search)(/.*)?", Scope.SPACES_READ),
        ("POST", r"/api/(spaces|series|pictures|sounds)", Scope.SPACES_WRITE),
        ("*", r"/api/(series|pictures)/.*", Scope.SPACES_WRITE),
        ("PATCH PUT DELETE", _SPACE, Scope.SPACES_WRITE),
        ("*", rf"{_SPACE}/(cancel|delay|members|cohosts|picture|publish|withhold)(/.*)?",
         Scope.SPACES_WRITE),
        ("POST", rf"{_SPACE}/recording/chapters", Scope.ROOM_WRITE),  # marked while it is live
        ("*", rf"{_SPACE}/recording/.*", Scope.SPACES_WRITE),
        ("*", rf"{_SPACE}/.*", Scope.ROOM_WRITE),
    )
)  # fmt: skip


def needed(method: str, path: str) -> Scope | None:
    """The scope that this call takes, None if it takes no token. `path` is the route's template."""
    method = "GET" if method == "HEAD" else method
    for methods, pattern, scope in _RULES:
        if (methods == "*" or method in methods.split()) and pattern.fullmatch(path):
            return scope
    return None
