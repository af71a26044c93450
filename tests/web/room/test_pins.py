"""Pins: posts and links above the chat, and links that are none."""

from __future__ import annotations

import pytest

from hustings import limits
from tests.web.room.crowd import opened
from tests.web.running import Running, is_problem


async def test_a_link_is_pinned_and_taken_off(web: Running) -> None:
    async with web.host() as host:
        path = f"/api/spaces/{await opened(host)}/pins"
        made = await host.post(path, json={"text": "The plan", "url": "https://example.org/plan"})
        assert made.status_code == 201, made.text
        [pin] = made.json()["pins"]
        assert (pin["text"], pin["url"]) == ("The plan", "https://example.org/plan")
        assert (await host.delete(f"{path}/{pin['id']}")).json()["pins"] == []
        is_problem(await host.delete(f"{path}/{pin['id']}"), 409, "missing")
        for number in range(limits.PINS_COUNT):
            assert (await host.post(path, json={"text": f"{number}"})).status_code == 201
        is_problem(await host.post(path, json={"text": "One more"}), 409, "full")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "example.org",
        "https://",
        "https://a b",
        'https://a"onclick=',
        "https://" + "x" * limits.LINK_CHARS,
    ],
)
async def test_links_that_are_none(web: Running, url: str) -> None:
    async with web.host() as host:
        path = f"/api/spaces/{await opened(host)}/pins"
        is_problem(await host.post(path, json={"text": "Click", "url": url}), 422, "value")
