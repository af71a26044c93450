"""The tree obeys the rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.tidy import rules

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "hustings"
FOLDERS = (ROOT / "src", ROOT / "tests", ROOT / "bench")


def tracked() -> list[Path]:
    """Every file that is part of the repository, or would be after `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def test_imports_go_down_only() -> None:
    assert rules.direction(PACKAGE) == []


def test_pure_files_are_pure_and_libraries_are_wrapped() -> None:
    assert rules.purity(PACKAGE) == []


def test_files_and_functions_are_short() -> None:
    assert rules.size(*FOLDERS) == []


def test_every_module_says_what_it_is() -> None:
    assert rules.headed(*FOLDERS) == []


def test_names_and_words() -> None:
    assert rules.words(ROOT, tracked()) == []
