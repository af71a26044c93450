"""The edge's service: starts its parts, and runs until it is told to stop.

Start-up: spool, poller and server, rooms of the spaces that were on stage; then it is ready.
Stopping is a drain: no more newcomers, answers in hand go out, and listeners are told to move, each
at a time of its own, while the sound goes on for those who have not yet. Who is left then is cut
off and resumes by itself: elsewhere, or here once this process is back. When everything stops
(`context.hurry`), there is nowhere to move to: only answers in hand are waited for, and not long.
"""

from __future__ import annotations

import asyncio

from hustings import limits
from hustings.certificate import Certificate
from hustings.edge.drain import drain
from hustings.edge.parts import Edge
from hustings.edge.spool import Spool
from hustings.role import Context


async def serve(context: Context) -> None:
    """Run one edge process until `context.stopping` is set."""
    assert context.listener is not None, "an edge is started with a listening socket"
    settings = context.settings
    certificate = Certificate.of(settings, "listen")
    spool = Spool(settings.folder / f"edge-{settings.index}")
    async with asyncio.TaskGroup() as tasks:
        edge = Edge(context, spool, certificate, tasks)
        work = [
            tasks.create_task(one)
            for one in (
                edge.broadcaster.run(),
                edge.gauge.run(),
                edge.rooms.run(),
                edge.salts.run(),
                edge.ballots.run(),
                edge.ladder.run(),
                edge.oblivion.run(),
            )
        ]
        await edge.rooms.restore()
        edge.server.start(context.listener)
        context.ready()
        await context.stopping.wait()
        edge.server.stop_accepting()
        # Others that share the port get the newcomers from now on; a supervisor has a copy.
        context.listener.close()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await _let_go(edge, context.hurry)
        await edge.ballots.close(within_s=limits.VOTES_LEFT_S)
        await edge.gauge.tell(last=True)
        await edge.rooms.close()
        await edge.push.close()
        left_s = limits.STOP_GRACE_S / 2 - (loop.time() - began_s)
        if context.hurry.is_set():
            left_s = 0.0
        await edge.server.finish(within_s=max(limits.FINISH_S, left_s))
        for task in work:
            task.cancel()


async def _let_go(edge: Edge, hurry: asyncio.Event) -> None:
    """Drain, unless or until everything stops."""
    rooms = edge.rooms.all()
    told = [one for room in rooms for one in (room.programme, room.news)]
    if hurry.is_set() or not edge.connected:
        return
    draining = asyncio.create_task(drain(told, broadcaster=edge.broadcaster, push=edge.push))
    hurrying = asyncio.create_task(hurry.wait())
    await asyncio.wait((draining, hurrying), return_when=asyncio.FIRST_COMPLETED)
    draining.cancel()
    hurrying.cancel()
