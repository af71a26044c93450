"""The rules find what they forbid: each violation is planted in a copy of the tree."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tidy import rules
from tests.tidy.test_tidy import PACKAGE

LONG_BODY = "def long() -> None:\n" + "    print(1)\n" * (rules.BODY_LINES + 1)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, tmp_path / "hustings"))


@pytest.mark.parametrize(
    ("place", "line", "rule"),
    [
        ("chunk.py", "import hustings.log.contract", rules.direction),
        ("edge/planted.py", "from hustings.stage import sdp", rules.direction),
        ("edge/planted.py", "def f():\n    import hustings.web.app", rules.direction),
        ("planted.py", "", rules.direction),
        ("space/decide.py", "import time", rules.purity),
        ("formats/planted.py", "import socket", rules.purity),
        ("archive/planted.py", "import obstore", rules.purity),
        ("edge/planted.py", "import nats", rules.purity),
    ],
)
def test_planted_import_is_found(
    package: Path, place: str, line: str, rule: Callable[[Path], list[str]]
) -> None:
    before = rule(package)
    path = package / place
    old = path.read_text() if path.exists() else ""
    path.write_text(old + "\n" + line + "\n")
    found = [v for v in rule(package) if v not in before]
    assert len(found) == 1
    assert place in found[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("planted.py", "x = 1\n" * (rules.FILE_LINES + 1)),
        ("planted.py", LONG_BODY),
        ("planted.js", "let x;\n" * (rules.SCRIPT_LINES + 1)),
    ],
)
def test_planted_size_is_found(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert len(rules.size(tmp_path)) == 1


def test_docstring_and_comments_do_not_count(tmp_path: Path) -> None:
    text = LONG_BODY.replace("    print(1)\n", '    """\n' + "words\n" * 9 + '    """\n', 1)
    (tmp_path / "planted.py").write_text(text.replace("print(1)\n", "# why\n", 1))
    assert rules.size(tmp_path) == []


def test_headless_module_and_words_are_found(tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_text("x = 1  # TO" + "DO\n")
    (tmp_path / "a.lock").write_text("--index-url https" + "://example.org\n")
    assert len(rules.headed(tmp_path)) == 1
    assert len(rules.words(tmp_path, sorted(tmp_path.iterdir()))) == 3
