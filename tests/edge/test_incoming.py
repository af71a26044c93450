"""Requests are taken whole, with their bodies, wherever packets are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.edge.head import BadHead
from hustings.edge.incoming import Incoming

POST = b"POST /say HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


def incoming(*, proxied: bool = False) -> Incoming:
    return Incoming("192.0.2.9", proxied=proxied)


@given(st.lists(st.integers(0, len(POST + GET + POST)), max_size=6))
def test_packets_may_be_cut_anywhere(cuts: list[int]) -> None:
    text = POST + GET + POST
    bounds = sorted({0, *cuts, len(text)})
    got = []
    one = incoming()
    for low, high in itertools.pairwise(bounds):
        one.put(text[low:high])
        while (request := one.take()) is not None:
            got.append((request.method, request.body))
    assert got == [("POST", b"hello"), ("GET", b""), ("POST", b"hello")]
    assert not one.begun


def test_only_what_came_by_itself_is_told_whole() -> None:
    one = incoming()
    wholes = []
    for data in (GET, GET + GET, POST, GET):
        one.put(data)
        while one.take() is not None:
            wholes.append(one.whole)
    assert wholes == [GET, None, GET, None, GET]


def test_who_expects_to_be_told_is_told_once() -> None:
    one = incoming()
    text = POST.replace(b"Host", b"Expect: 100-continue\r\nHost")
    expected = []
    for data in (text[:20], text[20:-5], b"h", b"ell"):
        one.put(data)
        assert one.take() is None
        expected.append(one.expected)
    assert expected == [False, True, False, False]
    one.put(b"o")
    request = one.take()
    assert request is not None
    assert request.body == b"hello"


def test_who_sends_it_at_once_needs_not_be_told() -> None:
    one = incoming()
    one.put(POST.replace(b"Host", b"Expect: 100-continue\r\nHost"))
    assert one.take() is not None
    assert not one.expected


@pytest.mark.parametrize(
    ("fields", "proxied", "address"),
    [
        (b"", False, "192.0.2.9"),
        (b"", True, "192.0.2.9"),
        (b"X-Forwarded-For: 198.51.100.7\r\n", False, "192.0.2.9"),
        (b"X-Forwarded-For: 198.51.100.7\r\n", True, "198.51.100.7"),
        (b"X-Forwarded-For: 10.0.0.1, 198.51.100.7\r\n", True, "198.51.100.7"),
        (b"X-Forwarded-For: a\r\nX-Forwarded-For: 2001:DB8::1\r\n", True, "2001:db8::1"),
        (b"X-Forwarded-For: 198.51.100.7, unknown\r\n", True, "192.0.2.9"),
    ],
)
def test_only_a_proxy_is_believed(fields: bytes, proxied: bool, address: str) -> None:
    one = incoming(proxied=proxied)
    one.put(GET.replace(b"Host", fields + b"Host"))
    request = one.take()
    assert request is not None
    assert request.address == address
    assert request.user_agent == ""


def test_a_body_is_as_long_as_it_may_be_and_no_longer() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %b\r\n\r\n"
    one = incoming()
    one.put(head % (b"%08d" % limits.BODY_BYTES) + bytes(limits.BODY_BYTES))
    request = one.take()
    assert request is not None
    assert len(request.body) == limits.BODY_BYTES
    for length in (b"%d" % (limits.BODY_BYTES + 1), b"9" * 5_000):
        one = incoming()
        one.put(head % length)
        with pytest.raises(BadHead) as caught:
            one.take()
        assert caught.value.status == 413
