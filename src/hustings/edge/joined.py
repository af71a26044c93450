"""What a page needs at once, in as few requests as there can be: one script, and its style. Pure.

On a telephone's line a request costs a round trip, and one on a new connection two, whatever its
size. So the modules that the first one imports are served within it, each in a function of its own,
statement for statement. Whoever imports one of them later takes those same objects from there; in
the module's own place stands a line that leads to them. The style sheets stand in the page, allowed
by their digest (Content Security Policy Level 3, section 8.4).

What the first modules may say is little: named imports from files beside them, and exports of a
class, a function or a constant where it is declared. They do not import each other in a circle.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Final

FIRST: Final = "main.js"
# The page for a visit without a network has these and no others: they are served as they are.
_APART: Final = frozenset({"offline.js", "sw.js", "t.js"})

_IMPORT: Final = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:class|const|function) (\w+))", re.MULTILINE)
_OTHER: Final = re.compile(r"^(?:import\b(?! ?\()|export\b)", re.MULTILINE)
_RENAMED: Final = re.compile(r"\bas\b")
_PRELOAD: Final = re.compile(r'<link rel="modulepreload" href="[^"]*">\n?')
_SHEET: Final = re.compile(r'<link rel="stylesheet" href="\{\{assets\}\}/([\w-]+\.css)">\n?')
_FROM: Final = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"(\.\.?)/([\w-]+\.js)";\n', re.MULTILINE)
_PARTS: Final = "parts"


def scripts(modules: Mapping[str, str]) -> dict[str, str]:
    """What is served in the place of `FIRST`, of the modules that it imports, and of those that
    import one of these, by name.

    `modules` are scripts by name, without comments.
    """
    if FIRST not in modules:
        return {}
    made, exported = [f"const {_PARTS} = {{}};\n"], {}
    *before, first = _in_order(modules, FIRST, ())
    for name in before:
        body, names = _inside(modules[name], name)
        exported[name] = names
        made.append(
            f"{_PARTS}.{_key(name)} = (() => {{\n{body}return {{ {', '.join(names)} }};\n}})();\n"
        )
    body = _IMPORT.sub(_taken, modules[first])
    # Not waited for here: what it loads meanwhile imports this very file.
    made.append(f"export {{ {_PARTS} }};\n(async () => {{\n{body}}})();\n")
    served = {
        name: f'import {{ {_PARTS} }} from "./{FIRST}";\n'
        f"export const {{ {', '.join(names)} }} = {_PARTS}.{_key(name)};\n"
        for name, names in exported.items()
        if name not in _APART
    }
    others = {
        name: _leading(text, name, exported)
        for name, text in modules.items()
        if name not in {*exported, FIRST, *_APART}
    }
    return {FIRST: "".join(made), **served, **others}


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


def _in_order(modules: Mapping[str, str], name: str, above: tuple[str, ...]) -> list[str]:
    """The module and all that it imports, what is imported first."""
    assert name not in above, f"{name} imports itself by way of {above}"
    order: list[str] = []
    for found in _IMPORT.finditer(modules[name]):
        for one in _in_order(modules, f"{found[2]}.js", (*above, name)):
            if one not in order:
                order.append(one)
    return [*order, name]


def _inside(text: str, name: str) -> tuple[str, list[str]]:
    """A module as the body of a function, and what it exports."""
    names = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub(_taken, text))
    assert not _OTHER.search(body), f"{name} says what cannot be joined"
    return body, names


def _leading(text: str, name: str, exported: Mapping[str, object]) -> str:
    """A module that takes from `FIRST` what is there: each file less is a round trip less."""
    up = "/".join([".."] * name.count("/")) or "."

    def taken(found: re.Match[str]) -> str:
        if found[2] != up or found[3] not in exported:
            return found[0]
        return f"const {{{_RENAMED.sub(':', found[1])}}} = {_PARTS}.{_key(found[3])};\n"

    changed = _FROM.sub(taken, text)
    if changed == text:
        return text
    return f'import {{ {_PARTS} }} from "{up}/{FIRST}";\n{changed}'


def _taken(found: re.Match[str]) -> str:
    assert not _RENAMED.search(found[1]), f"an import from {found[2]}.js is renamed"
    return f"const {{{found[1]}}} = {_PARTS}.{_key(found[2])};\n"


def _key(name: str) -> str:
    return name.removesuffix(".js").replace("-", "_")
