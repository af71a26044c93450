"""Reading feeds as others do: by two parsers that tell of every fault, and by the standard's rules.

The rules are those of RSS 2.0, of Apple's guide, and of the podcast namespace 1.0: which elements
and attributes there are, which of them have to be, and what may stand in them.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import feedparser  # type: ignore[import-untyped]
import podcastparser  # type: ignore[import-untyped]

PODCAST: Final = "{https://podcastindex.org/namespace/1.0}"
ITUNES: Final = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
ATOM: Final = "{http://www.w3.org/2005/Atom}"

# By element of the namespace: attributes that have to be, and that may be.
_ATTRIBUTES: Final[dict[str, tuple[set[str], set[str]]]] = {
    "guid": (set(), set()),
    "locked": (set(), {"owner"}),
    "block": (set(), {"id"}),
    "medium": (set(), set()),
    "person": (set(), {"role", "group", "img", "href"}),
    "transcript": ({"url", "type"}, {"language", "rel"}),
    "chapters": ({"url", "type"}, set()),
    "liveItem": ({"status", "start"}, {"end"}),
    "contentLink": ({"href"}, set()),
    "alternateEnclosure": (
        {"type"},
        {"length", "bitrate", "height", "lang", "title", "rel", "codecs", "default"},
    ),
    "source": ({"uri"}, {"contentType"}),
}
_UUID5: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ISO8601: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Read:
    """A feed, read."""

    channel: Element
    episodes: list[dict[str, Any]]  # as podcastparser tells them

    @property
    def live(self) -> list[tuple[str, str]]:
        """Status and title of everything that is sent live."""
        return [
            (item.get("status", ""), item.findtext("title") or "")
            for item in self.channel.findall(f"{PODCAST}liveItem")
        ]

    @property
    def items(self) -> list[Element]:
        """The episodes."""
        return self.channel.findall("item")


def read(data: bytes, url: str) -> Read:
    """The feed, which nobody complains about."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = feedparser.parse(io.BytesIO(data))
        assert told.bozo == 0, told.get("bozo_exception")
        assert told.version == "rss20"
        parsed = podcastparser.parse(url, io.BytesIO(data))
    root = ElementTree.fromstring(data)
    assert root.tag == "rss"
    (channel,) = root.findall("channel")
    _check(channel, url)
    assert len(parsed["episodes"]) == len(channel.findall("item")) == len(told.entries)
    return Read(channel, parsed["episodes"])


def _check(channel: Element, url: str) -> None:
    for name in ("title", "link", "description", "language", f"{ITUNES}author"):
        assert channel.findtext(name), name
    assert channel.findtext(f"{ITUNES}explicit") in ("true", "false")
    assert channel.find(f"{ITUNES}category") is not None
    _absolute(_got(channel, f"{ITUNES}image", "href"))
    assert _got(channel, f"{ATOM}link", "href") == url
    assert _UUID5.fullmatch(channel.findtext(f"{PODCAST}guid") or "")
    parsedate_to_datetime(channel.findtext("lastBuildDate") or "")
    for element in channel.iter():
        if element.tag.startswith(PODCAST):
            needed, may = _ATTRIBUTES[element.tag.removeprefix(PODCAST)]
            assert needed <= set(element.attrib) <= needed | may, element.tag
            assert all(element.attrib.values()), element.tag
    guids = [item.findtext("guid") for item in channel.iter() if item.find("guid") is not None]
    assert len(set(guids)) == len(guids)
    for item in channel.findall("item"):
        _check_item(item)
        assert int(_got(item, "enclosure", "length")) > 0
    for item in channel.findall(f"{PODCAST}liveItem"):
        _check_item(item)
        assert item.get("status") in ("pending", "live", "ended")
        for name in {"start", "end"} & set(item.attrib):
            assert _ISO8601.fullmatch(item.attrib[name])
            datetime.fromisoformat(item.attrib[name])
        links = item.findall(f"{PODCAST}contentLink")
        assert links
        assert all(link.text for link in links)


def _check_item(item: Element) -> None:
    for name in ("title", "description", "guid", "pubDate", "link"):
        assert (item.findtext(name) or "").strip(), name
    assert _got(item, "guid", "isPermaLink") == "false"
    parsedate_to_datetime(item.findtext("pubDate") or "")
    assert re.fullmatch(r"audio/[a-z0-9]+", _got(item, "enclosure", "type"))
    assert _got(item, "enclosure", "length").isdecimal()
    for element in item.iter():
        for name in {"url", "href", "uri"} & set(element.attrib):
            _absolute(element.attrib[name])
    for person in item.findall(f"{PODCAST}person"):
        assert 0 < len(person.text or "") <= 128
        assert person.get("role") in ("host", "guest")
    for one in item.findall(f"{PODCAST}alternateEnclosure"):
        assert one.find(f"{PODCAST}source") is not None


def _got(parent: Element, tag: str, attribute: str) -> str:
    found = parent.find(tag)
    assert found is not None, tag
    return found.attrib[attribute]


def _absolute(address: str) -> None:
    parts = urlsplit(address)
    assert parts.scheme in ("http", "https"), address
    assert parts.netloc, address
