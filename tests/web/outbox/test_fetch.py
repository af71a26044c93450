"""Posting to addresses that others gave: nothing inside our network is reached by it."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from hustings.errors import BadInput
from hustings.web.outbox.fetch import Fetch, public
from tests.web.outbox.receiver import receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
        "ff02::1", "fec0::1", "64:ff9b::a00:1", "::ffff:10.0.0.1", "2002:7f00:1::", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "https://", "https://user:secret@example.org/", "no address",
        "https://example.org/\nHost: other", "https://example.org:99999/", "file:///etc/passwd",
        "http://example.org/",
    ],
)  # fmt: skip
def test_addresses_that_nothing_is_posted_to(url: str) -> None:
    with pytest.raises(BadInput):
        Fetch(private=False).checked(url)


async def test_a_name_that_leads_inside_is_not_followed() -> None:
    async with receiver() as found:
        for url in (found.url, found.url.replace("127.0.0.1", "localhost")):
            answer = await Fetch(private=False).post(url, body=b"{}", headers={})
            assert answer.status == 0
            assert "public internet" in answer.reason
        assert found.came.empty()


async def test_a_post_arrives_and_redirects_are_not_followed() -> None:
    async with receiver() as found:
        found.statuses = [204, 302]
        fetch = Fetch(private=True)
        answer = await fetch.post(f"{found.url}/a?b=1", body=b"hello", headers={"X-One": "1"})
        assert answer.taken
        came = await found.next()
        assert (came.target, came.body, came.headers["x-one"]) == ("/a?b=1", b"hello", "1")
        answer = await fetch.post(found.url, body=b"", headers={})
        assert (answer.status, answer.taken) == (302, False)


async def test_the_certificates_that_are_trusted_are_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading them takes as long as hundreds of posts, and nothing else runs meanwhile."""
    made: list[ssl.SSLContext] = []
    make = httpx.create_ssl_context

    def counted(**options: Any) -> ssl.SSLContext:
        made.append(make(**options))
        return made[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", counted)
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", _only(made))
    async with receiver() as found:
        fetch = Fetch(private=True)
        for _ in range(3):
            assert (await fetch.post(found.url, body=b"", headers={})).taken
    assert len(made) == 1


def _only(made: list[ssl.SSLContext]) -> Any:
    def given(verify: object, **_options: Any) -> ssl.SSLContext:
        assert made
        assert verify is made[0], "a client reads the certificates anew"
        return made[0]

    return given


async def test_nobody_there_is_an_answer_too() -> None:
    answer = await Fetch(private=True).post("http://127.0.0.1:9/", body=b"", headers={})
    assert (answer.status, answer.taken) == (0, False)
    assert answer.reason
