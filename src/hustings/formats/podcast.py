"""Podcast feeds: RSS 2.0 with the tags of iTunes and of the podcast namespace. Pure.

What stands here and why is in the RSS 2.0 specification (rssboard.org), Apple's "A podcaster's
guide to RSS", and the podcast namespace 1.0 (podcastindex.org/namespace/1.0): `guid`, `locked`,
`person`, `transcript`, `chapters`, `liveItem` with `contentLink`, `alternateEnclosure`, `medium`.

Times come as texts: `published` and `built` as RFC 2822 writes them, `start` and `end` as ISO 8601.
Texts are any; what XML cannot carry (section 2.2) is left out, everything else is escaped.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

MIME: Final = "application/rss+xml; charset=utf-8"
PERSON_CHARS: Final = 128  # longer names are cut by those who gather feeds

_NAMESPACES: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
_PODCAST: Final = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Status = Literal["pending", "live", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is heard. `role` is one of the Podcast Taxonomy's, group "cast"."""

    name: str
    role: Literal["host", "guest"]
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file or a stream; of a stream nobody knows the length, which is 0 then."""

    url: str
    mime: str
    length: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A transcript in one form; `captions` says that it has times."""

    url: str
    mime: str
    language: str = ""
    captions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """That an item is sent live: how it stands, and when. `page` is where it is heard as well."""

    status: Status
    start: str
    end: str = ""
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An episode, or with `live` something that is sent live. `guid` never changes; `html` is the
    description, `image` a square picture."""

    guid: str
    title: str
    html: str
    link: str
    published: str
    author: str
    enclosure: Enclosure
    others: tuple[Enclosure, ...] = ()
    image: str = ""
    people: tuple[Person, ...] = ()
    transcripts: tuple[Transcript, ...] = ()
    chapters: str = ""
    seconds: int = 0
    live: Live | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A podcast. `url` is the feed's own address, `category` "One" or "One > Within it"; an `owner`
    is an e-mail address, which also locks the feed; a `hidden` one stands in no directory."""

    url: str
    title: str
    html: str
    link: str
    language: str
    author: str
    image: str
    category: str
    built: str
    owner: str = ""
    hidden: bool = False
    people: tuple[Person, ...] = ()
    items: tuple[Item, ...] = ()


def guid(url: str) -> str:
    """The podcast's own id, a UUIDv5 of its address without scheme and slashes at the end."""
    return str(uuid.uuid5(_PODCAST, url.partition("://")[2].rstrip("/")))


def render(feed: Feed) -> bytes:
    """The feed."""
    names = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<rss version="2.0"{names}>',
        "<channel>",
        *_channel(feed),
        *(line for item in feed.items for line in _item(item)),
        "</channel>",
        "</rss>",
    ]
    return "\n".join(lines).encode() + b"\n"


def _channel(feed: Feed) -> Iterable[str]:
    yield _tag("title", feed.title)
    yield _tag("link", feed.link)
    yield _tag("description", feed.html)
    yield _tag("language", feed.language)
    yield _tag("generator", "Hustings")
    yield _tag("lastBuildDate", feed.built)
    yield _empty("atom:link", href=feed.url, rel="self", type=MIME.partition(";")[0])
    yield "<image>"
    yield _tag("url", feed.image)
    yield _tag("title", feed.title)
    yield _tag("link", feed.link)
    yield "</image>"
    yield _empty("itunes:image", href=feed.image)
    yield _tag("itunes:author", feed.author)
    yield _tag("itunes:explicit", "false")
    yield _tag("itunes:type", "episodic")
    outer, _, inner = (part.strip() for part in feed.category.partition(">"))
    if inner:
        yield f"<itunes:category text={_quoted(outer)}>"
        yield _empty("itunes:category", text=inner)
        yield "</itunes:category>"
    elif outer:
        yield _empty("itunes:category", text=outer)
    if feed.owner:
        yield "<itunes:owner>"
        yield _tag("itunes:name", feed.author)
        yield _tag("itunes:email", feed.owner)
        yield "</itunes:owner>"
        yield _tag("podcast:locked", "yes", owner=feed.owner)
    else:
        yield _tag("podcast:locked", "no")
    if feed.hidden:
        yield _tag("itunes:block", "Yes")
        yield _tag("podcast:block", "yes")
    yield _tag("podcast:guid", guid(feed.url))
    yield _tag("podcast:medium", "podcast")
    yield from _people(feed.people)


def _item(item: Item) -> Iterable[str]:
    live = item.live
    if live is not None:
        ends = {"end": live.end} if live.end else {}
        yield _open("podcast:liveItem", status=live.status, start=live.start, **ends)
    else:
        yield "<item>"
    yield _tag("title", item.title)
    yield _tag("link", item.link)
    yield _tag("guid", item.guid, isPermaLink="false")
    yield _tag("pubDate", item.published)
    yield _tag("description", item.html)
    yield _empty("enclosure", url=item.enclosure.url, length=str(item.enclosure.length),
                 type=item.enclosure.mime)  # fmt: skip
    for one in item.others:
        yield _alternate(one)
    yield _tag("itunes:author", item.author)
    yield _tag("itunes:explicit", "false")
    if item.image:
        yield _empty("itunes:image", href=item.image)
    if item.seconds:
        yield _tag("itunes:duration", str(item.seconds))
    yield from _people(item.people)
    for form in item.transcripts:
        language = {"language": form.language} if form.language else {}
        rel = {"rel": "captions"} if form.captions else {}
        yield _empty("podcast:transcript", url=form.url, type=form.mime, **language, **rel)
    if item.chapters:
        yield _empty("podcast:chapters", url=item.chapters, type="application/json+chapters")
    if live is not None:
        yield _tag("podcast:contentLink", item.title, href=live.page)
        yield "</podcast:liveItem>"
    else:
        yield "</item>"


def _alternate(one: Enclosure) -> str:
    length = {"length": str(one.length)} if one.length else {}
    title = {"title": one.title} if one.title else {}
    source = _empty("podcast:source", uri=one.url)
    opened = _open("podcast:alternateEnclosure", type=one.mime, **length, **title)
    return f"{opened}{source}</podcast:alternateEnclosure>"


def _people(people: Iterable[Person]) -> Iterable[str]:
    for person in people:
        href = {"href": person.href} if person.href else {}
        name = person.name[:PERSON_CHARS]
        yield _tag("podcast:person", name, role=person.role, group="cast", **href)


def _tag(name: str, text: str, **attributes: str) -> str:
    return f"{_open(name, **attributes)}{escape(_legal(text))}</{name}>"


def _open(name: str, **attributes: str) -> str:
    return f"<{name}{_given(attributes)}>"


def _empty(name: str, **attributes: str) -> str:
    return f"<{name}{_given(attributes)}/>"


def _given(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={_quoted(value)}" for name, value in attributes.items())


def _quoted(value: str) -> str:
    return quoteattr(_legal(value))


def _legal(text: str) -> str:
    """`text` without what XML 1.0 has no place for, and with one kind of line break."""
    return _NO_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
