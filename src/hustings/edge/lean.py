"""The player's files without what only people read: comments and indentation. Pure.

The files are written for their readers and served to telephones. Nothing is renamed, and
every statement keeps its line, so what is served can still be read and debugged; blanks around
signs go. The rules are as simple as the files allow: no string holds a comment's beginning (but for
`://`), no template literal or attribute runs over several lines, and a division has blanks around
it, which a regular expression never begins with. `tests/edge/test_lean.py` checks that.
"""

from __future__ import annotations

import re
from typing import Final

_BLOCK: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
# After a line's beginning or a blank; a quote behind it would mean that it stands in a string.
_LINE: Final = re.compile(r"(?:^|(?<=\s))//[^\n\"'`]*$", re.MULTILINE)
_WHOLE_LINE: Final = re.compile(r"^\s*//.*$", re.MULTILINE)
# Strings, template literals and regular expressions, which stay as they are.
_KEPT: Final = re.compile(
    r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\\n]|\\.)*`"""
    r"""|/(?![*/ ])(?:[^/\\\n]|\\.)+/[a-z]*)"""
)
_SIGN: Final = re.compile(r" ?(=>|[=!]==|&&|\|\||\?\?=?|[-+]?=|[<>]=?|[{}:?,;*]) ?")
_MARKUP: Final = re.compile(r"<!--(?!hustings:).*?-->", re.DOTALL)
_TIGHT: Final = re.compile(r"\s*([{};,])\s*")
_ZERO: Final = re.compile(r"(?<![\w.])0\.(?=\d)")
_BLANKS: Final = re.compile(r"\s+")


def script(text: str) -> str:
    """A JavaScript module, statement for statement."""
    bare = _LINE.sub("", _WHOLE_LINE.sub("", _BLOCK.sub("", text)))
    parts = _KEPT.split(_lines(bare))
    return "".join(part if n % 2 else _SIGN.sub(r"\1", part) for n, part in enumerate(parts))


def sheet(text: str) -> str:
    """A style sheet, rule for rule."""
    bare = _BLANKS.sub(" ", _BLOCK.sub("", text)).strip()
    bare = _TIGHT.sub(r"\1", bare).replace(": ", ":").replace(";}", "}")
    return _ZERO.sub(".", bare) + "\n"


def markup(text: str) -> str:
    """An HTML document; its placeholders, which look like comments, stay."""
    return _lines(_MARKUP.sub("", text))


def _lines(text: str) -> str:
    return "".join(f"{line}\n" for raw in text.splitlines() if (line := raw.strip()))
