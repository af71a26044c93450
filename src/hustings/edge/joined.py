"""What a page needs at once, in as few requests as there can be: scripts, and its style. Pure.

On a telephone's line a request costs a round trip, and one on a new connection two, whatever its
size; and modules that import modules come one behind the other. So what the `GROUPS` import is
served within them, each module in a function of its own, statement for statement: first what a
visitor sees and hears by, then all that is furnished after it. Whoever imports one of them later
takes those same objects from there; in the module's own place stands a line that leads to them. The
style sheets stand in the page, allowed by their digest (Content Security Policy Level 3, 8.4).

What these modules may say is little: imports of names, or of a whole module, from files of ours,
and exports of a class, a function or a constant where it is declared. They do not import each other
in a circle.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Final

FIRST: Final = "main.js"
# Each group has what its first one imports and no group before it has. The first group loads the
# second, so that whatever is loaded later finds the parts of both; the third is what a recording
# needs, which nobody loads who listens live.
GROUPS: Final = (FIRST, "later.js", "posted.js")
# The page for a visit without a network and that of a clip have of these and no others: they are
# served as they are.
_APART: Final = frozenset({"clip.js", "offline.js", "sw.js", "t.js"})

_IMPORT: Final = re.compile(
    r'^import\s*(?:\{([^}]*)\}|\*\s*as\s+(\w+))\s*from\s*"(\.\.?/[\w/.-]+\.js)";\n', re.MULTILINE
)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:class|const|function) (\w+))", re.MULTILINE)
_OTHER: Final = re.compile(r"^(?:import\b(?! ?\()|export\b)", re.MULTILINE)
_RENAMED: Final = re.compile(r"\bas\b")
_LATER: Final = re.compile(r"\bimport\(([\"`])\./")
_PRELOAD: Final = re.compile(r'<link rel="modulepreload" href="[^"]*">\n?')
_SHEET: Final = re.compile(r'<link rel="stylesheet" href="\{\{assets\}\}/([\w-]+\.css)">\n?')
_PARTS: Final = "parts"


def scripts(modules: Mapping[str, str]) -> dict[str, str]:
    """What is served in the place of `GROUPS`, of the modules that they import, and of those that
    import one of these, by name.

    `modules` are scripts by name, without comments.
    """
    if FIRST not in modules:
        return {}
    served: dict[str, str] = {}
    exported: dict[str, list[str]] = {}
    for group in GROUPS:
        if group in modules:
            served[group] = _joined(modules, group, exported)
    served |= {
        name: _line(name, FIRST) + f"export const {{ {', '.join(names)} }} = {_part(name)};\n"
        for name, names in exported.items()
        if name not in {*_APART, *GROUPS}
    }
    others = {
        name: _leading(text, name, exported)
        for name, text in modules.items()
        if name not in {*served, *_APART}
    }
    return {**served, **others}


def page(text: str, sheets: Mapping[str, str]) -> tuple[str, str]:
    """A page with its style in it, and the source expression that allows this style."""
    style = "".join(sheets[name] for name in _SHEET.findall(text))
    if not style:
        return text, ""
    text = _PRELOAD.sub("", text)
    first = _SHEET.search(text)
    assert first is not None
    rest = _SHEET.sub("", text[first.end() :])
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"{text[: first.start()]}<style>{style}</style>\n{rest}", f"'sha256-{digest}'"


def _joined(modules: Mapping[str, str], group: str, exported: dict[str, list[str]]) -> str:
    """A group as one script; `exported` is what the modules of those before it export, and then of
    this one's."""
    made = [f"const {_PARTS} = {{}};\n" if group == FIRST else _line(group, FIRST)]
    *before, last = _in_order(modules, group, ())
    for name in before:
        if name in exported:
            continue
        body, names = _inside(modules[name], name, group)
        exported[name] = names
        made.append(f"{_part(name)} = (() => {{\n{body}return {{ {', '.join(names)} }};\n}})();\n")
    body = _taken(modules[last], last)
    if group == FIRST:
        # Not waited for here: what it loads meanwhile imports this very file.
        made.append(f"export {{ {_PARTS} }};\n(async () => {{\n{body}}})();\n")
    else:
        made.append(body)
    return "".join(made)


def _in_order(modules: Mapping[str, str], name: str, above: tuple[str, ...]) -> list[str]:
    """The module and all that it imports, what is imported first."""
    assert name not in above, f"{name} imports itself by way of {above}"
    order: list[str] = []
    for imported in _imports(modules[name], name):
        for one in _in_order(modules, imported, (*above, name)):
            if one not in order:
                order.append(one)
    return [*order, name]


def _imports(text: str, name: str) -> Iterator[str]:
    """Names of the modules that one imports."""
    for found in _IMPORT.finditer(text):
        yield _there(name, found[3])


def _there(name: str, address: str) -> str:
    """The name of the module that another one finds at an address."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


def _inside(text: str, name: str, group: str) -> tuple[str, list[str]]:
    """A module as the body of a function, and what it exports."""
    names = _EXPORT.findall(text)
    body = _EXPORT.sub("", _taken(text, name))
    assert not _OTHER.search(body), f"{name} says what cannot be joined"
    assert 'import("../' not in body, f"{name}: what is loaded later is named from ./ on"
    # Addresses are seen from where the group stands.
    if folder := posixpath.dirname(name):
        body = _LATER.sub(rf"import(\1./{folder}/", body)
        body = body.replace("import.meta.url", f'new URL("{name}", import.meta.url)')
    return body, names


def _leading(text: str, name: str, exported: Mapping[str, object]) -> str:
    """A module that takes what is there from the parts: each file less is a round trip less."""
    if not any(imported in exported for imported in _imports(text, name)):
        return text
    return _line(name, FIRST) + _taken(text, name, exported)


def _taken(text: str, name: str, exported: Mapping[str, object] | None = None) -> str:
    """A module in which what it imports comes from the parts; all of it, or what is `exported`."""

    def taken(found: re.Match[str]) -> str:
        names, whole, address = found.groups()
        there = _there(name, address)
        if exported is not None and there not in exported:
            return found[0]
        if whole:
            return f"const {whole} = {_part(there)};\n"
        return f"const {{{_RENAMED.sub(':', names)}}} = {_part(there)};\n"

    return _IMPORT.sub(taken, text)


def _line(name: str, there: str) -> str:
    """How a module gets the parts."""
    up = "/".join([".."] * name.count("/")) or "."
    return f'import {{ {_PARTS} }} from "{up}/{there}";\n'


def _part(name: str) -> str:
    key = name.removesuffix(".js").replace("-", "_").replace("/", "_")
    return f"{_PARTS}.{key}"
