"""What people write about themselves and their spaces: Markdown to safe HTML or plain text. Pure.

CommonMark without raw HTML and without pictures. Line breaks stay, addresses become links, headings
begin at the third level because the page has its own first two. A link may lead to http, https and
mailto only, and says to machines that a guest of the house wrote it. What `markdown-it-py` makes is
cleaned once more by `nh3`: a fault in the one must not be enough.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hustings import limits

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_REL: Final = "nofollow noopener ugc"
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_TAGS: Final = frozenset({
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "ul",
})  # fmt: skip
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_HEADINGS: Final = {"h1": "h3", "h2": "h4", "h3": "h5"}
_ABSOLUTE: Final = re.compile(r"(?:https?://[^/\s]|mailto:[^/\s])", re.IGNORECASE)
# An address in running text; what ends a sentence or a bracket around it does not belong to it.
_ADDRESS: Final = re.compile(
    r"\bhttps?://(?:[^\s<>\"()]|\([^\s<>\"()]*\))+(?<![.,;:!?'\]}*_…])", re.IGNORECASE
)
_BLANKS: Final = re.compile(r"\n{3,}")


@lru_cache(maxsize=limits.MARKUPS_COUNT)
def html(markdown: str) -> str:
    """Markdown as HTML that may stand in a page of ours; empty when there is nothing to see."""
    if not markdown.strip():
        return ""
    import nh3

    made: str = _parser().render(markdown)
    return nh3.clean(
        made,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel=_REL,
    ).strip()


@lru_cache(maxsize=limits.MARKUPS_COUNT)
def text(markdown: str) -> str:
    """The words alone: a line for a line, an empty line between blocks; links as their text."""
    if not markdown.strip():
        return ""
    lines: list[str] = []
    for token in _parser().parse(markdown):
        if token.type == "inline":
            lines.append("".join(_words(one) for one in token.children or ()))
        elif token.type in ("fence", "code_block"):
            lines += [token.content.rstrip("\n"), ""]
        elif token.type.endswith("_close") and token.level == 0:
            lines.append("")
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()


def _words(token: Token) -> str:
    return "\n" if token.type in ("softbreak", "hardbreak") else token.content


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Not at the module's head: it weighs four megabytes, and most processes never render any.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.disable(["image", "html_inline", "html_block"])
    parser.enable("strikethrough")
    parser.validateLink = _allowed  # type: ignore[method-assign]
    parser.core.ruler.push("demote", _demote)
    parser.core.ruler.push("addresses", _addresses)
    return parser


def _allowed(url: str) -> bool:
    return _ABSOLUTE.match(url.strip()) is not None


def _demote(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = _HEADINGS.get(token.tag, "h6")


def _addresses(state: StateCore) -> None:
    """Make links of the addresses in running text."""
    for block in state.tokens:
        if block.type != "inline" or "://" not in block.content:
            continue
        made: list[Token] = []
        inside = 0
        for token in block.children or ():
            inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            made += [token] if inside or token.type != "text" else _linked(token)
        block.children = made


def _linked(written: Token) -> list[Token]:
    kind = type(written)
    out: list[Token] = []
    at = 0
    for found in _ADDRESS.finditer(written.content):
        if found.start() > at:
            out.append(kind("text", "", 0, content=written.content[at : found.start()]))
        address = found.group()
        out.append(kind("link_open", "a", 1, attrs={"href": address}))
        out.append(kind("text", "", 0, content=address))
        out.append(kind("link_close", "a", -1))
        at = found.end()
    if at < len(written.content):
        out.append(kind("text", "", 0, content=written.content[at:]))
    return out
