"""Shows: what there is a podcast and a calendar of. Everything that is public, a series, a host.

A show's address is made of what never changes, so that whoever subscribed once stays subscribed: a
series' own address, a host's id. Under a host's handle the way leads there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, true

from hustings.formats import markup
from hustings.formats.linked import podcast, script
from hustings.web.accounts import Account
from hustings.web.agenda import pictures
from hustings.web.agenda.series import Series
from hustings.web.problem import Problem
from hustings.web.studio import Studio
from hustings.web.tables import SpaceRow

SITE: Final = "Hustings"
_ABOUT: Final = "Live conversations to listen to, and their recordings."
_NO_SERIES: Final = "There is no such series."
_NO_HOST: Final = "There is no host at this address."
_COVER: Final = "/static/cover.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Spaces that are followed together. `path` is its podcast's on the studio, `calendar` its
    calendar's and `page` the way to its page; `which` are its spaces in the catalogue; a `hidden`
    one is found by its address only."""

    name: str
    about: str
    page: str
    path: str
    calendar: str
    which: ColumnElement[bool]
    html: str = ""
    author: str = ""
    author_page: str = ""
    language: str = ""
    picture: str = ""
    hidden: bool = False


def everything() -> Show:
    """All public spaces."""
    return Show(
        name=SITE, about=_ABOUT, page="/", path="/feed.xml", calendar="/calendar.ics",
        which=_public(),
    )  # fmt: skip


async def of_series(studio: Studio, named: str) -> Show:
    """A series, by its address or id."""
    series = await studio.series.get(named)
    if series is None:
        raise Problem(404, "not-found", _NO_SERIES)
    return series_show(series, await studio.accounts.get(series.owner_id))


def series_show(series: Series, owner: Account | None) -> Show:
    """A series. A listed one leads nobody to what is found by its address only."""
    within = SpaceRow.series_id == series.id
    page = f"/series/{series.slug}"
    shown = SpaceRow.listed if series.listed else true()
    return Show(
        name=series.title,
        about=markup.text(series.description) or series.title,
        html=markup.html(series.description),
        page=page,
        path=f"{page}.xml",
        calendar=f"{page}.ics",
        which=and_(within, ~SpaceRow.private, SpaceRow.changed_at_ms > 0, shown),
        author=owner.name if owner else "",
        author_page=f"/@{owner.handle}" if owner and owner.handle else "",
        language=series.language,
        picture=series.picture,
        hidden=not series.listed,
    )


async def of_host(studio: Studio, account_id: str) -> Show:
    """A host who has a page; by their account's id."""
    account = await studio.accounts.get(account_id)
    if account is None or not account.handle:
        raise Problem(404, "not-found", _NO_HOST)
    return host_show(account)


async def of_handle(studio: Studio, handle: str) -> Show:
    """A host, by their handle."""
    account = await studio.people.profiles.by_handle(handle.lower())
    if account is None:
        raise Problem(404, "not-found", _NO_HOST)
    return host_show(account)


def host_show(account: Account) -> Show:
    """The public spaces of a host."""
    page = f"/@{account.handle}"
    return Show(
        name=account.name,
        about=account.biography or account.name,
        page=page,
        path=f"/hosts/{account.id}.xml",
        calendar=f"/hosts/{account.id}.ics",
        which=and_(_public(), SpaceRow.owner_id == account.id),
        author=account.name,
        author_page=page,
        picture=account.picture,
    )


def linked(studio: Studio, show: Show) -> Markup:
    """What the page of a show tells machines of it."""
    base = studio.settings.public_url("studio")
    about = {"name": show.name, "description": show.about, "author": show.author}
    told = podcast(url=base + show.page, feed=base + show.path, image=cover(studio, show.picture),
                   **about)  # fmt: skip
    return Markup(script(told))  # noqa: S704 - nothing in it can end the element


def cover(studio: Studio, picture: str) -> str:
    """The address of a square picture, large enough for directories of podcasts."""
    base = studio.settings.public_url("studio")
    return base + (pictures.cover_path(picture) if picture else _COVER)


def _public() -> ColumnElement[bool]:
    return and_(SpaceRow.listed, ~SpaceRow.private, SpaceRow.changed_at_ms > 0)
