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
    "later.js": (
        'import { WORD as it } from "./words.js";\nimport * as chat from "./people/chat.js";\n'
        "export const said = it + chat.CHAT;\nconsole.log(said);\nchat.more();\n"
    ),
    "people/chat.js": (
        'import { word } from "../words.js";\nimport { sign } from "./sign.js";\n'
        "export const CHAT = word() + sign;\nexport async function more() {\n"
        'const { POLL } = await import("./poll.js");\n'
        'console.log(POLL, new URL("a", import.meta.url).href.split("/").at(-2));\n}\n'
    ),
    "people/sign.js": 'export const sign = "!";\n',
    "people/poll.js": 'import { sign as s } from "./sign.js";\nexport const POLL = s;\n',
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
    assert made["people/poll.js"].startswith(
        'import { parts } from "../main.js";\nconst { sign : s } = parts.people_sign;\n'
    )
    assert made["people/chat.js"].startswith('import { parts } from "../main.js";\n')


def test_what_is_furnished_later_is_one_script_too() -> None:
    later = joined.scripts(MODULES)["later.js"]
    assert re.findall(r"^import .*", later, re.MULTILINE) == ['import { parts } from "./main.js";']
    assert later.index("parts.people_sign = ") < later.index("parts.people_chat = ")
    assert "parts.words = " not in later
    assert 'import("./people/poll.js")' in later


def test_what_cannot_be_joined_is_found_when_an_edge_starts() -> None:
    with pytest.raises(AssertionError, match="imports itself"):
        joined.scripts({**MODULES, "words.js": 'import { Ear } from "./ear.js";\n'})
    with pytest.raises(AssertionError, match=r"words\.js says"):
        joined.scripts({**MODULES, "words.js": "export let word = 1;\n"})
    with pytest.raises(AssertionError, match=r"people/sign\.js says"):
        joined.scripts({**MODULES, "people/sign.js": "const s = 1;\nexport { s as sign };\n"})


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs it")
def test_it_says_the_same_as_the_modules(tmp_path: Path) -> None:
    said = []
    for name, files in (("as-written", MODULES), ("joined", MODULES | joined.scripts(MODULES))):
        for file, text in files.items():
            path = tmp_path / name / file.replace(".js", ".mjs")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace('.js"', '.mjs"'))
        run = subprocess.run(
            [
                "node",
                "--input-type=module",
                "-e",
                "import('./main.mjs').then(() => import('./later.mjs'))",
            ],
            cwd=tmp_path / name,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        said.append(run.stdout)
    assert said == ["heard\nheardheard!\n! people\n"] * 2


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
    later = files["later.js"].plain.decode()
    for name in ("door", "people_chat", "people_hand", "people_parts"):
        assert f"parts.{name} = " in later


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
