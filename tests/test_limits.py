"""Every limit has a reason beside it, and stands with it in the documentation.

`python -m tests.test_limits` writes `docs/limits.md` anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from hustings import limits

DOC = Path(__file__).parents[1] / "docs" / "limits.md"
HEAD = """# Limits

Everything has a limit, with its unit in its name and its reason beside it. They are constants of
the program (`src/hustings/limits/`); what an operator sets is in [settings](settings.md).
"""


def _source() -> str:
    """All declarations, in the order in which a space meets them."""
    folder = Path(limits.__file__).parent
    names = ("spaces", "live", "listening", "recording", "studio")
    assert {path.stem for path in folder.glob("*.py")} == {"__init__", *names}
    return "".join((folder / f"{name}.py").read_text() for name in names)


def table() -> str:
    """The limits as tables of Markdown, by the headings of the source."""
    out = [HEAD]
    for line in _source().splitlines():
        if found := re.fullmatch(r"# --- (.+?) -+", line):
            out.append(
                f"\n## {found[1].capitalize()}\n\n| limit | value | reason |\n|---|---|---|\n"
            )
        elif found := re.fullmatch(r"([A-Z_]+): Final = (.+?)  # (.+)", line):
            out.append(f"| `{found[1]}` | `{found[2]}` | {found[3]} |\n")
    return "".join(out)


def test_every_limit_has_a_reason() -> None:
    source = _source()
    declared = re.findall(r"^([A-Z_]+): Final = (.+?)(?:  # (.+))?$", source, re.M)
    assert {name for name, _, _ in declared} == {n for n in dir(limits) if n.isupper()}
    assert [name for name, _, reason in declared if not reason] == []
    assert len({name for name, _, _ in declared}) == len(declared), "one name, one limit"


def test_every_limit_is_documented() -> None:
    assert DOC.read_text() == table()


if __name__ == "__main__":
    DOC.write_text(table())
