"""Seats with real transports: who may sit, who replaces whom, and who leaves how."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from hustings import limits, signal
from hustings.space import Role, Space, Status
from hustings.space import Seat as Granted
from hustings.stage.endpoint import Endpoint
from hustings.stage.rtp import MediaPacket
from hustings.stage.seat import Seat
from hustings.stage.seats import Seats
from hustings.ticket import Scope, Ticket
from tests import tones
from tests.peers import Exchange, Peer, until
from tests.stage.peers import running

TONE = tones.tone(600, 1.0)


class House:
    """Seats over an endpoint, and a record of what they tell."""

    def __init__(self, endpoint: Endpoint, *names: str, speakers_max: int = 13) -> None:
        self.told: list[tuple[str, str]] = []
        self.packets: dict[str, int] = {}
        self.answers: list[signal.Answer] = []
        granted = {name: Granted(id=name, name=name, role=Role.SPEAKER) for name in names}
        self.space = Space(id="seats00001", seats=granted)
        self.joins = {"ann": 4}
        self.seats = Seats(
            endpoint=endpoint,
            audience=self,
            speakers_max=speakers_max,
            complexity=0,
            joins=self.joins,
        )

    def joined(self, seat: Seat) -> None:
        self.told.append((seat.id, f"joined {seat.join}"))

    def left(self, seat: str, cause: str) -> None:
        self.told.append((seat, cause))

    def heard(self, seat: Seat, packet: MediaPacket) -> None:
        self.packets[seat.id] = self.packets.get(seat.id, 0) + 1

    def offer(
        self, name: str, sdp: str = "v=0", *, page: str = "", again: bool = False
    ) -> signal.Answer:
        offer = signal.Offer(ticket=ticket(name), sdp=sdp, page=page, again=again)
        return self.seats.offer(self.space, offer)

    def exchange(self, name: str) -> Exchange:
        async def carry(sdp: str) -> str:
            self.answers.append(self.offer(name, sdp))
            assert self.answers[-1].status == 201, self.answers[-1]
            return self.answers[-1].sdp

        return carry


def ticket(name: str) -> Ticket:
    exp = int(time.time()) + 60
    return Ticket(
        space="seats00001", seat=name, name=name, role="speaker", scope=Scope.SPEAK, exp=exp
    )


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with running() as opened:
        yield opened


async def test_a_granted_seat_is_taken_and_left(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann")
    assert house.seats.empty
    async with Peer(TONE, house.exchange("ann")):
        await until(lambda: house.packets.get("ann", 0) > 5)
        assert house.told == [("ann", "joined 5")]  # it had four transports under other stages
        assert [seat.id for seat in house.seats.connected] == ["ann"]
        assert len(house.seats.returns()) == 1
    await until(lambda: not house.seats.connected)
    assert house.told[-1] == ("ann", "bye")


async def test_who_may_not_sit_is_told_why(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann")
    assert (house.offer("bob").status, house.offer("bob").code) == (403, "seat")
    answer = house.offer("ann", "v=0\r\nnothing of use")
    assert (answer.status, answer.code) == (400, "offer")
    assert house.seats.empty
    house.space = Space(id="seats00001", status=Status.ENDED, seats=house.space.seats)
    assert house.offer("ann").status == 410


async def test_a_full_stage_refuses_newcomers_and_lets_speakers_return(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann", "bob", speakers_max=1)
    async with Peer(TONE, house.exchange("ann")) as ann:
        await until(lambda: house.seats.connected)
        assert (house.offer("bob").status, house.offer("bob").code) == (409, "full")
        await ann.reconnect()
        assert house.answers[-1].status == 201


async def test_a_new_offer_replaces_the_transport_without_leaving(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann")
    async with Peer(TONE, house.exchange("ann")) as ann:
        await until(lambda: house.packets.get("ann", 0) > 5)
        await ann.reconnect()
        await until(lambda: len(endpoint.transports) == 1)
        before = house.packets["ann"]
        await until(lambda: house.packets["ann"] > before + 5)
        assert house.told == [("ann", "joined 5"), ("ann", "joined 6")]
        assert [transport.id for transport in endpoint.transports] == [house.answers[-1].session]


async def test_of_two_pages_the_one_that_sat_down_last_has_the_seat(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann")
    async with Peer(TONE, house.exchange("ann")) as ann:
        await until(lambda: house.seats.connected)
        sdp = ann.offered
        assert house.offer("ann", sdp, page="one").status == 201
        assert house.offer("ann", sdp, page="one", again=True).status == 201
        assert house.offer("ann", sdp, page="two").status == 201  # somebody pressed Join there
        back = house.offer("ann", sdp, page="one", again=True)
        assert (back.status, back.code, back.detail) == (
            409,
            "elsewhere",
            "You joined from elsewhere.",
        )
        assert house.offer("ann", sdp, page="two", again=True).status == 201
        assert house.offer("ann", sdp, page="one").status == 201  # "Use this tab instead"
        assert house.offer("ann", sdp, page="two", again=True).status == 409
        assert house.offer("ann", sdp).status == 201  # a program that calls itself nothing
    await until(lambda: not house.seats.connected)
    for transport in endpoint.transports:
        transport.close()
    assert house.offer("ann", sdp, page="two", again=True).status == 201  # nobody sits there


async def test_offers_that_never_connect_are_bounded(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann")
    async with Peer(TONE, house.exchange("ann")) as ann:
        await until(lambda: house.seats.connected)
        sdp = ann.offered
        for _ in range(10):
            assert house.offer("ann", sdp).status == 201
        assert len(endpoint.transports) == 1 + limits.SEAT_OFFERS_COUNT
        before = house.packets.get("ann", 0)
        await until(lambda: house.packets.get("ann", 0) > before + 5)


async def test_a_revoked_seat_is_closed(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann", "bob")
    async with Peer(TONE, house.exchange("ann")) as ann, Peer(TONE, house.exchange("bob")):
        await until(lambda: len(house.seats.connected) == 2)
        seats = {"bob": house.space.seats["bob"]}
        house.space = Space(id="seats00001", seats=seats)
        house.seats.sync(house.space)
        assert ("ann", "revoked") in house.told
        assert [seat.id for seat in house.seats.connected] == ["bob"]
        await until(lambda: not ann.connected)
        assert house.offer("ann", ann.offered).status == 403


async def test_a_session_is_ended_by_its_own_seat_only(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann", "bob")
    async with Peer(TONE, house.exchange("ann")):
        await until(lambda: house.seats.connected)
        session = house.answers[-1].session
        foreign = signal.Close(ticket=ticket("bob"), session=session)
        assert house.seats.leave(foreign).status == 404
        assert house.seats.connected
        own = signal.Close(ticket=ticket("ann"), session=session)
        assert house.seats.leave(own).status == 200
        assert house.told[-1] == ("ann", "bye")
        assert house.seats.leave(own).status == 404
        assert endpoint.transports == ()


async def test_closing_the_house_says_nothing_and_lets_nobody_in(endpoint: Endpoint) -> None:
    house = House(endpoint, "ann")
    async with Peer(TONE, house.exchange("ann")) as ann:
        await until(lambda: house.seats.connected)
        house.seats.close()
        assert endpoint.transports == ()
        assert house.told == [("ann", "joined 5")]
        # The conversation goes on elsewhere: the speaker's page has to ask again.
        assert house.offer("ann", ann.offered).status == 503
