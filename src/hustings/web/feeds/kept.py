"""Feeds as they were rendered last: for everybody, and not at all for who has it already.

A reader that says which one it has (RFC 9110, sections 13.1.2 and 13.1.3) is told that it is still
so. The date is when this studio first saw these very bytes, never earlier than they are true; it is
given once the second is over, so that two different feeds never have one date.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from hustings import limits

FOLLOWED: Final = ["GET", "HEAD"]  # directories look whether there is a feed before they read it
_PACKED_FROM: Final = 500  # bytes; below it packing costs more than it saves
_HEADERS: Final = {
    "Cache-Control": f"public, max-age={limits.FEED_AGE_S}",
    "Vary": "Accept-Encoding",
    # Players in browsers read feeds as well; there is nothing in them that is not public.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(slots=True)
class _Kept:
    body: bytes
    packed: bytes
    tag: str
    since_s: float  # when these bytes were seen first
    until_s: float  # before it is looked whether they hold


class KeptFeeds:
    """The feeds rendered last, by address. `now_s` is Unix time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def answer(
        self,
        request: Request,
        render: Callable[[], Awaitable[bytes]],
        *,
        mime: str,
        now_s: float,
        headers: dict[str, str] | None = None,
        hidden: bool = False,
    ) -> Response:
        """The feed at the address that was asked for, rendered unless that was done just now. One
        that was `hidden` a moment ago and is not any more is another one, with less in it."""
        path = f"{request.url.path}{' hidden' if hidden else ''}"
        kept = self._kept.get(path)
        if kept is None or kept.until_s <= now_s:
            kept = self._keep(path, await render(), now_s)
        packs = "gzip" in request.headers.get("accept-encoding", "") and kept.packed
        fields = {**_HEADERS, **(headers or {}), "ETag": f'"{kept.tag}{"-gz" if packs else ""}"'}
        if int(kept.since_s) < int(now_s):
            fields["Last-Modified"] = formatdate(int(kept.since_s), usegmt=True)
        if _has(request, kept.tag, fields.get("Last-Modified", "")):
            return Response(status_code=304, headers=fields)
        if packs:
            fields["Content-Encoding"] = "gzip"
        return Response(kept.packed if packs else kept.body, media_type=mime, headers=fields)

    def _keep(self, path: str, body: bytes, now_s: float) -> _Kept:
        tag = hashlib.sha256(body).hexdigest()[:20]
        until_s = now_s + limits.FEED_FRESH_S
        kept = self._kept.get(path)
        if kept is not None and kept.tag == tag:
            kept.until_s = until_s
        else:
            packed = gzip.compress(body, 6, mtime=0) if len(body) > _PACKED_FROM else b""
            kept = self._kept[path] = _Kept(body, packed, tag, now_s, until_s)
        self._kept.move_to_end(path)
        while len(self._kept) > limits.FEEDS_KEPT_COUNT:
            self._kept.popitem(last=False)
        return kept


def _has(request: Request, tag: str, date: str) -> bool:
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return tag in asked or asked.strip() == "*"
    return bool(date) and request.headers.get("if-modified-since") == date
