"""The head of a request (RFC 9112): bytes in, a request or a refusal out. Pure.

Strict on purpose, because a proxy in front and this parser must never disagree on where a request
ends. Refused are: bare CR or LF, folded lines, a blank before a colon, two hosts, any
Transfer-Encoding, a body in anything but POST and one of unknown or too great a length.

What was read once is remembered: players repeat their fields to the byte, and a crowd its targets.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote

import msgspec

from hustings import limits, words
from hustings.errors import BadInput

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST")

_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET: Final = re.compile(rb"[\x21-\x7e]+")
_ABSOLUTE: Final = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_VERSION: Final = re.compile(rb"HTTP/(\d)\.(\d)")
# What may come at most once: two of them mean that two readers could choose differently.
_SINGLE: Final = frozenset({
    "host", "content-length", "transfer-encoding", "range", "if-range", "expect",
})  # fmt: skip
# With none of these fields an answer depends on the request line and the codings alone.
_TELLING: Final = frozenset({
    "authorization", "content-length", "expect", "if-match", "if-modified-since", "if-none-match",
    "if-range", "if-unmodified-since", "range", "transfer-encoding", "upgrade",
})  # fmt: skip
REMEMBERED_BYTES: Final = 2_048  # longer fields are read anew each time


class BadHead(BadInput):
    """A head that is refused; `status` is the answer's (4xx, or 505)."""

    def __init__(self, what: str, *, expected: str, got: str = "", status: int = 400) -> None:
        super().__init__(what, expected=expected, got=got)
        self.status = status


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    `parts` are the path's segments, percent-decoded ("/s/ab12" is ("s", "ab12")); `query` holds the
    first value of each name; header names are in lower case, repeated ones joined by a comma.
    `length` is the body's as the head says it, `body` what has come of it: all, once a request is
    to be answered. `address` is the visitor's IP address.
    """

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    minor: int = 1
    keep_alive: bool = True
    length: int = 0
    body: bytes = b""
    address: str = ""

    @property
    def path(self) -> str:
        """The decoded path, for people."""
        return "/" + "/".join(self.parts)

    @property
    def user_agent(self) -> str:
        """What the visitor's program calls itself; empty if it does not say."""
        return self.headers.get("user-agent", "")

    @property
    def expects(self) -> bool:
        """Whether the visitor waits to be told to send the body (RFC 9110 section 10.1.1)."""
        return "expect" in self.headers


class Block(msgspec.Struct, frozen=True):
    """The fields of a head. `plain` says that of them only `codings` (Accept-Encoding) and the
    `language` chosen of Accept-Language can make a difference to the answer, and that the
    connection stays open."""

    headers: Mapping[str, str]
    closing: bool
    length: int
    plain: bool
    codings: str
    language: str = words.ENGLISH


class _Line(msgspec.Struct, frozen=True):
    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    minor: int


def parse(
    data: bytes | bytearray, *, peer: str = "", proxied: bool = False
) -> tuple[Request, int] | None:
    """The first request in `data` and how many bytes its head takes; None if more has to come.

    A body follows the head and is not looked at. `peer` is whom the connection is with; with
    `proxied` it is a proxy that is believed when it says for whom it asks.
    Raises `BadHead`. After that the connection cannot be used any further.
    """
    start = 2 if data[:2] == b"\r\n" else 0  # RFC 9112 section 2.2: one empty line is forgiven
    end = data.find(b"\r\n\r\n", start)
    if end < 0:
        _check_unfinished(bytes(data[start:]))
        return None
    if end + 4 > limits.HEAD_BYTES:
        raise _too_large()
    cut = data.find(b"\r\n", start)
    fields = bytes(data[cut : end + 4])
    first = bytes(data[start:cut])
    line = _line(first) if len(first) <= REMEMBERED_BYTES else _line.__wrapped__(first)
    remembered = len(fields) <= REMEMBERED_BYTES
    block = block_of(fields) if remembered else block_of.__wrapped__(fields)
    if line.minor == 1 and "host" not in block.headers:
        raise BadHead("header fields", expected="a host")
    if block.length and line.method != "POST":
        raise BadHead("request", expected="no body", got=f"{block.length} bytes", status=413)
    request = Request(
        method=line.method,
        parts=line.parts,
        query=line.query,
        headers=block.headers,
        minor=line.minor,
        keep_alive=line.minor == 1 and not block.closing,
        length=block.length,
        address=_behind(peer, block.headers) if proxied else peer,
    )
    return request, end + 4


@lru_cache(maxsize=limits.BLOCKS_COUNT)
def block_of(fields: bytes) -> Block:
    """The fields in `fields`, which begins and ends with the line ends around them."""
    lines = fields[2:-4].split(b"\r\n") if len(fields) > 4 else []
    if len(lines) > limits.HEAD_FIELDS_COUNT:
        raise BadHead(
            "request head", expected=f"at most {limits.HEAD_FIELDS_COUNT} fields", status=431
        )
    headers = _fields(lines)
    length = _length(headers)
    options = {o.strip().lower() for o in headers.get("connection", "").split(",")}
    return Block(
        headers=headers,
        closing="close" in options,
        length=length,
        plain="host" in headers and options <= {"", "keep-alive"} and _TELLING.isdisjoint(headers),
        codings=headers.get("accept-encoding", ""),
        language=words.choose(headers.get("accept-language", "")),
    )


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


@lru_cache(maxsize=limits.BLOCKS_COUNT)
def _line(line: bytes) -> _Line:
    words = line.split(b" ")
    if len(words) != 3 or not _TOKEN.fullmatch(words[0]) or not _TARGET.fullmatch(words[1]):
        raise BadHead("request line", expected="method, target and version", got=repr(line[:80]))
    method, target, version = words
    found = _VERSION.fullmatch(version)
    if found is None:
        raise BadHead("request line", expected="HTTP/1.1 at its end", got=repr(version[:20]))
    if found[1] != b"1":
        raise BadHead("HTTP version", expected="1.0 or 1.1", got=repr(version), status=505)
    if len(target) > limits.TARGET_BYTES:
        raise BadHead("target", expected=f"at most {limits.TARGET_BYTES} bytes", status=414)
    name = method.decode()
    if name not in METHODS:
        raise BadHead("method", expected=", ".join(METHODS), got=name[:20], status=405)
    parts, query = _target(target, name)
    return _Line(name, parts, query, min(int(found[2]), 1))


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


def _length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadHead("request", expected="a length, if any body", got="a transfer coding")
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise BadHead("expect", expected="100-continue", got=headers["expect"][:20], status=417)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadHead("content-length", expected="digits", got=repr(length[:20]))
    digits = length.lstrip("0")
    if len(digits) > len(str(limits.BODY_BYTES)) or int(digits or "0") > limits.BODY_BYTES:
        raise BadHead(
            "request",
            expected=f"a body of at most {limits.BODY_BYTES} bytes",
            got=f"{length[:20]} bytes",
            status=413,
        )
    return int(digits or "0")


def _behind(peer: str, headers: Mapping[str, str]) -> str:
    said = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return peer


def _target(target: bytes, method: str) -> tuple[tuple[str, ...], dict[str, str]]:
    if target == b"*" and method == "OPTIONS":
        return (), {}
    absolute = _ABSOLUTE.match(target)
    if absolute:
        target = target[absolute.end() :] or b"/"
    if not target.startswith(b"/") or b"#" in target:
        raise BadHead("target", expected="a path that begins with /", got=repr(target[:80]))
    path, _, query = target.decode().partition("?")
    parts = tuple(path[1:].split("/"))
    if "%" in path:
        try:
            parts = tuple(unquote(part, errors="strict") for part in parts)
        except ValueError as error:
            raise BadHead("target", expected="percent-encoded UTF-8") from error
        if _CONTROL.search("/".join(parts)):
            raise BadHead("target", expected="no control characters")
    return parts, _query(query) if query else {}


def _query(query: str) -> dict[str, str]:
    if query.count("&") >= limits.HEAD_FIELDS_COUNT:
        raise BadHead("target", expected=f"at most {limits.HEAD_FIELDS_COUNT} names in its query")
    if "%" in query or "+" in query:
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
        except ValueError as error:
            raise BadHead("target", expected="percent-encoded UTF-8") from error
    else:
        pairs = [(n, v) for n, _, v in (pair.partition("=") for pair in query.split("&")) if n or v]
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    return values
