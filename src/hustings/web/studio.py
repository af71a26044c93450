"""The studio's parts, as every handler finds them: `request.app.state.studio`."""

from __future__ import annotations

import time
from dataclasses import dataclass

from starlette.requests import Request

from hustings.config import Settings
from hustings.log.contract import Live
from hustings.store.objects import Objects
from hustings.web.access.parts import Access
from hustings.web.accounts import Accounts
from hustings.web.agenda.listing import Agenda
from hustings.web.agenda.membership import Membership
from hustings.web.agenda.pictures import Pictures
from hustings.web.agenda.series import SeriesBook
from hustings.web.catalogue import Catalogue
from hustings.web.cookies import Cookies
from hustings.web.database import Database
from hustings.web.feeds.episodes import Episodes
from hustings.web.feeds.kept import KeptFeeds
from hustings.web.holding.sounds import Sounds
from hustings.web.keeping.links import Links
from hustings.web.order.audit import Audit
from hustings.web.order.reports import Reports
from hustings.web.order.suspension import Suspensions
from hustings.web.outbox.hooks import Hooks
from hustings.web.outbox.letters import Letters
from hustings.web.outbox.push import Push
from hustings.web.outbox.reminders import Reminders
from hustings.web.people.persons import People
from hustings.web.people.signed_in import SignedIn
from hustings.web.room.pace import Pace
from hustings.web.room.tickets import Tickets
from hustings.web.room.writer import Writer
from hustings.web.search.index import Index
from hustings.web.spaces import Spaces
from hustings.web.stages import Stages
from hustings.web.watch import Watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Everything that handlers and timers use."""

    settings: Settings
    live: Live
    database: Database
    accounts: Accounts
    catalogue: Catalogue
    spaces: Spaces
    watches: Watches
    stages: Stages
    writer: Writer
    tickets: Tickets
    joins: Pace
    reminding: Pace
    cookies: Cookies
    objects: Objects
    pictures: Pictures
    sounds: Sounds
    agenda: Agenda
    series: SeriesBook
    membership: Membership
    mail: Letters
    people: People
    signed_in: SignedIn
    push: Push
    reminders: Reminders
    hooks: Hooks
    audit: Audit
    reports: Reports
    suspensions: Suspensions
    access: Access
    links: Links
    episodes: Episodes
    kept: KeptFeeds
    index: Index
    searching: Pace

    def share_url(self, space: str) -> str:
        """The one address of a space that is passed on."""
        return f"{self.settings.public_url('listen')}/s/{space}"

    def private_url(self, token: str) -> str:
        """The link that leads a listener into a private space."""
        return f"{self.settings.public_url('studio')}/l/{token}"

    def stage_url(self, space: str) -> str:
        """The desk and microphone of a space."""
        return f"{self.settings.public_url('studio')}/s/{space}/stage"

    def invite_url(self, token: str) -> str:
        """The link that leads a speaker to a seat."""
        return f"{self.settings.public_url('studio')}/i/{token}"

    def whip_url(self, space: str) -> str:
        """Where a speaker's offer is posted (RFC 9725)."""
        return f"{self.settings.public_url('gate')}/whip/{space}"


def of(request: Request) -> Studio:
    """The studio that serves this request."""
    studio: Studio = request.app.state.studio
    return studio


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
