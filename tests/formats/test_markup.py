"""Markdown that people write: what it becomes, and what never comes through."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.formats import markup

_ALLOWED = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre"),
    *("s", "strong", "ul"),
}


class _Tags(HTMLParser):
    """All tags and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_paragraphs_breaks_and_emphasis() -> None:
    """What people write without knowing Markdown looks as they wrote it."""
    made = markup.html("One line\nand the next.\n\n**Bold**, *soft* and ~~gone~~.")
    assert made == (
        "<p>One line<br>\nand the next.</p>\n"
        "<p><strong>Bold</strong>, <em>soft</em> and <s>gone</s>.</p>"
    )


def test_headings_begin_at_the_third_level() -> None:
    """The page's own title stays the first."""
    made = markup.html("# A\n\n## B\n\n### C\n\n#### D\n\n##### E\n\n###### F")
    assert re.findall(r"<(h\d)>", made) == ["h3", "h4", "h5", "h6", "h6", "h6"]
    assert "h1" not in made


def test_links_say_who_wrote_them() -> None:
    """Every link, written out or in running text, is marked as a guest's."""
    made = markup.html(
        "[Ours](https://example.org/a?b=1&c=2) and <mailto:a@example.org>,"
        " see https://example.org/x_(y), or (http://example.org/z)."
    )
    links = [attrs for tag, attrs in _Tags(made).found if tag == "a"]
    assert [one["href"] for one in links] == [
        "https://example.org/a?b=1&c=2",
        "mailto:a@example.org",
        "https://example.org/x_(y)",
        "http://example.org/z",
    ]
    assert {one["rel"] for one in links} == {"nofollow noopener ugc"}


@pytest.mark.parametrize(
    "written",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "[x](//evil.example)",
        "[x](/s/other)",
        "[x](ftp://example.org)",
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        "[x](\tjavascript:alert(1))",
        "[x](&#106;avascript:alert(1))",
    ],
)
def test_no_other_link_leads_anywhere(written: str) -> None:
    """Only http, https and mailto with an address of their own."""
    assert "href" not in markup.html(written)


@pytest.mark.parametrize(
    "written",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://example.org/track.png)",
        "<style>body{display:none}</style>",
        "<a href='https://x.example' onclick='x()'>x</a>",
        "<iframe src=https://x.example></iframe>",
        "```html\n<script>alert(1)</script>\n```",
        '[x](https://example.org "\\"><script>alert(1)</script>")',
        "<!-- <script> --><svg/onload=alert(1)>",
    ],
)
def test_no_tag_of_theirs_comes_through(written: str) -> None:
    """Raw HTML is text; pictures are not shown."""
    for tag, attrs in _Tags(markup.html(written)).found:
        assert tag in _ALLOWED
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "style")]


def test_empty_is_empty() -> None:
    """Nothing makes nothing."""
    assert markup.html("") == markup.html(" \n ") == markup.text("\n") == ""


def test_the_words_alone() -> None:
    """What previews and calendars show."""
    written = (
        "# A *title*\n\nSee [the list](https://example.org) & come,\nplease: `now`.\n\n"
        "- one\n- two\n\n```\ncode\n```\n\n<b>raw</b>"
    )
    assert markup.text(written) == (
        "A title\n\nSee the list & come,\nplease: now.\n\none\ntwo\n\ncode\n\n<b>raw</b>"
    )


def test_deep_nesting_ends() -> None:
    """What is meant to be slow is not."""
    for written in (">" * 4_000, "[" * 4_000, "*" * 4_000, "`" * 4_000, "- " * 2_000):
        assert "<script" not in markup.html(written)


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!#-~\n\\/:; ahtpsjvcriptx=."), max_size=200))
def test_whatever_is_written_is_safe(written: str) -> None:
    """No tag and no attribute but the known ones."""
    for tag, attrs in _Tags(markup.html(written)).found:
        assert tag in _ALLOWED
        assert set(attrs) <= {"href", "title", "rel", "start"}
        if href := attrs.get("href"):
            assert re.match(r"(?i)https?://|mailto:", href)
    markup.text(written)
