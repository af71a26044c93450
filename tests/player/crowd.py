"""The crowd's side of the small edge, and the studio's answers to it, at one address.

What stands in `room`, `polls`, `chat` and `questions` is what talk.json says. The studio knows who
asks by a ticket that `pass_of` makes, and keeps what was asked of it in `told`. `refusals` answers
a path once with a problem.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Final
from urllib.parse import quote

from tests.player.server import Answer, Edge

GUEST: Final = "g-0123456789abcdef"
_JSON: Final = "application/json"
_API: Final = "/api/spaces/space00001/"
_JOIN: Final = (
    '<!doctype html><html lang="en"><title>Your name</title><h1>Your name</h1>'
    '<a id="go" href="{url}">Go on as Mina</a></html>'
)


def pass_of(person: str = GUEST, name: str = "Mina", *, lasts_s: float = 3600) -> str:
    """A ticket as the page reads it; its signature is not looked at here."""
    claims = {"person": person, "name": name, "exp": int(time.time() + lasts_s), "scope": "talk"}
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (
        b'{"alg":"EdDSA"}', json.dumps(claims).encode(), b"signature",
    ))  # fmt: skip


def said(number: int, /, text: str = "", **more: Any) -> dict[str, Any]:
    """A message; later numbers were said later."""
    names = ("Jonas Weber", "Amina El-Sayed", "Priya Raman", "Lars Okafor")
    at_ms = time.time_ns() // 1_000_000 - 600_000 + number * 7000
    made = {
        "id": f"m{number:04}",
        "number": number,
        "person": f"g-{number % 4:016}",
        "name": names[number % 4],
    }
    return made | {"text": text or f"Message number {number}", "role": "", "at_ms": at_ms} | more


class Crowd:
    """Stands behind an `Edge`."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.room: dict[str, Any] = {
            "type": "room", "chat_open": True, "hands_open": True, "guests": True, "slow_s": 0,
            "hands": 0, "invited": [], "pins": [], "asking": None, "removed": [],
        }  # fmt: skip
        self.polls: list[dict[str, Any]] = []
        self.chat: list[dict[str, Any]] = []
        self.questions: list[dict[str, Any]] = []
        self.votes: dict[str, list[int]] = {}
        self.told: list[tuple[str, str, Any]] = []
        self.refusals: dict[str, Answer] = {}
        self.hand = 0
        self.joined = pass_of()
        edge.more = self.answer

    def tell_room(self, **changes: Any) -> None:
        """Change the room's rules, and say so with the sound."""
        self.room |= changes
        self.edge.say(self.room)

    def refuse(self, path: str, status: int, detail: str, *fields: str) -> None:
        body = json.dumps({"detail": detail, "code": "no"}).encode()
        self.refusals[path] = (status, "application/problem+json", body, list(fields))

    def answer(self, method: str, path: str, head: str, body: bytes) -> Answer | None:
        if path == "/live/space00001/talk.json":
            talk = {"room": self.room, "polls": self.polls, "chat": self.chat[-100:]}
            return _json(200, talk | {"questions": self.questions})
        if path == "/live/space00001/say":
            return self._say(json.loads(body))
        if path == "/s/space00001/join":
            what = head.split("for=", 1)[1].split(" ", 1)[0]
            url = f"/s/space00001#talk={quote(self.joined)}&for={what}"
            return 200, "text/html", _JOIN.format(url=url).encode(), []
        if path == "/api/talk-tickets/renew":
            return _json(200, {"ticket": pass_of(name="Mina R."), "expires_in_s": 3600})
        if path.startswith("/pictures/"):
            return 404, "text/plain", b"", []
        if not path.startswith(_API):
            return None
        return self._asked(method, path.removeprefix(_API), head, body)

    def _say(self, say: dict[str, Any]) -> Answer:
        if "say" in self.refusals:
            return self.refusals.pop("say")
        if say["kind"] == "vote":
            self.votes[say["ballot"]] = say["choices"]
        return 204, _JSON, b"", []

    def _asked(self, method: str, path: str, head: str, body: bytes) -> Answer:
        self.told.append((method, path, json.loads(body) if body else None))
        if path in self.refusals:
            return self.refusals.pop(path)
        if path == "reminders":
            return _json(201, {"sentence": "Open the link in the mail that is on its way to you."})
        if path == "reports":
            return _json(201, {})
        if "authorization: bearer" not in head.lower():
            return _json(401, {"detail": "Say who you are first."})
        if path == "hand" and method == "GET":
            return _json(200 if self.hand else 404, {"place": self.hand})
        if path == "hand":
            self.hand = 3 if method == "POST" else 0
            return _json(201, {"place": 3}) if method == "POST" else (204, _JSON, b"", [])
        if method == "POST":
            return _json(201, {"id": f"mine{len(self.told)}"})
        return 204, _JSON, b"", []


def _json(status: int, body: Any) -> Answer:
    return status, _JSON, json.dumps(body).encode(), []
