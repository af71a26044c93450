"""The API keeps its own description: schemathesis asks every call, and the document is whole.

Seeded and bounded here. By hand, far longer: `HUSTINGS_CONTRACT_CASES=200 pytest tests/web/\
test_contract.py --timeout 7200`, which also adds the phase that covers every keyword of a schema.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema_rs
import pytest

from hustings.web.access.scopes import Scope
from hustings.web.app import application
from tests.web import running
from tests.web.matrix.place import Place, World
from tests.web.matrix.rights import Role

CASES: Final = int(os.environ.get("HUSTINGS_CONTRACT_CASES", "0"))
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
ENDLESS: Final = "/api/spaces/{space_id}/events"  # its answer has no end: test_stream.py
SOUNDS: Final = "/api/sounds"  # schemathesis makes no sounds: tests/web/holding
# After these there is nothing more to ask of the space.
LAST: Final = ("/api/spaces/{space_id}/end", "/api/spaces/{space_id}/cancel")
NAMED: Final = (
    "space_id", "seat", "message", "question", "poll", "pin", "person", "account_id", "case",
    "invitation_id", "series", "hook",
)  # fmt: skip


async def _ask(
    url: str, folder: Path, place: Place, fields: dict[str, str], *, cases: int, last: bool = False
) -> None:
    """Have schemathesis call the API with these fields; its own words if it finds something."""
    named = [f'"path.{name}" = "{place.ids[name]}"' for name in NAMED]
    config = folder / "schemathesis.toml"
    config.write_text("\n".join(["[parameters]", *named, ""]))
    phases = "examples,fuzzing" + (",coverage" if CASES else "")
    if last:
        paths = [("--include-path", path) for path in LAST]
    else:
        paths = [("--exclude-path", path) for path in (ENDLESS, SOUNDS, *LAST)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
        f"{url}/api/openapi.json", "--phases", phases, "--max-examples", str(CASES or cases),
        "--seed", "20", "--checks", ",".join(CHECKS), "--no-color", "--no-shrink",
        "--continue-on-failure", "--generation-database", "none", "--warnings", "off",
        "--suppress-health-check", "all",
        *(part for name in fields for part in ("--header", f"{name}: {fields[name]}")),
        *(part for pair in paths for part in pair),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    told, _ = await process.communicate()
    text = told.decode()
    assert process.returncode == 0, text
    tested = re.search(r"Tested: +(\d+)", text)
    assert tested is not None, text
    assert int(tested[1]) >= (len(LAST) if last else 80), text


@pytest.mark.timeout(300 if not CASES else 7200)
async def test_every_answer_is_a_documented_one(servers: running.Engines, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    async with (
        running.studio(data, servers, fetch_private=True) as web,
        httpx.AsyncClient(base_url=web.url, timeout=10) as client,
    ):
        world = World(web, client)
        place = await world.place()
        await world.close()
        stranger, host = place.fields[Role.STRANGER], place.fields[Role.HOST]
        # An owner's token: what moderators are told is asked for as well.
        token = await world.token(place.fields[Role.OWNER], *Scope)
        for fields, cases in ((stranger, 1), (token, 1), (host, 3)):
            await _ask(web.url, tmp_path, place, fields, cases=cases)
        await _ask(web.url, tmp_path, place, host, cases=2, last=True)


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in application().openapi()["paths"].items():
        for method, call in methods.items():
            yield f"{method.upper()} {path}", call


def test_every_call_says_what_it_is_and_who_may() -> None:
    document = application().openapi()
    assert document["openapi"].startswith("3.1.")
    known = set(document["components"]["securitySchemes"])
    assert known == {"session", "seat", "token", "ticket"}
    wrong = []
    for call, told in _operations():
        ways = told.get("security", [])
        if not (told.get("summary") and told.get("description") and told.get("tags")):
            wrong.append(f"{call}: summary, description or tag")
        if not ways or any(not set(way) <= known for way in ways):
            wrong.append(f"{call}: security")
        if {} not in ways and "401" not in told["responses"]:
            wrong.append(f"{call}: who is nobody gets 401")
    assert not wrong, "\n".join(wrong)


def test_every_body_and_answer_has_an_example_that_is_one() -> None:
    schemas = application().openapi()["components"]
    wrong = []
    for call, told in _operations():
        bodies = [("body", told["requestBody"])] if "requestBody" in told else []
        for where, place in (*bodies, *told["responses"].items()):
            for kind, media in place.get("content", {}).items():
                if kind.startswith(("image/", "audio/")):
                    continue  # a picture's file, a sound's
                given = [media["example"]] if "example" in media else []
                given += [one["value"] for one in media.get("examples", {}).values()]
                if not given:
                    wrong.append(f"{call} {where} {kind}: none")
                if kind.endswith("json"):
                    schema = {**media["schema"], "components": schemas}
                    good = jsonschema_rs.validator_for(schema)
                    wrong += [
                        f"{call} {where}: {error.message}"
                        for example in given
                        for error in good.iter_errors(example)
                    ]
    assert not wrong, "\n".join(wrong)
