"""The edge's service: puts its parts together and runs until it is told to stop.

Start-up: spool, poller and server, rooms of the spaces that were on stage; then it is ready.
Stopping: no more newcomers, answers in hand go out, listeners are cut off so that their players
resume elsewhere, or here when this process is back: meanwhile they wait at the listening socket,
which the supervisor keeps open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from hustings import limits
from hustings.certificate import Certificate
from hustings.edge.admission import Load
from hustings.edge.assets import Assets
from hustings.edge.broadcast import Broadcaster
from hustings.edge.door import Door
from hustings.edge.gauge import Gauge
from hustings.edge.head import Request
from hustings.edge.http import Outcome, Server
from hustings.edge.metrics import Metrics
from hustings.edge.push import Push
from hustings.edge.replay import Replay
from hustings.edge.room import House as RoomHouse
from hustings.edge.rooms import Rooms
from hustings.edge.routes import House, Routes
from hustings.edge.spool import Spool
from hustings.role import Context
from hustings.store.objects import Objects


async def serve(context: Context) -> None:
    """Run one edge process until `context.stopping` is set."""
    assert context.listener is not None, "an edge is started with a listening socket"
    settings = context.settings
    certificate = Certificate.of(settings, "listen")
    spool = Spool(settings.folder / f"edge-{settings.index}")
    async with asyncio.TaskGroup() as tasks:
        edge = _Edge(context, spool, certificate, tasks)
        work = [
            tasks.create_task(one)
            for one in (edge.broadcaster.run(), edge.gauge.run(), edge.rooms.run())
        ]
        await edge.rooms.restore()
        edge.server.start(context.listener)
        context.ready()
        await context.stopping.wait()
        edge.server.stop_accepting()
        await edge.rooms.close()
        await edge.push.close()
        await edge.server.finish(within_s=limits.STOP_GRACE_S / 2)
        for task in work:
            task.cancel()


class _Edge:
    """The parts of one edge, in the order in which they need each other."""

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
        self.metrics = Metrics()
        self.assets = Assets()
        self.server = Server(
            answerer=self._answer, tasks=tasks, metrics=self.metrics, certificate=certificate
        )
        self.broadcaster = Broadcaster(self.server.poller, self.metrics)
        self.gauge = Gauge(
            edge=context.instance, live=context.live, here=self._here, told=self._second
        )
        self.rooms = Rooms(
            RoomHouse(
                log=context.log,
                live=context.live,
                spool=spool,
                broadcaster=self.broadcaster,
                metrics=self.metrics,
                tasks=tasks,
                listening=self.gauge.listening,
            )
        )
        self.door = Door(
            self.assets,
            listen=settings.public_url("listen"),
            studio=settings.public_url("studio"),
        )
        self.push = Push(tasks=tasks, poller=self.server.poller)
        self._routes = Routes(
            House(
                rooms=self.rooms,
                door=self.door,
                push=self.push,
                assets=self.assets,
                replay=Replay(Objects.open(settings)),
                metrics=self.metrics,
                load=self._load,
                stopping=self._stopping.is_set,
                refresh=self._refresh,
            )
        )

    def _answer(self, request: Request) -> Outcome | Awaitable[Outcome]:
        return self._routes.answer(request)

    def _here(self) -> dict[str, int]:
        return {room.space: room.programme.listening for room in self.rooms.all()}

    def _second(self) -> None:
        for room in self.rooms.all():
            room.second()
        self.door.forget({room.space for room in self.rooms.all()})
        if self._certificate is not None:
            self._certificate.refresh()

    def _load(self) -> Load:
        return Load(listeners=self.broadcaster.listeners, descriptors_left=self.server.room)

    def _refresh(self) -> None:
        """Bring the gauges among the metrics up to date, when somebody reads them."""
        rooms = self.rooms.all()
        listeners = sum(room.programme.listening for room in rooms)
        self.metrics.set("hustings_edge_listeners", listeners)
        self.metrics.set("hustings_edge_readers", sum(room.news.readers for room in rooms))
        self.metrics.set("hustings_edge_rooms", len(self.rooms))
        self.metrics.set("hustings_edge_spool_bytes", self._spool.bytes)
        self.metrics.set("hustings_edge_descriptors", len(self.server.poller))
        self.metrics.set("hustings_edge_descriptors_max", self.server.descriptors_max)
