"""What is served says the same as what was written, without its comments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hustings.edge import lean
from hustings.edge.assets import FOLDER

SCRIPTS = sorted(FOLDER.rglob("*.js"))
SHEETS = sorted(FOLDER.rglob("*.css"))
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\\n]|\\.)*`")


def test_comments_and_indentation_go_and_nothing_else() -> None:
    text = (
        "/** Head. */\n"
        'import { a } from "./a.js"; // why\n'
        "\n"
        "const url = `https://${a}/x`; // https://a\n"
        '  // a whole line\'s "comment"\n'
        "/**\n * @param {string} b\n */\n"
        "  function f(b) {\n"
        "    return /** @type {any} */ (b) / 2; // it's half\n"
        "  }\n"
    )
    assert lean.script(text) == (
        'import{a}from "./a.js";\n'
        "const url=`https://${a}/x`;\n"
        "function f(b){\n"
        "return  (b) / 2;// it's half\n"
        "}\n"
    )


def test_a_sheet_keeps_its_rules() -> None:
    text = (
        "/* page */\n:root {\n  --ink: #111;\n  margin: 0 auto;\n}\n\na, b:hover { color: red; }\n"
    )
    assert lean.sheet(text) == ":root{--ink:#111;margin:0 auto}a,b:hover{color:red}\n"


def test_placeholders_stay_in_the_page() -> None:
    text = "<head>\n  <!--hustings:head-->\n  <!-- why -->\n  <b>x</b>\n</head>\n"
    assert lean.markup(text) == "<head>\n<!--hustings:head-->\n<b>x</b>\n</head>\n"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_string_of_a_script_survives(path: Path) -> None:
    """Also shows that the scripts keep the rules on which the stripping relies."""
    text = path.read_text()
    bare = re.sub(r"/\*.*?\*/", "", re.sub(r"^\s*//.*$", "", text, flags=re.M), flags=re.S)
    bare = re.sub(r"(?<=\s)//[^\n\"'`]*$", "", bare, flags=re.M)
    for string in _STRING.findall(bare):
        assert "/*" not in string, "a string that begins a comment"
        assert not re.search(r"(?<!:)//", string), "a string that begins a comment"
        assert string in lean.script(text)
    assert all(line.count("`") % 2 == 0 for line in bare.splitlines()), "a template over lines"


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_every_rule_of_a_sheet_survives(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    assert lean.sheet(text).count("{") == text.count("{")
    for declaration in re.findall(r"[\w-]+:\s+[^;{}]+(?=;)", text):
        name, _, value = declaration.partition(":")
        tight = re.sub(r",\s+", ",", re.sub(r"\s+", " ", value.strip())).replace(": ", ":")
        tight = re.sub(r"(?<![\w.])0\.", ".", tight)  # 0.5 is .5
        assert f"{name}:{tight}" in lean.sheet(text)
