"""An answer: status, fields and body, and how it becomes bytes. Pure.

Refusals are problem documents (RFC 9457): `code` is stable for programs, `detail` is a sentence.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from hustings.words import ENGLISH, Words

Fields = tuple[tuple[str, str], ...]

# The listen origin has no cookies and nothing secret: any page may read it.
_EVERYWHERE: Final = (
    b"Access-Control-Allow-Origin: *\r\n"
    b"Cross-Origin-Resource-Policy: cross-origin\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
)
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}

NO_STORE: Final = (("Cache-Control", "no-store"),)


class Edition:
    """The one of which answers are copies, kept by whoever knows when it ends.

    As long as it is not `over`, but at most `seconds` after an answer with it was made, the same
    bytes go to everybody who asks the same, without anybody being asked (see `ready.py`). So it is
    for answers that depend on nothing but the target (and Accept-Encoding and the language chosen
    of Accept-Language, where `Vary` says so), and that need not be counted one by one.
    """

    __slots__ = ("over", "seconds")

    def __init__(self, seconds: float) -> None:
        self.over = False
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. `body` is sent as it is; or `stream` yields exactly `length` bytes.

    `endless` stands for the answer to HEAD where GET has no length.
    """

    status: int = 200
    fields: Fields = ()
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None
    length: int | None = None
    close: bool = False
    endless: bool = False
    edition: Edition | None = None


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    retry_after_s: int | None = None,
    fields: Fields = NO_STORE,
    close: bool = False,
) -> Reply:
    """A refusal in words. Refusals are not stored by caches unless `fields` says otherwise."""
    document = {
        "type": "about:blank",
        "title": _REASONS.get(status, "Refused"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if retry_after_s is not None:
        fields = (*fields, ("Retry-After", str(retry_after_s)))
    return Reply(
        status=status,
        fields=(("Content-Type", "application/problem+json"), *fields),
        body=json.dumps(document).encode(),
        close=close,
    )


def worded(reply: Reply, reader: Words) -> Reply:
    """A refusal with its sentence in the reader's language; anything else as it is."""
    if reply.status < HTTPStatus.BAD_REQUEST or reader.language == ENGLISH:
        return reply
    document = json.loads(reply.body)
    document["detail"] = reader.sentence(document["detail"])
    return replace(reply, body=json.dumps(document, ensure_ascii=False).encode())


def head(status: int, fields: Fields, *, now_s: float, keep_alive: bool) -> bytes:
    """Status line and fields, with what every answer carries, up to the empty line."""
    return _head(status, fields, int(now_s), keep_alive)


@lru_cache(maxsize=64)
def _head(status: int, fields: Fields, second: int, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in fields]
    lines.append(f"Date: {formatdate(second, usegmt=True)}\r\n")
    if not keep_alive:
        lines.append("Connection: close\r\n")
    return "".join(lines).encode("latin-1") + _EVERYWHERE + b"\r\n"


def render(reply: Reply, *, method: str, now_s: float, keep_alive: bool) -> bytes:
    """The answer's bytes; of one with a `stream` only the head."""
    fields = reply.fields
    if reply.status not in (204, 304) and not reply.endless:
        length = reply.length if reply.length is not None else len(reply.body)
        fields = (*fields, ("Content-Length", str(length)))
    top = head(reply.status, fields, now_s=now_s, keep_alive=keep_alive and not reply.close)
    return top if method == "HEAD" or reply.status in (204, 304) else top + reply.body


class Rendered:
    """A GET's answer as bytes, made anew when a second has passed, because of its Date."""

    __slots__ = ("_data", "_keep_alive", "_second", "answer")

    def __init__(self, answer: Reply, *, keep_alive: bool = True) -> None:
        self.answer = answer
        self._keep_alive = keep_alive
        self._second = -1
        self._data = b""

    def at(self, now_s: float) -> bytes:
        """The bytes with this second's Date."""
        second = int(now_s)
        if second != self._second:
            self._second = second
            self._data = render(self.answer, method="GET", now_s=now_s, keep_alive=self._keep_alive)
        return self._data


def matches(etag: str, if_none_match: str | None) -> bool:
    """Whether the visitor has this very version (RFC 9110 section 13.1.2, weak comparison)."""
    if if_none_match is None:
        return False
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def unless_known(reply: Reply, etag: str, if_none_match: str | None) -> Reply:
    """`reply` with its ETag, or 304 if the visitor has it."""
    tagged = (*reply.fields, ("ETag", etag))
    if matches(etag, if_none_match):
        kept = tuple(f for f in tagged if f[0] not in ("Content-Type", "Content-Encoding"))
        return Reply(status=304, fields=kept)
    return replace(reply, fields=tagged)
