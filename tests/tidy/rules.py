"""The rules themselves: functions from a source tree to a list of violations.

They take the tree as an argument, so that `test_rules.py` can plant violations in a copy and see
them found. A rule that is wrong is changed here, with its reason; nothing is ever exempted.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FILE_LINES: Final = 400
BODY_LINES: Final = 50
SCRIPT_LINES: Final = 300

# Lower layers first. A module may import its own unit and units of lower layers. Units of one
# layer never import each other, but for those that stand in `WITHIN`.
LAYERS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"limits", "errors"}),
    frozenset(
        {"config", "extra", "keys", "process", "certificate", "connection", "pin", "turn", "words"}
    ),
    frozenset(
        {
            "address",
            "caption",
            "clock",
            "chunk",
            "crowd",
            "load",
            "quota",
            "signal",
            "space",
            "stem",
            "talk",
            "ticket",
        }
    ),
    frozenset({"audio", "formats"}),
    frozenset({"log", "store"}),
    frozenset({"role"}),
    frozenset({"stage", "gate", "edge", "archive", "captions", "web"}),
    frozenset({"run", "drills", "supervisor"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
WITHIN: Final = {
    "errors": {"limits"},
    "config": {"keys", "turn"},
    "keys": {"config"},
    "pin": {"config"},
    "certificate": {"config"},
    "chunk": {"clock"},
    "stem": {"clock"},
    "space": {"clock"},
    "signal": {"ticket"},
    "supervisor": {"run"},
    "drills": {"run"},
}

# What has no business in a file that only computes: everything that waits, reads a clock, throws
# dice or touches the outside. `now` is an argument there.
PURE: Final = frozenset({
    "address", "clock", "chunk", "stem", "space", "talk", "ticket", "signal", "crowd", "limits",
    "errors", "load", "quota",
    "formats", "caption", "captions/draft", "captions/lag", "captions/pace",
    "drills/load_plan", "drills/load_playout", "drills/load_reading", "drills/load_report",
    "log/subjects", "edge/admission", "edge/events", "edge/forms", "edge/head", "edge/line",
    "edge/places", "edge/addresses", "edge/incoming", "edge/ready", "edge/reply", "edge/ring",
    "edge/visitors", "stage/candidate", "stage/fragment", "stage/framing", "stage/sdp",
    "stage/rtp", "stage/rtcp", "stage/reception", "stage/room", "store/reel", "turn",
})  # fmt: skip
IMPURE_MODULES: Final = frozenset({
    "asyncio", "nats", "socket", "select", "selectors", "time", "random", "secrets", "threading",
    "subprocess", "os", "pathlib", "datetime",
})  # fmt: skip

# One file wraps each foreign library that reaches into the outside or into C.
WRAPPED: Final = {
    "obstore": {"store/objects.py"},
    "nats": {"log/connection.py"},
    "pylibsrtp": {"stage/srtp.py"},
    "OpenSSL": {"stage/dtls.py"},
    "ctypes": {"audio/denoise.py", "audio/opus.py", "process.py"},
    "argon2": {"web/passwords.py"},
    "PIL": {"archive/clips/ink.py", "archive/cover.py", "web/agenda/pictures.py"},
    "aiortc": {"drills/speaker.py"},
    "onnxruntime": {"captions/moonshine.py"},
    "faster_whisper": {"captions/whisper.py"},
    "earshot": {"captions/voice.py"},
}


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: `unit` is its top-level name in the package, `place` its path there."""

    path: Path
    place: str
    unit: str
    text: str


def modules(package: Path) -> list[Module]:
    """All modules of the package folder."""
    found = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).as_posix()
        text = path.read_text()
        unit = place.split("/", 1)[0].removesuffix(".py")
        found.append(Module(path, place, unit, text))
    return found


@cache
def imports(text: str) -> list[tuple[int, str]]:
    """Line and dotted name of everything a module imports, deferred imports included."""
    found = []
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import of {node.module}"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def direction(package: Path) -> list[str]:
    """Imports that go up, or sideways between stations; and units that no layer knows."""
    layer_of = {unit: i for i, layer in enumerate(LAYERS) for unit in layer}
    out = []
    for module in modules(package):
        if module.unit == "__init__":
            continue
        if module.unit not in layer_of:
            out.append(f"{module.place}: {module.unit} stands in no layer")
            continue
        for line, name in imports(module.text):
            parts = name.split(".")
            if parts[0] != "hustings" or len(parts) < 2:
                continue
            unit = parts[1]
            if unit in (module.unit, "__version__"):
                continue
            ours, theirs = layer_of[module.unit], layer_of.get(unit, len(LAYERS))
            if theirs > ours or (theirs == ours and unit not in WITHIN.get(module.unit, set())):
                out.append(f"{module.place}:{line}: {module.unit} must not import {unit}")
    return out


def purity(package: Path) -> list[str]:
    """Impure imports in pure files, and foreign libraries outside the file that wraps them."""
    out = []
    for module in modules(package):
        place = module.place.removesuffix(".py")
        pure = module.unit in PURE or place in PURE
        for line, name in imports(module.text):
            top = name.split(".")[0]
            if pure and top in IMPURE_MODULES:
                out.append(f"{module.place}:{line}: pure, must not import {top}")
            if top in WRAPPED and module.place not in WRAPPED[top]:
                out.append(f"{module.place}:{line}: {top} is wrapped by {sorted(WRAPPED[top])}")
    return out


def size(*folders: Path) -> list[str]:
    """Files over 400 lines, function bodies over 50 lines of code, scripts over 300 lines."""
    out = []
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text()
            lines = text.count("\n")
            if lines > FILE_LINES:
                out.append(f"{path}: {lines} lines, at most {FILE_LINES}")
            out += _bodies(path, text)
        for path in sorted(folder.rglob("*.js")):
            lines = path.read_text().count("\n")
            if lines > SCRIPT_LINES:
                out.append(f"{path}: {lines} lines, at most {SCRIPT_LINES}")
    return out


def headed(*folders: Path) -> list[str]:
    """Modules whose first line does not say what they are."""
    return [
        f"{path}: no docstring says what this module is"
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        if not ast.get_docstring(_parsed(path.read_text()))
    ]


def words(root: Path, files: list[Path]) -> list[str]:
    """File names that say nothing, and text that must not be in the repository."""
    forbidden = re.compile(r"\b(?:TODO|FIXME|XXX)\b|/work/|/root/")
    vague = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
    out = []
    for path in files:
        if path.suffix == ".py" and path.stem in vague:
            out.append(f"{path}: the name says nothing")
        if path.suffix in {".py", ".js", ".css", ".html", ".md", ".toml"} and path.name not in (
            "rules.py",
            "test_rules.py",
        ):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if found := forbidden.search(line):
                    out.append(f"{path.relative_to(root)}:{number}: {found[0]!r}")
        if path.name.endswith(".lock") and "://" in path.read_text():
            out.append(f"{path}: a lock file holds no address")
    return out


@cache
def _parsed(text: str) -> ast.Module:
    # The tree is read by every rule, and again for each violation that is planted.
    return ast.parse(text)


def _bodies(path: Path, text: str) -> Iterator[str]:
    code = _code_lines(text)
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                body = body[1:]
            if not body:
                continue
            assert body[-1].end_lineno is not None
            inside = code.intersection(range(body[0].lineno, body[-1].end_lineno + 1))
            if len(inside) > BODY_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {len(inside)} lines of code"


def _code_lines(text: str) -> set[int]:
    skipped = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENDMARKER,
    }  # fmt: skip
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines
