"""Every text that a person reads, found in the sources: what the catalogues must hold."""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from jinja2.ext import babel_extract

from hustings import words

PACKAGE: Final = Path(words.__file__).parent
TEMPLATES: Final = PACKAGE / "web" / "templates"
SCRIPTS: Final = (PACKAGE / "web" / "static", PACKAGE / "player")
# Whose sentences reach people by pages and problems.
SPEAKING: Final = (
    "web", "space", "talk", "gate",
    "edge/say.py", "edge/door.py", "edge/pages.py", "edge/card.py", "edge/still.py",
    "edge/clip.py", "edge/clips.py", "edge/files.py", "edge/kept.py", "edge/transcript.py",
    "stage/watch.py", "stage/seats.py", "stage/service.py", "supervisor/disk.py",
    "archive/recorder.py", "archive/revising/revision.py",
)  # fmt: skip
_FOR_PROGRAMMERS: Final = frozenset({
    "description", "summary", "help", "examples", "json_schema_extra", "openapi_examples",
})  # fmt: skip
# What describes the API.
_QUIET: Final = frozenset({"specimen.py", "describe.py"})
_SENTENCE: Final = re.compile(r"[A-Z“].* .*[.!?]|[A-Z“].* .*[.!?]”", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """One text: `many` is its plural, or empty."""

    one: str
    many: str = ""


def everything() -> dict[Text, set[str]]:
    """All texts with the files that they stand in."""
    found: dict[Text, set[str]] = {}
    for place, text in (*_templates(), *_scripts(), *_markup(), *_sentences()):
        found.setdefault(text, set()).add(place)
    return found


def catalogue() -> Catalog:
    """The texts as a template for translators."""
    made = Catalog(project="Hustings", version="", charset="utf-8", header_comment="# Hustings")
    for text, places in sorted(everything().items()):
        key = (text.one, text.many) if text.many else text.one
        made.add(key, locations=[(place, 0) for place in sorted(places)])
    return made


def _place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _templates() -> Iterator[tuple[str, Text]]:
    for path in sorted(TEMPLATES.rglob("*.html")):
        options = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}
        options["trimmed"] = "true"
        with io.BytesIO(path.read_bytes()) as file:
            for _, _, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), options):
                if isinstance(message, str):
                    yield _place(path), Text(message)
                elif message:  # nothing: what is asked for is known at run time only
                    forms = [one for one in message if isinstance(one, str)]
                    if forms:
                        yield _place(path), Text(forms[0], forms[1] if len(forms) > 1 else "")


def _scripts() -> Iterator[tuple[str, Text]]:
    for folder in SCRIPTS:
        for path in sorted(folder.rglob("*.js")):
            source = path.read_text()
            for found in words.SCRIPT.finditer(source):
                yield _place(path), Text(_unquoted(found[1]))
            for found in words.SCRIPT_COUNT.finditer(source):
                yield _place(path), Text(_unquoted(found[1]), _unquoted(found[2]))


def _markup() -> Iterator[tuple[str, Text]]:
    for path in sorted((PACKAGE / "player").rglob("*.*")):
        if path.suffix not in (".html", ".webmanifest"):
            continue
        for found in words.MARKUP.finditer(path.read_text()):
            yield _place(path), Text(" ".join(found[1].split()))


def _sentences() -> Iterator[tuple[str, Text]]:
    for station in SPEAKING:
        place = PACKAGE / station
        for path in [place] if place.suffix else sorted(place.rglob("*.py")):
            if "migrations" in path.parts or path.name in _QUIET:
                continue
            tree = ast.parse(path.read_text())
            for text in _texts_of(tree):
                yield _place(path), Text(text)


def _texts_of(tree: ast.Module) -> Iterator[str]:
    quiet = set(_docstrings(tree))
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside.update(ast.walk(node))
            inside.discard(node)
    for node in ast.walk(tree):
        if node in quiet or node in inside:
            continue
        marked = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "mark"
        if marked and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _SENTENCE.fullmatch(node.value):
                yield node.value
        elif isinstance(node, ast.JoinedStr) and _SENTENCE.fullmatch(made := _formatted(node)):
            yield made


def _formatted(node: ast.JoinedStr) -> str:
    """An f-string with its values numbered: `At most {0} characters.`"""
    out, count = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            out += str(part.value)
        else:
            out += f"{{{count}}}"
            count += 1
    return out


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        # What describes a field to programs (OpenAPI) is read by programmers, in English.
        if isinstance(node, ast.keyword) and node.arg in _FOR_PROGRAMMERS:
            yield from ast.walk(node.value)


def _unquoted(text: str) -> str:
    found: str = json.loads(f'"{text}"')
    return found
