"""The door: the one page of a space in every state, and the same as JSON.

Made from the state in memory and kept for a second, so that a crowd at the door costs one rendering
a second. A page always says something true: an address that leads nowhere, and one of which nothing
can be known at the moment, have a page as well.
"""

from __future__ import annotations

import html
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from hustings.edge import about, card, events, kept, pictures, still
from hustings.edge.assets import Assets, Wording, packed, takes_gzip
from hustings.edge.head import Request
from hustings.edge.kept import Kept
from hustings.edge.reader import VARY, reader
from hustings.edge.reply import Edition, Fields, Reply
from hustings.edge.room import Room
from hustings.formats import markup
from hustings.space import ON_STAGE, Space, Status
from hustings.words import mark

_CLOSED: Final = mark("A private conversation")
# A listener's page needs none of these; speakers' pages are on the studio's origin.
_REFUSED: Final = (("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),)
# What never ends, or is what can be had in smaller pieces.
_NOT_GATHERED: Final = ("push", "listen.", "events", "captions", "all.zip")
_FRESH_S: Final = 0.5  # the same bytes for everybody, before it is looked whether they still hold
_JSON_FIELDS: Final = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "public, max-age=1"),
)


@dataclass(slots=True)
class _Made:
    """What was made of one state, for one second."""

    key: tuple[int, int] = (-1, -1)
    document: bytes = b""
    # by embed, packed and language
    pages: dict[tuple[bool, bool, str], bytes] = field(default_factory=dict)
    edition: Edition = field(default_factory=lambda: Edition(0.0))
    kept: Kept = field(default_factory=Kept)
    kept_of: str | None = None


class Door:
    """Renders the doors of all spaces. `listen` and `studio` are the public addresses;
    `line` says how it stands with those who wait for a place, `others` at which other addresses
    (a cache, other edges) there is sound."""

    def __init__(
        self,
        assets: Assets,
        *,
        listen: str,
        studio: str,
        line: Callable[[str], dict[str, int] | None],
        others: Callable[[], Iterable[str]],
    ) -> None:
        self._assets = assets
        self._listen = listen
        self._studio = studio
        self._line = line
        self._made: dict[str, _Made] = {}
        self._others = others

    def forget(self, known: set[str]) -> None:
        """Drop what was made for spaces that are not followed any more."""
        self._made = {space: made for space, made in self._made.items() if space in known}

    def document(self, room: Room, *, wall_s: float) -> Reply:
        """door.json."""
        made = self._fresh(room, wall_s)
        return Reply(fields=_JSON_FIELDS, body=made.document, edition=made.edition)

    def page(self, request: Request, room: Room, *, wall_s: float, embed: bool = False) -> Reply:
        """The listen page with the state in it; `embed` for the one that others frame."""
        made = self._fresh(room, wall_s)
        pack = takes_gzip(request)
        wording = self._assets.of(reader(request))
        key = embed, pack, wording.words.language
        body = made.pages.get(key)
        if body is None:
            plain = self._rendered(room, made.document, wording, embed=embed).encode()
            body = made.pages[key] = packed(plain) if pack else plain
        fields = self._page_fields(wording, embed=embed, pack=pack)
        return Reply(fields=fields, body=body, edition=made.edition)

    def closed(self, request: Request, room: Room, *, embed: bool = False) -> Reply:
        """The page of a private space for whoever shows no ticket: it tells nothing of the space.
        Its script may have one, from before it was loaded anew."""
        wording = self._assets.of(reader(request))
        title = html.escape(wording.words.text(_CLOSED))
        text = self._filled(
            wording,
            room.space,
            embed=embed,
            status="private",
            title=title,
            head=f'<title>{title}</title>\n<meta name="robots" content="noindex">',
            still=still.closed(wording.words),
            state="null",
        ).encode()
        pack = takes_gzip(request)
        body = packed(text) if pack else text
        fields = self._page_fields(wording, embed=embed, pack=pack)
        return Reply(status=401, fields=fields, body=body)

    def nowhere(
        self, request: Request, status: int, heading: str, note: str, *, again_s: int | None
    ) -> Reply:
        """A page for an address without a known space; it asks again by itself after `again_s`.
        `heading` and `note` are in English."""
        wording = self._assets.of(reader(request))
        heading, note = (html.escape(wording.words.text(text)) for text in (heading, note))
        again = f'<meta http-equiv="refresh" content="{again_s}">' if again_s else ""
        text = wording.words.markup(
            '<!doctype html><html lang="{{language}}" dir="{{direction}}"><head>'
            '<meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{again}<title>{heading}</title>"
            f'<link rel="stylesheet" href="{wording.prefix}/base.css"></head>'
            f'<body><main class="page"><h1>{heading}</h1>'
            f"<p>{note}</p></main></body></html>"
        )
        fields: Fields = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Language", wording.words.language),
            VARY,
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", _policy(self._studio, framed_by="'none'")),
        )
        if again_s:
            fields = (*fields, ("Retry-After", str(again_s)))
        return Reply(status=status, fields=fields, body=text.encode())

    def robots(self) -> Reply:
        """What programs that gather pages shall leave out (RFC 9309), and where the map is."""
        closed = "".join(f"Disallow: /live/*/{name}\n" for name in _NOT_GATHERED)
        text = f"User-agent: *\n{closed}\nSitemap: {self._studio}/sitemap.xml\n"
        fields: Fields = (
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "public, max-age=3600"),
        )
        return Reply(fields=fields, body=text.encode())

    def file(self, request: Request, name: str) -> Reply:
        """One of the page's files that stand at the root. What a service worker may ask for is
        what the page may."""
        policy = _policy(self._there(), framed_by="'none'")
        fields = (("Content-Security-Policy", policy), *_REFUSED)
        return self._assets.at_root(request, name, fields)

    def needs_kept(self, room: Room) -> bool:
        """Whether it has to be looked up first which files the recording has."""
        state = _state(room)
        made = self._made.get(room.space)
        posted = state.status is Status.POSTED and not state.gone
        return posted and (made is None or made.kept_of != state.receipt_sha256)

    def give_kept(self, room: Room, kept: Kept) -> None:
        """What there is of the recording, which stays the same while its receipt does."""
        made = self._made.setdefault(room.space, _Made())
        made.kept, made.kept_of, made.key = kept, _state(room).receipt_sha256, (-1, -1)

    def _page_fields(self, wording: Wording, *, embed: bool, pack: bool) -> Fields:
        fields: Fields = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Language", wording.words.language),
            ("Cache-Control", "public, max-age=1"),
            VARY,
            (
                "Content-Security-Policy",
                _policy(self._there(), framed_by="*" if embed else "'none'", styles=wording.styles),
            ),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            *_REFUSED,
        )
        return (*fields, ("Content-Encoding", "gzip")) if pack else fields

    def policy(self, *, framed_by: str = "'none'") -> str:
        """What the content of a page may do that has no state."""
        return _policy(self._studio, framed_by=framed_by)

    def _there(self) -> str:
        """Where else the player may have to ask: the studio, a cache in front, other edges."""
        return " ".join(dict.fromkeys((self._studio, *self._others())))

    def _fresh(self, room: Room, wall_s: float) -> _Made:
        made = self._made.setdefault(room.space, _Made())
        key = (room.version, int(wall_s))
        if made.key != key:
            made.key = key
            made.document = json.dumps(
                self._contents(room, made, wall_s), ensure_ascii=False, separators=(",", ":")
            ).encode()
            made.pages.clear()
            made.edition.over = True
            made.edition = Edition(_FRESH_S)
        return made

    def _contents(self, room: Room, made: _Made, wall_s: float) -> dict[str, Any]:
        state = _state(room)
        return {
            "space": state.id,
            "title": state.title,
            "description": state.description,
            "description_html": markup.html(state.description),
            "picture": _picture(state),
            "language": state.language,
            "host": state.host,
            "status": str(state.status),
            "reason": state.reason,
            "starts_at_ms": state.starts_at_ms,
            "now_ms": int(wall_s * 1000),
            "n": room.programme.ring.newest,
            "live_n": state.live_n,
            "live_at_ms": state.live_at_ms,
            "seats": events.seats(state),
            "listening": room.listening,
            "retry_ms": _retry_ms(state),
            "line": self._line(state.id),
            "listeners_max": state.listeners_max or None,
            "ends_at_ms": state.ends_at_ms,
            "guests": state.guests,
            "chat_open": state.chat_open,
            "hands_open": state.hands_open,
            "publishing": str(state.publishing),
            "studio": self._studio,
            "captions": room.news.captions.fresh,
            "gone": state.gone,
            "replay": kept.document(state, made.kept, awaited=room.news.captions.ever),
        }

    def _rendered(self, room: Room, document: bytes, wording: Wording, *, embed: bool) -> str:
        state = _state(room)
        # In a script element only "<" could end it or open a comment; JSON may escape it.
        data = document.decode().replace("<", "\\u003c")
        return self._filled(
            wording,
            state.id,
            embed=embed,
            status=str(state.status),
            title=html.escape(state.title),
            head=card.tags(state, wording.words, listen=self._listen)
            + about.told(state, listen=self._listen, studio=self._studio),
            still=still.written(state, wording.words, self._made[room.space].kept),
            state=data,
        )

    def _filled(
        self,
        wording: Wording,
        space: str,
        *,
        embed: bool,
        status: str,
        title: str,
        head: str,
        still: str,
        state: str,
    ) -> str:
        # What people wrote comes last, so that nothing in it is taken for a placeholder.
        return (
            (wording.embed if embed else wording.page)
            .replace("{{assets}}", wording.prefix)
            .replace("{{space}}", space)
            .replace("{{status}}", status)
            .replace("{{title}}", title)
            .replace("<!--hustings:head-->", head)
            .replace("<!--hustings:still-->", still)
            .replace(
                "<!--hustings:state-->",
                f'<script type="application/json" id="door">{state}</script>',
            )
        )


def _state(room: Room) -> Space:
    assert room.state is not None, "a door is shown of spaces whose state is known"
    return room.state


def _picture(state: Space) -> dict[str, str] | None:
    if not state.picture:
        return None
    return {size: pictures.address(state.picture, size) for size in ("wide", "square")}


def _retry_ms(state: Space) -> int:
    """When to ask again, spread so that a crowd does not ask in step."""
    # After the end the replay is seconds away.
    low = 2_000 if state.status in ON_STAGE or state.status is Status.ENDED else 5_000
    return random.randint(low, 2 * low)  # noqa: S311 - spreads load, guards nothing


def _policy(there: str, *, framed_by: str, styles: str = "") -> str:
    style = f"'self' {styles}".strip()
    return (
        f"default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; "
        f"font-src 'self'; connect-src 'self' {there}; media-src 'self' blob:; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {framed_by}"
    )
