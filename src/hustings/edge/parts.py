"""The parts of one edge, put together in the order in which they need each other."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from dataclasses import replace
from urllib.parse import urlsplit

from hustings import limits
from hustings.certificate import Certificate
from hustings.config import Settings
from hustings.edge.admission import Bounds
from hustings.edge.assets import Assets
from hustings.edge.ballots import Ballots
from hustings.edge.broadcast import Broadcaster
from hustings.edge.clips import Clips
from hustings.edge.door import Door
from hustings.edge.events import Payload
from hustings.edge.gauge import Gauge
from hustings.edge.gauge import House as Seen
from hustings.edge.head import Request
from hustings.edge.http import Outcome, Server
from hustings.edge.ladder import Ladder, Reading
from hustings.edge.line import Line
from hustings.edge.links import Links
from hustings.edge.memory import Memory
from hustings.edge.metrics import Metrics
from hustings.edge.oblivion import Oblivion
from hustings.edge.pages import Pages
from hustings.edge.pictures import Pictures
from hustings.edge.push import Push
from hustings.edge.recalled import Recalled
from hustings.edge.replay import Replay
from hustings.edge.rights import Rights
from hustings.edge.room import House as RoomHouse
from hustings.edge.room import Room
from hustings.edge.rooms import Rooms
from hustings.edge.routes import House, Routes
from hustings.edge.salts import Salts
from hustings.edge.say import Sayings
from hustings.edge.spool import Spool
from hustings.edge.stored import Stored
from hustings.edge.transcript import Transcripts
from hustings.errors import ConfigError
from hustings.pin import Pin
from hustings.role import Context
from hustings.store.objects import Objects
from hustings.talk import Tally


class Edge:
    """All that works in one process. `service` starts it, and ends it."""

    def __init__(
        self,
        context: Context,
        spool: Spool,
        certificate: Certificate | None,
        tasks: asyncio.TaskGroup,
    ) -> None:
        settings = context.settings
        self._certificate = certificate
        self._spool = spool
        self._stopping = context.stopping
        objects = Objects.open(settings)
        self.metrics = Metrics()
        self.assets = Assets()
        self.server = Server(
            answerer=self._answer,
            tasks=tasks,
            metrics=self.metrics,
            certificate=certificate,
            sockets=settings.listeners_max + settings.readers_max,
            address_max=settings.address_max,
            trusted=settings.trusted_proxies,
        )
        self.broadcaster = Broadcaster(self.server.poller, self.metrics)
        self.gauge = Gauge(
            edge=context.instance,
            live=context.live,
            here=self._here,
            house=self._as_seen,
            told=self._second,
        )
        self.salts = Salts(context.live)
        self.ballots = Ballots(
            context.live,
            salts=self.salts,
            tasks=tasks,
            metrics=self.metrics,
            tallied=self._tallied,
        )
        stored = Stored(objects, spool=spool, tasks=tasks)
        self.rooms = Rooms(self._room_house(context, stored, tasks))
        self.oblivion = Oblivion(log=context.log, live=context.live, spool=spool, stored=stored)
        self._cdn = settings.cdn_url.rstrip("/")
        self.door = self._door(settings)
        self.push = Push(tasks=tasks, poller=self.server.poller)
        self.ladder = self._ladder(context)
        self._routes = Routes(self._house(context, objects))

    @property
    def connected(self) -> int:
        """Listeners and readers of event streams, of all spaces."""
        return sum(room.programme.listening + room.news.readers for room in self.rooms.all())

    def _answer(self, request: Request) -> Outcome | Awaitable[Outcome]:
        return self._routes.answer(request)

    def _here(self) -> dict[str, Room]:
        return {room.space: room for room in self.rooms.all()}

    def _tallied(self, space: str, tallies: dict[str, Tally]) -> None:
        room = self._here().get(space)
        if room is not None:
            room.chatter.tallied(tallies)

    def _second(self) -> None:
        rooms = self.rooms.all()
        for room in rooms:
            room.second()
        self.door.forget({room.space for room in rooms})
        counting = {room.space for room in rooms if not room.over}
        self.salts.keep(counting | self.ballots.spaces())
        if self._certificate is not None:
            self._certificate.refresh()

    def _door(self, settings: Settings) -> Door:
        return Door(
            self.assets,
            listen=settings.public_url("listen"),
            studio=settings.public_url("studio"),
            line=self._line,
            others=self._others,
        )

    def _house(self, context: Context, objects: Objects) -> House:
        listen = context.settings.public_url("listen")
        replay = Replay(objects)
        rights = Rights(context.keys.ticket_public, stands=Links(objects).stands)
        return House(
            rooms=self.rooms,
            pages=Pages(
                rooms=self.rooms,
                door=self.door,
                replay=replay,
                transcripts=Transcripts(replay, self.assets),
                rights=rights,
                listen=listen,
                receipt_key=context.keys.receipt_public,
            ),
            clips=Clips(
                rooms=self.rooms,
                door=self.door,
                replay=replay,
                rights=rights,
                assets=self.assets,
                listen=listen,
            ),
            push=self.push,
            assets=self.assets,
            replay=replay,
            recalled=Recalled(replay),
            metrics=self.metrics,
            ladder=self.ladder,
            rights=rights,
            sayings=Sayings(self.ballots.take),
            pictures=Pictures(objects),
            stopping=context.stopping.is_set,
            refresh=self._refresh,
        )

    def _room_house(self, context: Context, stored: Stored, tasks: asyncio.TaskGroup) -> RoomHouse:
        return RoomHouse(
            log=context.log,
            live=context.live,
            spool=self._spool,
            broadcaster=self.broadcaster,
            metrics=self.metrics,
            tasks=tasks,
            salts=self.salts,
            elsewhere=self.gauge.elsewhere,
            waiting=self._waiting,
            came=self._came,
            stored=stored,
        )

    def _ladder(self, context: Context) -> Ladder:
        settings = context.settings
        bounds = Bounds(
            listeners_max=settings.listeners_max,
            readers_max=settings.readers_max,
            egress_bps_max=settings.egress_bps_max,
            descriptors_kept=min(limits.DESCRIPTORS_DOOR_COUNT, self.server.descriptors_max // 10),
            cdn_url=settings.cdn_url.rstrip("/"),
        )
        return Ladder(
            url=settings.public_url("listen"),
            bounds=bounds,
            line=Line(edge=context.instance, key=_line_key(context)),
            pin=Pin(settings),
            memory=Memory(),
            metrics=self.metrics,
            read=self._read,
            neighbours=self.gauge.neighbours,
            tell=self._tell,
            tell_readers=self._tell_readers,
        )

    def _as_seen(self) -> Seen:
        seen = self.ladder.house()
        # Nobody is sent to an edge that leaves.
        return replace(seen, headroom=0) if self._stopping.is_set() else seen

    def _line(self, space: str) -> dict[str, int] | None:
        """What door.json says of those who wait; nothing while nobody does."""
        waiting = self._waiting(space)
        return {"called": self.ladder.line.called, "waiting": waiting} if waiting else None

    def _others(self) -> list[str]:
        """Origins of the cache in front and of the other edges."""
        addresses = [self._cdn, *(neighbour.url for neighbour in self.gauge.neighbours())]
        parts = [urlsplit(address) for address in addresses if address]
        return [f"{part.scheme}://{part.netloc}" for part in parts]

    def _waiting(self, space: str) -> int:
        return self.ladder.line.waiting_in(space)

    def _came(self, space: str, keys: list[bytes]) -> None:
        """Whoever waits here for its number may ask at another edge behind the same address."""
        now_s = asyncio.get_running_loop().time()
        for key in keys:
            self.ladder.line.asked(space, key, now_s=now_s)

    def _read(self) -> Reading:
        rooms = self.rooms.all()
        return Reading(
            listeners=sum(room.programme.listening for room in rooms),
            readers=sum(room.news.readers for room in rooms),
            descriptors_left=self.server.room,
            busy=self.broadcaster.busy,
            late_s=self.broadcaster.late_s,
            egress_bps=8 * self.broadcaster.bytes_per_s,
        )

    def _tell(self, payloads: list[Payload]) -> None:
        for room in self.rooms.all():
            room.programme.tell(payloads)
        self._tell_readers(payloads)

    def _tell_readers(self, payloads: list[Payload]) -> None:
        for room in self.rooms.all():
            room.news.tell(payloads)

    def _refresh(self) -> None:
        """Bring the gauges among the metrics up to date, when somebody reads them."""
        rooms = self.rooms.all()
        listeners = sum(room.programme.listening for room in rooms)
        self.metrics.set("hustings_edge_listeners", listeners)
        self.metrics.set("hustings_edge_readers", sum(room.news.readers for room in rooms))
        self.metrics.set("hustings_edge_rooms", len(self.rooms))
        self.metrics.set("hustings_edge_spool_bytes", self._spool.bytes)
        self.metrics.set("hustings_edge_votes_waiting", self.ballots.waiting)
        self.metrics.set("hustings_edge_descriptors", len(self.server.addresses))
        self.metrics.set("hustings_edge_descriptors_max", self.server.descriptors_max)


def _line_key(context: Context) -> bytes:
    """The installation's key; an edge that has none signs numbers that no other edge honours."""
    try:
        return context.keys.line()
    except ConfigError:
        return secrets.token_bytes(32)
