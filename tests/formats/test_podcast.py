"""Podcast feeds: what any text becomes, and ids as the standard's own examples have them."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from hustings.formats.podcast import Enclosure, Feed, Item, Live, Person, guid, render

ANY = st.text(st.characters(codec=None), max_size=40)


def test_ids_of_the_standard() -> None:
    assert guid("https://podnews.net/rss") == "9b024349-ccf0-5f69-a609-6b82873eab3c"
    assert guid("http://mp3s.nashownotes.com/pc20rss.xml/") == (
        "917393e3-1b1e-5cef-ace4-edaa54e1f810"
    )


@given(title=ANY, html=ANY, name=ANY, url=ANY)
def test_any_text(title: str, html: str, name: str, url: str) -> None:
    """What XML can carry comes out as it went in; what it cannot is left out."""
    item = Item(
        guid="g",
        title=title,
        html=html,
        link=url,
        published="",
        author=name,
        enclosure=Enclosure(url=url, mime="audio/mp4", length=1),
        people=(Person(name=name, role="guest"),),
        live=Live(status="live", start="", page=url),
    )
    feed = Feed(
        url="https://example.org/f",
        title=title,
        html=html,
        link=url,
        language="en",
        author=name,
        image=url,
        category="News > Politics",
        built="",
        owner="a@example.org",
        items=(item,),
    )
    channel = ElementTree.fromstring(render(feed))[0]
    assert channel.findtext("title") == _carried(title)
    assert channel.findtext("description") == _carried(html)
    live = channel.find("{https://podcastindex.org/namespace/1.0}liveItem")
    assert live is not None
    assert live.findtext("title") == _carried(title)
    enclosure = live.find("enclosure")
    assert enclosure is not None
    assert enclosure.attrib["url"] == _carried(url)


def _carried(text: str) -> str:
    kept = "".join(
        c
        for c in text
        if c in "\t\n\r" or 0x20 <= ord(c) < 0xD800 or 0xDFFF < ord(c) < 0xFFFE or ord(c) > 0xFFFF
    )
    return kept.replace("\r\n", "\n").replace("\r", "\n")
