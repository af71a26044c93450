"""The API of series: make and change them, and have their next spaces made."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from hustings.errors import BadInput
from hustings.space import Refusal
from hustings.web import studio as studios
from hustings.web.agenda import acts, bodies, planner, recurrence
from hustings.web.agenda.api import NO_RIGHT
from hustings.web.agenda.series import TAKEN, good_slug
from hustings.web.problem import Problem, documented, refused
from hustings.web.standing import CurrentStudio, SignedIn

router: Final = APIRouter(prefix="/api/series", tags=["series"])
_OPEN: Final = documented(401, 403, 404, 409, 413, 422, 503)
SeriesName = Annotated[
    str, Path(pattern="^[a-z0-9-]{1,60}$", description="id or address", examples=["thursday"])
]


@router.get("", responses=documented(401))
async def mine(account: SignedIn, studio: CurrentStudio) -> list[bodies.SeriesView]:
    """Your series, by title."""
    return [bodies.series_view(studio, one) for one in await studio.series.owned(account.id)]


@router.post("", status_code=201, responses=documented(401, 403, 409, 413, 422, 503))
async def create(
    body: bodies.NewSeries, account: SignedIn, studio: CurrentStudio, response: Response
) -> bodies.SeriesView:
    """Make a series. Its address never changes."""
    if not account.may_create:
        raise Problem(403, "role", NO_RIGHT)
    if body.slug and not good_slug(body.slug):
        raise Problem(409, "taken", TAKEN)
    await acts.checked(studio, owner_id=account.id, series=None, picture=body.picture)
    made = await studio.series.add(
        owner_id=account.id, now_ms=studios.now_ms(), **body.model_dump()
    )
    if made is None:
        raise Problem(409, "taken", TAKEN)
    response.headers["Location"] = f"/api/series/{made.id}"
    return bodies.series_view(studio, made)


@router.get("/{series}", responses=documented(401, 403, 404, 422))
async def get(series: SeriesName, account: SignedIn, studio: CurrentStudio) -> bodies.SeriesView:
    """One of your series."""
    return bodies.series_view(studio, await acts.own_series(studio, account, series))


@router.patch("/{series}", responses=_OPEN)
async def change(
    series: SeriesName, body: bodies.SeriesChange, account: SignedIn, studio: CurrentStudio
) -> bodies.SeriesView:
    """Change what is said of a series."""
    found = await acts.own_series(studio, account, series)
    await acts.checked(studio, owner_id=account.id, series=None, picture=body.picture)
    return bodies.series_view(
        studio, await studio.series.change(found, **body.model_dump(exclude_none=True))
    )


@router.post("/{series}/end", responses=_OPEN)
async def end(
    series: SeriesName, body: bodies.SeriesEnd, account: SignedIn, studio: CurrentStudio
) -> bodies.SeriesView:
    """End a series: nothing is added to it any more. Its address stays, with what took place."""
    found = await acts.own_series(studio, account, series)
    ended = await acts.end_series(
        studio, account, found, cancel=body.spaces == "cancel", reason=body.reason
    )
    return bodies.series_view(studio, ended)


@router.post("/{series}/resume", responses=documented(401, 403, 404, 422, 503))
async def resume(series: SeriesName, account: SignedIn, studio: CurrentStudio) -> bodies.SeriesView:
    """Go on with a series that was ended. Spaces that were cancelled stay cancelled."""
    found = await acts.own_series(studio, account, series)
    return bodies.series_view(studio, await studio.series.change(found, ended_at_ms=None))


@router.get("/{series}/spaces", responses=documented(401, 403, 404, 422))
async def spaces(
    series: SeriesName, account: SignedIn, studio: CurrentStudio
) -> list[bodies.SpaceItem]:
    """The spaces of one of your series, those that begin last first."""
    found = await acts.own_series(studio, account, series)
    return [bodies.item(studio, one) for one in await studio.series.spaces(found)]


@router.post("/{series}/next", status_code=201, responses=_OPEN)
async def make_next(
    series: SeriesName, body: bodies.NextSpaces, account: SignedIn, studio: CurrentStudio
) -> list[bodies.SpaceItem]:
    """Make the next spaces: like the last one, a week or a month apart by the host's clock."""
    if not account.may_create:
        raise Problem(403, "role", NO_RIGHT)
    found = await acts.own_series(studio, account, series)
    try:
        recurrence.zone_of(body.zone)
    except BadInput as error:
        raise Problem(422, "zone", f"{error}.") from None
    made = await planner.make_next(
        studio,
        account,
        found,
        rule=recurrence.Rule(body.rule),
        count=body.count,
        zone=body.zone,
        now_ms=studios.now_ms(),
    )
    if isinstance(made, Refusal):
        raise refused(made)
    ids = {one.id for one in made}
    rows = [one for one in await studio.series.spaces(found) if one.id in ids]
    return [bodies.item(studio, one) for one in reversed(rows)]
