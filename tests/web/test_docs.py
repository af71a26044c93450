"""The documentation of the API names every call that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.running import Running

ROOT = Path(__file__).parents[2]


async def test_every_call_is_documented(web: Running) -> None:
    async with web.browser() as client:
        paths = (await client.get("/api/openapi.json")).json()["paths"]
    there_are = {f"{m.upper()} {path}" for path, methods in paths.items() for m in methods}
    text = (ROOT / "docs" / "api.md").read_text()
    assert set(re.findall(r"^\| `([A-Z]+ /api/[^`]+)` \|", text, re.M)) == there_are
