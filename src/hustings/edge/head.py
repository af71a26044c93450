"""The head of a request (RFC 9112): bytes in, a request or a refusal out. Pure.

Strict on purpose, because a proxy in front and this parser must never disagree on where a request
ends. Refused are: bare CR or LF, folded lines, a blank before a colon, two hosts, any
Transfer-Encoding, any body. The listen origin takes no bodies, so none is ever skipped over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

from hustings import limits
from hustings.errors import BadInput

METHODS: Final = ("GET", "HEAD", "OPTIONS")

_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET: Final = re.compile(rb"[\x21-\x7e]+")
_ABSOLUTE: Final = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_VERSION: Final = re.compile(rb"HTTP/(\d)\.(\d)")
# What may come at most once: two of them mean that two readers could choose differently.
_SINGLE: Final = frozenset({"host", "content-length", "transfer-encoding", "range", "if-range"})


class BadHead(BadInput):
    """A head that is refused; `status` is the answer's (4xx, or 505)."""

    def __init__(self, what: str, *, expected: str, got: str = "", status: int = 400) -> None:
        super().__init__(what, expected=expected, got=got)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request without a body.

    `parts` are the path's segments, percent-decoded ("/s/ab12" is ("s", "ab12")); `query` holds the
    first value of each name; header names are in lower case, repeated ones joined by a comma.
    """

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    minor: int
    keep_alive: bool

    @property
    def path(self) -> str:
        """The decoded path, for people."""
        return "/" + "/".join(self.parts)


def parse(data: bytes | bytearray) -> tuple[Request, int] | None:
    """The first request in `data` and how many bytes it takes; None if more has to come.

    Raises `BadHead`. After that the connection cannot be used any further.
    """
    start = 2 if data[:2] == b"\r\n" else 0  # RFC 9112 section 2.2: one empty line is forgiven
    end = data.find(b"\r\n\r\n", start)
    if end < 0:
        _check_unfinished(bytes(data[start:]))
        return None
    if end + 4 > limits.HEAD_BYTES:
        raise _too_large()
    lines = bytes(data[start:end]).split(b"\r\n")
    if len(lines) - 1 > limits.HEAD_FIELDS_COUNT:
        raise BadHead(
            "request head", expected=f"at most {limits.HEAD_FIELDS_COUNT} fields", status=431
        )
    method, target, minor = _request_line(lines[0])
    headers = _fields(lines[1:])
    _check_framing(headers, minor)
    if method not in METHODS:
        raise BadHead("method", expected=", ".join(METHODS), got=method[:20], status=405)
    parts, query = _target(target, method)
    options = {o.strip().lower() for o in headers.get("connection", "").split(",")}
    request = Request(
        method=method,
        parts=parts,
        query=query,
        headers=headers,
        minor=minor,
        keep_alive=minor == 1 and "close" not in options,
    )
    return request, end + 4


def _check_unfinished(data: bytes) -> None:
    """Refuse early what no further byte can mend, so that it does not wait for the deadline."""
    if len(data) > limits.HEAD_BYTES:
        raise _too_large()
    if data and not _TOKEN.match(data) and data != b"\r":
        raise BadHead("request", expected="HTTP/1.1", got=repr(data[:8]))
    if b"\n\n" in data or b"\n\r\n" in data.replace(b"\r\n", b"--"):
        raise BadHead("request head", expected="lines that end with CR LF")


def _too_large() -> BadHead:
    return BadHead("request head", expected=f"at most {limits.HEAD_BYTES} bytes", status=431)


def _request_line(line: bytes) -> tuple[str, bytes, int]:
    words = line.split(b" ")
    if len(words) != 3 or not _TOKEN.fullmatch(words[0]) or not _TARGET.fullmatch(words[1]):
        raise BadHead("request line", expected="method, target and version", got=repr(line[:80]))
    version = _VERSION.fullmatch(words[2])
    if version is None:
        raise BadHead("request line", expected="HTTP/1.1 at its end", got=repr(words[2][:20]))
    if version[1] != b"1":
        raise BadHead("HTTP version", expected="1.0 or 1.1", got=repr(words[2]), status=505)
    if len(words[1]) > limits.TARGET_BYTES:
        raise BadHead("target", expected=f"at most {limits.TARGET_BYTES} bytes", status=414)
    return words[0].decode(), words[1], min(int(version[2]), 1)


def _fields(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadHead("header field", expected="name: value", got=repr(line[:80]))
        key = name.decode().lower()
        text = value.strip(b" \t").decode("latin-1")
        if key in headers:
            if key in _SINGLE:
                raise BadHead("header fields", expected=f"one {key}", got="several")
            text = f"{headers[key]}, {text}"
        headers[key] = text
    return headers


def _check_framing(headers: Mapping[str, str], minor: int) -> None:
    if minor == 1 and "host" not in headers:
        raise BadHead("header fields", expected="a host")
    if "transfer-encoding" in headers:
        raise BadHead("request", expected="no body", got="a transfer coding")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadHead("content-length", expected="digits", got=repr(length[:20]))
    if length.strip("0"):
        raise BadHead("request", expected="no body", got=f"{length[:20]} bytes", status=413)


def _target(target: bytes, method: str) -> tuple[tuple[str, ...], dict[str, str]]:
    if target == b"*" and method == "OPTIONS":
        return (), {}
    absolute = _ABSOLUTE.match(target)
    if absolute:
        target = target[absolute.end() :] or b"/"
    path, _, query = target.partition(b"?")
    if not path.startswith(b"/") or b"#" in target:
        raise BadHead("target", expected="a path that begins with /", got=repr(target[:80]))
    try:
        parts = tuple(unquote(p, errors="strict") for p in path[1:].decode().split("/"))
        pairs = parse_qsl(
            query.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=limits.HEAD_FIELDS_COUNT,
        )
    except ValueError as error:
        raise BadHead("target", expected="percent-encoded UTF-8") from error
    if _CONTROL.search("/".join(parts)):
        raise BadHead("target", expected="no control characters")
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    return parts, values
