"""ICE-lite: correct checks are recognised and answered; nothing else is."""

from __future__ import annotations

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from hustings import limits
from hustings.errors import BadInput
from hustings.stage import ice
from hustings.stage.ice import Credentials
from tests.stage.peers import unhurried

OURS = Credentials("ours", "a-password-of-22-chars!")


def request(
    attributes: dict[str, object] | None = None,
    *,
    username: str = "ours:them",
    pwd: str = OURS.pwd,
) -> stun.Message:
    """A binding request as a full agent sends it."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes.update(attributes or {})
    message.add_message_integrity(pwd.encode())
    return message


def test_a_check_is_verified_and_answered() -> None:
    message = request({"ICE-CONTROLLING": 5, "USE-CANDIDATE": None})
    check = ice.parse(bytes(message))
    assert (check.ours, check.theirs, check.nominates) == ("ours", "them", True)
    assert ice.verified(check, ours=OURS, theirs="them")
    answer = stun.parse_message(ice.response(check, address=("192.0.2.1", 4711), ours=OURS))
    assert answer.message_class == stun.Class.RESPONSE
    assert answer.transaction_id == message.transaction_id
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("192.0.2.1", 4711)
    assert answer.check_message_integrity(OURS.pwd.encode())
    assert "FINGERPRINT" in answer.attributes


def test_an_ipv6_address_is_answered() -> None:
    check = ice.parse(bytes(request()))
    answer = stun.parse_message(ice.response(check, address=("2001:db8::1", 9), ours=OURS))
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::1", 9)
    assert not check.nominates


def test_who_takes_us_for_the_controlling_side_is_told() -> None:
    check = ice.parse(bytes(request({"ICE-CONTROLLED": 5})))
    answer = stun.parse_message(ice.response(check, address=("192.0.2.1", 1), ours=OURS))
    assert answer.message_class == stun.Class.ERROR
    assert answer.attributes["ERROR-CODE"][0] == 487


@pytest.mark.parametrize(
    "message",
    [
        request(pwd="another-password-of-22"),
        request(username="ours:somebody"),
        request(username="other:them"),
        request(username="ours:them:x"),
    ],
)
def test_other_credentials_do_not_pass(message: stun.Message) -> None:
    assert not ice.verified(ice.parse(bytes(message)), ours=OURS, theirs="them")


def without(name: str) -> bytes:
    """A request that lacks one attribute."""
    message = request()
    del message.attributes[name]
    return bytes(message)


@pytest.mark.parametrize(
    "datagram",
    [
        without("USERNAME"),
        without("MESSAGE-INTEGRITY"),
        without("FINGERPRINT"),
        bytes(request(username="nocolon")),
        bytes(request())[:-1],
        bytes(request())[:4] + b"\x00\x00\x00\x00" + bytes(request())[8:],
        bytes(stun.Message(stun.Method.BINDING, stun.Class.INDICATION)),
        bytes(stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)),
        bytes(stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST)),
        bytes(request({"SOFTWARE": "x" * limits.STUN_BYTES})),
    ],
    ids=lambda datagram: f"{len(datagram)}-bytes",
)
def test_what_is_no_check_is_bad_input(datagram: bytes) -> None:
    with pytest.raises(BadInput, match="STUN"):
        ice.parse(datagram)


@unhurried
@given(st.binary(max_size=200))
def test_noise_is_bad_input(body: bytes) -> None:
    head = b"\x00\x01" + len(body).to_bytes(2, "big") + ice._COOKIE + bytes(12)
    for datagram in (body, head + body):
        with pytest.raises(BadInput):
            ice.parse(datagram)


@unhurried
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_check_never_passes(at: int, mask: int) -> None:
    datagram = bytearray(bytes(request()))
    # The last attribute, the fingerprint, is a checksum that authenticates nothing.
    datagram[at % (len(datagram) - 8)] ^= mask
    try:
        check = ice.parse(bytes(datagram))
    except BadInput:
        return
    assert not ice.verified(check, ours=OURS, theirs="them")


def test_credentials_are_fresh_and_long_enough() -> None:
    one, two = ice.fresh_credentials(), ice.fresh_credentials()
    assert one != two
    assert len(one.ufrag) >= 4
    assert len(one.pwd) >= 22
