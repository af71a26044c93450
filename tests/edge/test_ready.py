"""What is answered at hand is what reading the request would have led to, to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.edge.head import BadHead, block_of, parse
from hustings.edge.ready import Ready
from hustings.edge.reply import Edition, Fields, Reply, render

NOW = 1_900_000_000.5
LINE = b"GET /live/abcdefghij/opus/p7.m4s HTTP/1.1\r\n"
FIELDS = b"Host: a\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\nConnection: keep-alive\r\n\r\n"
ASKED = LINE + FIELDS


def answer(body: bytes = b"sound", *, seconds: float = 10, vary: bool = False) -> Reply:
    fields: Fields = (("Content-Type", "audio/mp4"),)
    if vary:
        fields = (*fields, ("Vary", "Accept-Encoding"))
    return Reply(fields=fields, body=body, edition=Edition(seconds))


def knowing(given_: Reply, asked: bytes = ASKED) -> Ready:
    ready = Ready()
    ready.learn(asked, given_, NOW)
    return ready


def test_the_bytes_are_those_of_the_long_way_at_any_second() -> None:
    given_ = answer()
    ready = knowing(given_)
    for now in (NOW, NOW + 0.4, NOW + 1, NOW + 9):
        expected = render(given_, method="GET", now_s=now, keep_alive=True)
        assert ready.find(ASKED, now) == expected


@pytest.mark.parametrize(
    "asked",
    [
        ASKED.replace(b"GET", b"HEAD"),
        ASKED.replace(b"GET", b"POST"),
        ASKED.replace(b"1.1\r", b"1.0\r"),
        ASKED.replace(b"p7", b"p8"),
        ASKED.replace(b"keep-alive", b"close"),
        ASKED.replace(b"Accept:", b"Range: bytes=0-1\r\nAccept:"),
        ASKED.replace(b"Accept:", b'If-None-Match: "7"\r\nAccept:'),
        ASKED.replace(b"Accept:", b"If-Modified-Since: x\r\nAccept:"),
        ASKED.replace(b"Accept:", b"Authorization: Bearer x\r\nAccept:"),
        ASKED.replace(b"Accept:", b"Content-Length: 0\r\nAccept:"),
        ASKED.replace(b"Accept:", b"Expect: 100-continue\r\nAccept:"),
        ASKED.replace(b"Accept:", b"Upgrade: x\r\nAccept:"),
        ASKED.replace(b"Host: a\r\n", b""),
        ASKED.replace(b"keep-alive", b"keep-alive, x"),
        b"\r\n" + ASKED,
        ASKED + ASKED,
        ASKED + b"G",
        ASKED[:-1],
        LINE,
        b"",
    ],
)
def test_what_differs_is_read(asked: bytes) -> None:
    ready = knowing(answer())
    assert ready.find(asked, NOW) is None
    # Nor is anything learnt from it: what it led to may be due to what is different.
    other = Ready()
    other.learn(asked, answer(b"other"), NOW)
    if asked != ASKED.replace(b"p7", b"p8"):
        assert other.find(asked, NOW) is None
        assert other.find(ASKED, NOW) is None


WORDS = st.sampled_from([
    b"GET ", b"HEAD ", b"/live/abcdefghij/opus/p7.m4s", b" HTTP/1.1", b"\r\n", b"\n", b"\r", b" ",
    b"Host: a", b"Accept: */*", b"Accept-Encoding: gzip, br", b"Connection: keep-alive", b"Range: ",
    b"Content-Length: 0", b"Connection: close", b"x", b":", b"\x00", ASKED, FIELDS, LINE,
])  # fmt: skip


@given(st.lists(WORDS, max_size=12).map(b"".join), st.integers(0, len(ASKED)), st.integers(0, 40))
def test_whatever_is_found_would_have_been_read_as_that(text: bytes, at: int, cut: int) -> None:
    given_ = answer()
    ready = knowing(given_)
    for data in (text, ASKED[:at] + text + ASKED[at + cut :], LINE + text + b"\r\n\r\n"):
        found = ready.find(data, NOW)
        if found is None:
            continue
        parsed = parse(data)
        assert parsed is not None
        request, taken = parsed
        assert taken == len(data)
        assert (request.method, request.minor, request.keep_alive) == ("GET", 1, True)
        assert request.parts == ("live", "abcdefghij", "opus", "p7.m4s")
        assert not request.query
        assert found == render(given_, method="GET", now_s=NOW, keep_alive=True)


@given(st.lists(WORDS, max_size=12).map(b"".join))
def test_what_is_learnt_is_a_whole_plain_request(text: bytes) -> None:
    try:
        parsed = parse(text)
    except BadHead:
        return
    if parsed is None or parsed[1] != len(text):
        return
    ready = Ready()
    ready.learn(text, answer(), NOW)
    if ready.find(text, NOW) is not None:
        assert parsed[0].method == "GET"
        assert parsed[0].keep_alive
        assert {"range", "content-length"}.isdisjoint(parsed[0].headers)


def test_answers_that_vary_are_kept_for_each_coding() -> None:
    plain = ASKED.replace(b"gzip, br", b"identity")
    ready = knowing(answer(b"packed", vary=True))
    assert ready.find(plain, NOW) is None
    ready.learn(plain, answer(b"whole", vary=True), NOW)
    for asked, body in ((ASKED, b"packed"), (plain, b"whole")):
        found = ready.find(asked, NOW)
        assert found is not None
        assert found.endswith(body)


def test_answers_that_vary_in_anything_else_are_not_kept() -> None:
    given_ = Reply(fields=(("vary", "Accept-Encoding, User-Agent"),), edition=Edition(9))
    assert knowing(given_).find(ASKED, NOW) is None


def test_another_program_gets_what_one_has_led_to() -> None:
    """The line is known from one visitor, the fields from another."""
    other = LINE + FIELDS.replace(b"*/*", b"audio/mp4")
    ready = knowing(answer())
    assert ready.find(other, NOW) is None
    ready.learn(other.replace(b"p7", b"p6"), answer(), NOW)
    assert ready.find(other, NOW) is not None


def test_an_edition_ends_when_it_is_over_or_old() -> None:
    given_ = answer(seconds=2)
    ready = knowing(given_)
    assert ready.find(ASKED, NOW + 1.9) is not None
    assert ready.find(ASKED, NOW + 2) is None
    ready.learn(ASKED, given_, NOW + 2)
    assert ready.find(ASKED, NOW + 3) is not None
    assert given_.edition is not None
    given_.edition.over = True
    assert ready.find(ASKED, NOW + 3) is None
    assert len(ready) == 0


def test_what_has_no_edition_or_ends_the_connection_is_not_kept() -> None:
    for given_ in (Reply(body=b"x"), Reply(body=b"x", edition=Edition(1), close=True)):
        assert knowing(given_).find(ASKED, NOW) is None


def test_an_answer_can_be_put_before_anybody_asks() -> None:
    ready = knowing(answer())
    ready.put("/live/abcdefghij/opus/p8.m4s", answer(b"next"), NOW)
    found = ready.find(ASKED.replace(b"p7", b"p8"), NOW)
    assert found is not None
    assert found.endswith(b"next")
    ready.clear()
    assert ready.find(ASKED, NOW) is None


def test_number_and_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READY_COUNT", 8)
    monkeypatch.setattr(limits, "BLOCKS_COUNT", 4)
    ready = Ready()
    for i in range(20):
        ready.learn(ASKED.replace(b"p7", b"p%d" % i), answer(), NOW)
    assert len(ready) == 8
    assert ready.find(ASKED.replace(b"p7", b"p11"), NOW) is None
    assert ready.find(ASKED.replace(b"p7", b"p12"), NOW) is not None
    for i in range(5):
        ready.learn(ASKED.replace(b"*/*", b"%d" % i), answer(), NOW)
    assert ready.find(ASKED, NOW) is None
    monkeypatch.setattr(limits, "READY_BYTES", 32_000)
    for i in range(50):
        ready.put(f"/{i}", answer(bytes(1_500)), NOW)
    assert 0 < ready.bytes <= 32_000
    ready.put("/large", answer(bytes(2_001)), NOW)
    assert len(ready) == 8


def test_long_fields_are_not_remembered() -> None:
    ready = knowing(answer())
    long = ASKED.replace(b"*/*", b"x" * 2_100)
    before = block_of.cache_info().currsize
    ready.learn(long, answer(), NOW)
    assert ready.find(long, NOW) is None
    assert block_of.cache_info().currsize == before


def test_a_page_in_two_languages_is_two_answers() -> None:
    """The language that was chosen counts, not how the browser spelt its wishes."""
    vary = (("Vary", "Accept-Encoding, Accept-Language"),)
    worded = {"de": "Guten Abend", "en": "Good evening"}
    ready = Ready()
    for tag, text in worded.items():
        asked = ASKED.replace(b"Host", f"Accept-Language: {tag}-XX,fr\r\nHost".encode())
        ready.learn(asked, Reply(fields=vary, body=text.encode(), edition=Edition(10)), NOW)
    for tag, text in worded.items():
        asked = ASKED.replace(b"Host", f"Accept-Language: {tag}-XX,fr\r\nHost".encode())
        found = ready.find(asked, NOW)
        assert found is not None
        assert found.endswith(text.encode())
    # Fields that have never been read are not at hand, whatever they wish for.
    assert ready.find(ASKED.replace(b"Host", b"Accept-Language: de\r\nHost"), NOW) is None
    packed = ASKED.replace(b"gzip, br", b"identity")
    assert ready.find(packed, NOW) is None
