"""Heads are read strictly, and nothing that comes in can do more than be refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.edge.head import METHODS, BadHead, parse

GOOD = b"GET /s/ab12?codec=aac&from=1 HTTP/1.1\r\nHost: a\r\nX-Y:  z \r\n\r\n"


def test_a_request_is_read() -> None:
    parsed = parse(GOOD + b"GET")
    assert parsed is not None
    request, taken = parsed
    assert taken == len(GOOD)
    assert (request.method, request.parts, request.path) == ("GET", ("s", "ab12"), "/s/ab12")
    assert request.query == {"codec": "aac", "from": "1"}
    assert request.headers == {"host": "a", "x-y": "z"}
    assert request.keep_alive


@pytest.mark.parametrize("cut", range(len(GOOD) - 1))
def test_an_unfinished_head_waits(cut: int) -> None:
    assert parse(GOOD[:cut]) is None


@pytest.mark.parametrize(
    ("text", "keep_alive"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, Close\r\n\r\n", False),
        (b"\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET http://a:8001/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_other_forms_are_read(text: bytes, keep_alive: bool) -> None:
    parsed = parse(text)
    assert parsed is not None
    assert parsed[1] == len(text)
    assert parsed[0].keep_alive is keep_alive


def test_path_and_query_are_decoded() -> None:
    parsed = parse(b"GET /a%2Fb/%C3%A9?q=1&q=2&e= HTTP/1.1\r\nHost: a\r\n\r\n")
    assert parsed is not None
    assert parsed[0].parts == ("a/b", "é")
    assert parsed[0].query == {"q": "1", "e": ""}


def fields(*lines: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
        (fields(b"Host: a", b"Host: b"), 400),
        (fields(b"Host: a", b"Transfer-Encoding: chunked"), 400),
        (fields(b"Host: a", b"Transfer-Encoding : chunked"), 400),
        (fields(b"Host: a", b"Content-Length: 3", b"Transfer-Encoding: x"), 400),
        (fields(b"Host: a", b"Content-Length: 3", b"Content-Length: 0"), 400),
        (fields(b"Host: a", b"Content-Length: +0"), 400),
        (fields(b"Host: a", b"Content-Length: 0, 3"), 400),
        (fields(b"Host: a", b"Content-Length: 3"), 413),
        (fields(b"Host: a", b" folded: line"), 400),
        (fields(b"Host: a", b"no colon"), 400),
        (fields(b"Host: a", b"x\x00y: z"), 400),
        (fields(b"Host: a", b"x: a\rb"), 400),
        (fields(b"Host: a", b"x: a\nb: c"), 400),
        (fields(b"Host: a", *[b"x: y"] * limits.HEAD_FIELDS_COUNT), 431),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        (b"GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /# HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /%0d%0a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET /" + b"x" * limits.TARGET_BYTES + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"\x16\x03\x01\x02", 400),  # TLS, spoken to a plain port
        (b"x" * (limits.HEAD_BYTES + 1), 431),
    ],
)
def test_what_could_be_understood_in_two_ways_is_refused(text: bytes, status: int) -> None:
    with pytest.raises(BadHead) as caught:
        parse(text)
    assert caught.value.status == status


ALPHABET = st.sampled_from([
    b"GET", b"HEAD", b"POST", b" ", b"/", b"/s/a", b"?a=b", b"%", b"%00", b"HTTP/1.1", b"HTTP/1.0",
    b"\r\n", b"\r", b"\n", b":", b"Host: a", b"Content-Length: 5", b"Transfer-Encoding: chunked",
    b"Connection: close", b"\x00", b"\xff", b"x", b"\t",
])  # fmt: skip


@given(st.one_of(st.binary(max_size=300), st.lists(ALPHABET, max_size=24).map(b"".join)))
def test_anything_is_a_request_or_refused_or_waits(data: bytes) -> None:
    refused = 400
    parsed = None
    try:
        parsed = parse(data)
    except BadHead as error:
        refused = error.status
    assert refused in {400, 405, 413, 414, 417, 431, 505}
    if parsed is not None:
        request, taken = parsed
        assert 0 < taken <= len(data)
        assert data[:taken].endswith(b"\r\n\r\n")
        assert request.method in METHODS
        assert "transfer-encoding" not in request.headers


@given(st.lists(ALPHABET, max_size=16).map(b"".join), st.integers(0, 400))
def test_where_packets_are_cut_makes_no_difference(data: bytes, cut: int) -> None:
    """What is refused early would also have been refused whole; what is read is the same."""
    whole = GOOD + data
    assert parse(whole) == parse(GOOD)
    try:
        early = parse(data[:cut])
    except BadHead:
        with pytest.raises(BadHead):
            parse(data + b"\r\n\r\n")
        return
    if early is not None:
        assert parse(data) == early
