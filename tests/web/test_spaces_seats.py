"""Seats beyond the invitation by link: from a raised hand, given back, taken by a block; and what
a burst of commands costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hustings import keys
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Refusal, Role, Space, Status
from hustings.space import command as c
from hustings.web.catalogue import Catalogue
from hustings.web.database import Database
from hustings.web.spaces import Invited, Spaces
from hustings.web.studio import now_ms
from hustings.web.watch import Watches
from tests.web.running import Running, make_space, until


@dataclass(frozen=True, slots=True)
class _House:
    """A space with open doors, commanded beside a studio that knows nothing of it."""

    space: str
    host: dict[str, Any]
    spaces: Spaces
    catalogue: Catalogue
    watches: Watches

    async def do(self, command: c.Command) -> Space:
        made = await self.spaces.command(self.space, command, now_ms=now_ms())
        assert isinstance(made, Space), made
        return made

    async def raise_hand(self, person: str) -> Space:
        raised = c.RaiseHand(by=person, role=Role.LISTENER, person=person, name=person[2:])
        return await self.do(raised)


@asynccontextmanager
async def house(web: Running) -> AsyncIterator[_House]:
    database = Database(web.database_url)
    catalogue = Catalogue(database)
    async with web.host() as client, asyncio.TaskGroup() as group:
        watches = Watches(log=web.record, live=web.live, group=group)
        spaces = Spaces(
            log=web.record,
            live=web.live,
            keys=keys.ensure(web.folder),
            catalogue=catalogue,
            watches=watches,
        )
        made = await make_space(client)
        host = {"by": made["seats"][0]["id"], "role": Role.HOST}
        one = _House(made["id"], host, spaces, catalogue, watches)
        await one.do(c.OpenDoors(**host))
        yield one
    await database.close()


async def test_a_block_ends_seat_and_link(web: Running) -> None:
    async with house(web) as one:
        invited = await one.spaces.invite(
            one.space, **one.host, name="Troll", seat_role=Role.SPEAKER, now_ms=now_ms()
        )
        assert isinstance(invited, Invited)
        invite = await one.catalogue.invited(invited.token, now_ms=now_ms())
        assert invite is not None
        sat = await one.spaces.accept(invite, "The Troll", person="a-troll", now_ms=now_ms())
        assert isinstance(sat, Space)
        assert sat.seats[invited.seat].person == "a-troll"
        block = c.BlockPerson(**one.host, person="a-troll", name="Troll", reason="Insults")
        blocked = await one.spaces.block(one.space, block, now_ms=now_ms())
        assert isinstance(blocked, Space)
        assert list(blocked.seats) == [one.host["by"]]
        assert await one.catalogue.invited(invited.token, now_ms=now_ms()) is None
        twice = await one.spaces.block(one.space, block, now_ms=now_ms())
        assert isinstance(twice, Refusal)


async def test_who_is_made_a_co_host_stays_one_under_a_new_name(web: Running) -> None:
    async with house(web) as one:
        invited = await one.spaces.invite(
            one.space, **one.host, name="Amara", seat_role=Role.SPEAKER, now_ms=now_ms()
        )
        assert isinstance(invited, Invited)
        await one.do(c.SetSeatRole(**one.host, seat=invited.seat, seat_role=Role.COHOST))
        await one.do(c.MuteSeat(**one.host, seat=invited.seat))
        invite = await one.catalogue.invited(invited.token, now_ms=now_ms())
        assert invite is not None
        renamed = await one.spaces.accept(invite, "Amara Obi", now_ms=now_ms())
        assert isinstance(renamed, Space)
        seat = renamed.seats[invited.seat]
        assert (seat.name, seat.role, seat.muted) == ("Amara Obi", Role.COHOST, True)


async def test_fifty_hands_at_once(web: Running) -> None:
    """One append each: none is lost, none waits for others to give up."""
    async with house(web) as one, one.watches.view(one.space) as viewer:
        await until(_true(lambda: viewer.state is not None))
        made = await asyncio.gather(*(one.raise_hand(f"g-{i}") for i in range(50)))
        assert len(made) == 50
        # The follower may be a moment behind; the state asked for never is.
        assert len((await one.spaces.state(one.space)).hands) == 50
        events = [entry async for entry in web.record.read(one.space, [Kind.EV])]
        assert len(events) == 53


async def test_the_state_of_a_space_that_nobody_follows_is_read_on(web: Running) -> None:
    async with house(web) as one:
        assert (await one.spaces.state(one.space)).status is Status.DOORS
        go = c.GoLive(**one.host)
        assert isinstance(
            await propose(web.record, web.live, one.space, go, now_ms=now_ms()), Space
        )
        assert (await one.spaces.state(one.space)).status is Status.LIVE
        await web.engines.log.stop()
        assert (await one.spaces.state(one.space)).status is Status.LIVE
        await web.engines.log.start()


def _true(condition: Any) -> Any:
    async def look() -> bool:
        return bool(condition())

    return look
