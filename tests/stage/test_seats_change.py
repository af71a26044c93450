"""A seat's session is changed by WHIP's PATCH: candidates are acknowledged, ICE is restarted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aioice import stun

from hustings import signal
from hustings.stage import fragment
from hustings.stage.endpoint import Endpoint
from hustings.stage.ice import Credentials
from tests.peers import Peer, until
from tests.stage.peers import running
from tests.stage.test_seats import TONE, House, ticket

PWD = "a+new+password+of+22+chars"
CANDIDATE = "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """An endpoint on a free port."""
    async with running() as opened:
        yield opened


def patch(house: House, match: str, text: str, *, seat: str = "ann") -> signal.Answer:
    session = house.answers[-1].session
    return house.seats.change(
        signal.Patch(ticket=ticket(seat), session=session, match=match, fragment=text)
    )


def restarting(ufrag: str) -> str:
    return f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{PWD}\r\n{CANDIDATE}"


async def checked(endpoint: Endpoint, ours: Credentials, theirs: str, sock: socket.socket) -> bool:
    """Whether a check with these credentials is answered."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ours.ufrag}:{theirs}"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 7
    message.add_message_integrity(ours.pwd.encode())
    loop = asyncio.get_running_loop()
    await loop.sock_sendto(sock, bytes(message), ("127.0.0.1", endpoint.port))
    try:
        async with asyncio.timeout(0.2):
            answer = stun.parse_message(await loop.sock_recv(sock, 2048))
    except TimeoutError:
        return False
    return answer.message_class is stun.Class.RESPONSE


async def test_candidates_are_acknowledged_for_the_newest_etag_only(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann", "bob")
    async with Peer(TONE, house.exchange("ann")):
        etag = house.answers[-1].etag
        answer = patch(house, f'"{etag}"', CANDIDATE)
        assert (answer.status, answer.etag) == (204, etag)
        assert patch(house, "", CANDIDATE).status == 428
        assert patch(house, '"other"', CANDIDATE).status == 412
        malformed = patch(house, f'"{etag}"', "a=candidate:nonsense\r\n")
        assert (malformed.status, malformed.code) == (422, "fragment")
        assert "a=candidate" in malformed.detail
        assert patch(house, f'"{etag}"', restarting("new1")).status == 422
        assert patch(house, "*", CANDIDATE, seat="bob").status == 404, "another's session"


@pytest.mark.parametrize("match", ["*", '"*"'])
async def test_a_restart_takes_effect_with_the_first_check(endpoint: Endpoint, match: str) -> None:
    house = House(endpoint, "ann")
    async with Peer(TONE, house.exchange("ann")):
        await until(lambda: house.packets.get("ann", 0) > 5)
        [transport] = endpoint.transports
        [old] = transport.ice
        answer = patch(house, match, restarting("new1"))
        ours = fragment.parse(answer.sdp).credentials
        assert answer.status == 200
        assert answer.etag not in ("", old.tag)
        assert ours is not None
        assert ours != old.ours
        assert patch(house, f'"{old.tag}"', CANDIDATE).status == 412
        assert patch(house, f'"{answer.etag}"', CANDIDATE).status == 204
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            # Both are valid until the new one is used; one whose answer was lost is forgotten.
            assert await checked(endpoint, old.ours, old.theirs, sock)
            again = fragment.parse(patch(house, match, restarting("new2")).sdp).credentials
            assert again is not None
            assert not await checked(endpoint, ours, "new1", sock)
            assert not await checked(endpoint, again, "new1", sock)
            assert await checked(endpoint, old.ours, old.theirs, sock)
            assert await checked(endpoint, again, "new2", sock)
            assert not await checked(endpoint, old.ours, old.theirs, sock)
        # Keys and sound know nothing of it.
        before = house.packets["ann"]
        await until(lambda: house.packets["ann"] > before + 10)
        assert house.told == [("ann", "joined 5")]
        transport.close()
        assert not endpoint._sessions, "nothing is left behind"


async def test_a_restart_needs_new_credentials(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann")
    async with Peer(TONE, house.exchange("ann")):
        [transport] = endpoint.transports
        for text in (CANDIDATE, f"a=ice-ufrag:{transport.offer.ufrag}\r\na=ice-pwd:{PWD}\r\n"):
            answer = patch(house, "*", text)
            assert (answer.status, answer.code) == (422, "fragment")
        assert len(transport.ice) == 1
