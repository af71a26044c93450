"""Tickets: what is signed verifies, what is not does not."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import jwt
import msgspec
import pytest

from hustings import keys, limits, ticket
from hustings.errors import BadInput

TICKET = ticket.Ticket(
    space="abcdefghij", seat="s1", name="Ann", role="host", scope=ticket.Scope.SPEAK, exp=1_000
)


@pytest.fixture
def ring(tmp_path: Path) -> keys.Keys:
    return keys.ensure(tmp_path)


def test_round_trip(ring: keys.Keys) -> None:
    token = ticket.sign(TICKET, private_key=ring.ticket_private())
    assert ticket.verify(token, public_key=ring.ticket_public(), now=999) == TICKET


def test_expired(ring: keys.Keys) -> None:
    token = ticket.sign(TICKET, private_key=ring.ticket_private())
    with pytest.raises(BadInput, match="not expired"):
        ticket.verify(token, public_key=ring.ticket_public(), now=1_000)


def forged(ring: keys.Keys) -> list[str]:
    good = ticket.sign(TICKET, private_key=ring.ticket_private())
    head, claims, signature = good.split(".")
    claims_json = json.loads(base64.urlsafe_b64decode(claims + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**claims_json, "seat": "s2"}).encode())
    none = jwt.encode(claims_json, "", algorithm="none")
    foreign = jwt.encode({**claims_json, "iss": "other"}, ring.ticket_private(), algorithm="EdDSA")
    short = {k: v for k, v in claims_json.items() if k != "seat"}
    return [
        "",
        "a.b.c",
        good[:-4],
        f"{head}.{other.decode().rstrip('=')}.{signature}",
        none,
        foreign,
        jwt.encode(short, ring.ticket_private(), algorithm="EdDSA"),
        "x" * (limits.TICKET_BYTES + 1),
    ]


def test_forgeries_are_refused(ring: keys.Keys) -> None:
    for token in forged(ring):
        with pytest.raises(BadInput, match="ticket"):
            ticket.verify(token, public_key=ring.ticket_public(), now=0)


def test_another_installation_is_refused(ring: keys.Keys, tmp_path: Path) -> None:
    other = keys.ensure(tmp_path / "other")
    token = ticket.sign(TICKET, private_key=other.ticket_private())
    with pytest.raises(BadInput):
        ticket.verify(token, public_key=ring.ticket_public(), now=0)


def test_a_changed_scope_is_refused(ring: keys.Keys) -> None:
    listen = msgspec.structs.replace(TICKET, scope=ticket.Scope.LISTEN)
    assert (
        ticket.verify(
            ticket.sign(listen, private_key=ring.ticket_private()),
            public_key=ring.ticket_public(),
            now=0,
        ).scope
        is ticket.Scope.LISTEN
    )


def test_who_talks_is_in_the_ticket(ring: keys.Keys) -> None:
    talk = msgspec.structs.replace(TICKET, scope=ticket.Scope.TALK, seat="", person="g-eve")
    token = ticket.sign(talk, private_key=ring.ticket_private())
    assert ticket.verify(token, public_key=ring.ticket_public(), now=0) == talk


def test_a_ticket_of_an_earlier_version_names_no_person(ring: keys.Keys) -> None:
    claims = {**msgspec.to_builtins(TICKET), "exp": 10}
    del claims["person"]
    token = jwt.encode(claims, ring.ticket_private(), algorithm=ticket.ALGORITHM)
    assert ticket.verify(token, public_key=ring.ticket_public(), now=0).person == ""


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    first = keys.ensure(tmp_path)
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    keys.ensure(tmp_path)
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before
    assert len(before) == 8
    assert first.folder.stat().st_mode & 0o777 == 0o700
    for path in first.folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert set(first.nats_passwords()) == set(keys.ROLES)
