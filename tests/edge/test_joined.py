"""The first modules as one script, and the page with its style in it."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hustings.edge import joined
from hustings.edge.assets import Assets
from tests.edge.house import SPACE, house

MODULES = {
    "main.js": 'import { Ear } from "./ear.js";\nconst ear = new Ear();\nconsole.log(ear.says);\n',
    "ear.js": 'import { word } from "./words.js";\nexport class Ear {\nsays = word();\n}\n',
    "words.js": 'export const WORD = "heard";\nexport function word() {\nreturn WORD;\n}\n',
    "later.js": 'import { WORD as it } from "./words.js";\nexport const said = it;\n',
    "people/chat.js": 'import { word } from "../words.js";\nexport const chat = word();\n',
    "sw.js": "self.skipWaiting();\n",
}


def test_what_is_imported_first_stands_first() -> None:
    made = joined.scripts(MODULES)
    first = made["main.js"]
    assert first.index("parts.words") < first.index("parts.ear") < first.index("new Ear")
    assert "import" not in first.replace("import(", "")
    assert "sw.js" not in made


def test_whoever_imports_one_later_takes_it_from_there() -> None:
    made = joined.scripts(MODULES)
    assert made["words.js"] == (
        'import { parts } from "./main.js";\nexport const { WORD, word } = parts.words;\n'
    )
    assert made["later.js"].startswith(
        'import { parts } from "./main.js";\nconst { WORD : it } = parts.words;\n'
    )
    assert made["people/chat.js"].startswith('import { parts } from "../main.js";\n')


def test_what_cannot_be_joined_is_found_when_an_edge_starts() -> None:
    with pytest.raises(AssertionError, match="imports itself"):
        joined.scripts({**MODULES, "words.js": 'import { Ear } from "./ear.js";\n'})
    with pytest.raises(AssertionError, match=r"words\.js says"):
        joined.scripts({**MODULES, "words.js": "export let word = 1;\n"})
    with pytest.raises(AssertionError, match="renamed"):
        joined.scripts({**MODULES, "ear.js": 'import { word as w } from "./words.js";\n'})


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs it")
def test_it_says_the_same_as_the_modules(tmp_path: Path) -> None:
    said = []
    for name, files in (("as-written", MODULES), ("joined", MODULES | joined.scripts(MODULES))):
        for file, text in files.items():
            path = tmp_path / name / file.replace(".js", ".mjs")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace('.js"', '.mjs"'))
        run = subprocess.run(
            ["node", "--input-type=module", "-e", "import('./main.mjs')"],
            cwd=tmp_path / name,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        said.append(run.stdout)
    assert said == ["heard\n", "heard\n"]


def test_styles_stand_in_the_page_and_their_digest_beside_it() -> None:
    sheets = {"a.css": "p{margin:0}\n", "b.css": "i{color:red}\n"}
    text = (
        '<link rel="icon" href="{{assets}}/i.svg">\n'
        '<link rel="stylesheet" href="{{assets}}/a.css">\n'
        '<link rel="stylesheet" href="{{assets}}/b.css">\n'
        '<link rel="modulepreload" href="{{assets}}/x.js">\n<p>{{title}}</p>\n'
    )
    page, allowed = joined.page(text, sheets)
    assert page == (
        '<link rel="icon" href="{{assets}}/i.svg">\n'
        "<style>p{margin:0}\ni{color:red}\n</style>\n<p>{{title}}</p>\n"
    )
    digest = hashlib.sha256(b"p{margin:0}\ni{color:red}\n").digest()
    assert allowed == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert joined.page("<p></p>", sheets) == ("<p></p>", "")


def test_the_player_is_joined() -> None:
    files = Assets()._wordings["en"].files
    first = files["main.js"].plain.decode()
    for name in ("ear", "page", "words", "source"):
        assert f"parts.{name} = " in first
        assert len(files[f"{name}.js"].plain) < 200


@pytest.mark.parametrize("address", [f"/s/{SPACE}", f"/s/{SPACE}/embed"])
async def test_the_policy_allows_the_style_of_the_page(tmp_path: Path, address: str) -> None:
    async with house(tmp_path) as h:
        await h.schedule()
        answer = await h.get(address)
    style = re.findall(r"<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
    assert len(style) == 1
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = answer.fields["content-security-policy"]
    assert f"'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy
