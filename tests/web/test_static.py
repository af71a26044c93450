"""Static files: packed for whoever takes that, and asked for again only by their tag."""

from __future__ import annotations

import pytest

from hustings.web.app import BASE_CSS
from tests.web.running import Running


@pytest.mark.parametrize("name", ["base.css", "studio.css", "en/stage.js", "t.js"])
async def test_static_files_are_packed(web: Running, name: str) -> None:
    async with web.browser() as anybody:
        plain = await anybody.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
        packed = await anybody.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["vary"]
        assert packed.text == plain.text
        known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}
        assert (await anybody.get(f"/static/{name}", headers=known)).status_code == 304


async def test_pages_and_answers_are_not_packed(web: Running) -> None:
    async with web.browser() as anybody:
        for address in ("/", "/api/spaces", "/healthz"):
            answer = await anybody.get(address, headers={"Accept-Encoding": "gzip"})
            assert "content-encoding" not in answer.headers, address


async def test_both_origins_speak_with_the_same_module(web: Running) -> None:
    """Names that run the other way do not turn the words beside them, here or there."""
    own = (BASE_CSS.parent / "t.js").read_text()
    async with web.browser() as anybody:
        for place in ("", "en/", "de/"):
            assert (await anybody.get(f"/static/{place}t.js")).text == own
