"""The web role: database, application, server, timers; from start to stop.

It serves people and decides nothing about sound: while it is down, whoever is on stage keeps
talking and the recording grows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from hustings import limits
from hustings.certificate import Certificate
from hustings.config import Settings
from hustings.connection import Connection
from hustings.role import Context
from hustings.store.objects import Objects
from hustings.web import app, charge, first_link, timers
from hustings.web import studio as studios
from hustings.web.access.parts import Access
from hustings.web.accounts import Accounts
from hustings.web.agenda.listing import Agenda
from hustings.web.agenda.membership import Membership
from hustings.web.agenda.pictures import Pictures
from hustings.web.agenda.series import SeriesBook
from hustings.web.catalogue import Catalogue
from hustings.web.cookies import Cookies
from hustings.web.database import Database, address
from hustings.web.feeds.episodes import Episodes
from hustings.web.feeds.kept import KeptFeeds
from hustings.web.holding.sounds import Sounds
from hustings.web.keeping.links import Links
from hustings.web.order import suspend
from hustings.web.order.audit import Audit
from hustings.web.order.reports import Reports
from hustings.web.order.suspension import Suspensions
from hustings.web.outbox import announcer
from hustings.web.outbox.fetch import Fetch
from hustings.web.outbox.hooks import Hooks
from hustings.web.outbox.letters import Letters
from hustings.web.outbox.mail import Mail
from hustings.web.outbox.push import Push
from hustings.web.outbox.reminders import Reminders
from hustings.web.passwords import Passwords
from hustings.web.people.persons import People
from hustings.web.people.signed_in import SignedIn
from hustings.web.room.pace import Pace
from hustings.web.room.tickets import Tickets
from hustings.web.room.writer import Writer
from hustings.web.search import librarian
from hustings.web.search.index import Index
from hustings.web.spaces import Spaces
from hustings.web.stages import Stages
from hustings.web.studio import Studio
from hustings.web.watch import Watches

log = logging.getLogger("hustings.web")

_STARTED_POLL_S = 0.005
_TICK_S = 1.0
_GRACE_S = 3


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to the process it runs in, and ticks once a second, not ten
    times: all that its tick does is to renew the date in answers."""

    def __init__(self, config: uvicorn.Config, *, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        while not self._stopping.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._stopping.wait()


async def serve(context: Context) -> None:
    """Run the studio until `context.stopping` is set."""
    database = Database(address(context.settings))
    try:
        await database.migrate()
        await first_link.ensure(
            database,
            folder=context.settings.folder,
            studio_url=context.settings.public_url("studio"),
            now_ms=studios.now_ms(),
        )
        async with asyncio.TaskGroup() as group:
            await _serve(context, database, group)
    finally:
        await database.close()


async def _serve(context: Context, database: Database, group: asyncio.TaskGroup) -> None:
    assert context.listener is not None, "the web role is given a listening socket"
    watches = Watches(log=context.log, live=context.live, group=group)
    writer = Writer(log=context.log, live=context.live, group=group)
    studio = _studio(context, database, watches, writer)
    await studio.hooks.conceal()
    await watches.start()
    await studio.stages.start()
    settings = context.settings
    config = uvicorn.Config(
        app.build(studio),
        http=Connection,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        # The addresses that quotas, bans and sign-ins count are those behind the proxies.
        forwarded_allow_ips=["127.0.0.1", "::1", *settings.trusted_proxies],
        h11_max_incomplete_event_size=limits.HEAD_BYTES,
        timeout_graceful_shutdown=_GRACE_S,
    )
    helpers = [
        group.create_task(timers.run(studio)),
        group.create_task(charge.run(studio)),
        group.create_task(announcer.run(studio)),
        group.create_task(librarian.run(studio)),
        group.create_task(suspend.run(studio)),
    ]
    if certificate := Certificate.of(settings, "studio"):
        secured = certificate.context
        config.ssl_context_factory = lambda _config, _default: secured
        helpers.append(group.create_task(certificate.watch()))
    stopping = asyncio.Event()
    server = _Server(config, stopping=stopping)
    # The server closes what it is given; the listener belongs to whoever made it.
    serving = group.create_task(server.serve(sockets=[context.listener.dup()]))
    while not server.started:
        await asyncio.sleep(_STARTED_POLL_S)
    context.ready()
    await context.stopping.wait()
    await studio.stages.stop()
    await watches.stop()
    stopping.set()
    await serving
    for task in helpers:
        task.cancel()


def _studio(context: Context, database: Database, watches: Watches, writer: Writer) -> Studio:
    catalogue = Catalogue(database)
    objects = Objects.open(context.settings)
    fetch = Fetch(private=context.settings.fetch_private)
    mail = Mail(context.settings)
    suspensions = Suspensions(database, key=context.keys.cookie())
    letters = Letters(database, mail, key=context.keys.cookie())
    push = Push(keys=context.keys, fetch=fetch, contact=f"mailto:{mail.sender}")
    return Studio(
        settings=context.settings,
        live=context.live,
        database=database,
        accounts=Accounts(database, Passwords()),
        catalogue=catalogue,
        spaces=_spaces(context, catalogue, watches),
        watches=watches,
        stages=Stages(live=context.live, watches=watches),
        writer=writer,
        tickets=Tickets(context.keys),
        joins=_paced(limits.JOINS_COUNT, limits.JOINS_S),
        reminding=_paced(limits.REMINDERS_PER_HOUR_COUNT, 3600),
        cookies=Cookies(
            key=context.keys.cookie(),
            secure=context.settings.public_url("studio").startswith("https://"),
        ),
        objects=objects,
        links=Links(objects, context.keys),
        pictures=Pictures(objects),
        sounds=Sounds(objects),
        agenda=Agenda(database),
        series=SeriesBook(database),
        membership=Membership(database),
        mail=letters,
        push=push,
        reminders=_reminders(context.settings, database, push, mail, letters),
        hooks=Hooks(database, fetch, key=context.keys.cookie()),
        audit=Audit(database),
        reports=Reports(database, context.log),
        suspensions=suspensions,
        signed_in=SignedIn(database),
        people=People(database, settings=context.settings, suspended=suspensions.suspended),
        access=Access.of(database, key=context.keys.cookie()),
        episodes=Episodes(database),
        kept=KeptFeeds(),
        index=Index(database),
        searching=_paced(limits.SEARCHES_COUNT, limits.SEARCHES_S),
    )


def _reminders(
    settings: Settings, database: Database, push: Push, mail: Mail, letters: Letters
) -> Reminders:
    studio_url, listen_url = settings.public_url("studio"), settings.public_url("listen")
    return Reminders(
        database,
        push=push,
        mail=mail,
        letters=letters,
        link=lambda token: f"{studio_url}/r/{token}",
        page=lambda space: f"{listen_url}/s/{space}",
    )


def _paced(count: int, span_s: int) -> Pace:
    """So often in so many seconds from each address."""
    return Pace(count=count, span_ms=span_s * 1000, persons=limits.JOIN_ADDRESSES_COUNT)


def _spaces(context: Context, catalogue: Catalogue, watches: Watches) -> Spaces:
    return Spaces(
        log=context.log,
        live=context.live,
        keys=context.keys,
        catalogue=catalogue,
        watches=watches,
    )
