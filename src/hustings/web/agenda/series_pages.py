"""The pages of a series: its permanent address, and the forms on which its host makes it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from hustings import limits
from hustings.errors import BadInput
from hustings.space import Refusal, Status
from hustings.web import page
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.agenda import acts, forms, languages, planner, shown
from hustings.web.agenda.api import NO_RIGHT
from hustings.web.agenda.listing import ON
from hustings.web.agenda.series import TAKEN, Series, good_slug
from hustings.web.feeds import shows
from hustings.web.forms import Filled
from hustings.web.forms import read as read_plain
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_Slug = Annotated[str, Path(max_length=limits.SLUG_CHARS)]


@router.get("/series/new")
async def new_form(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """The form for a new series."""
    if account is None:
        return _to("/sign-in?next=/series/new")
    return _form(request, None, {"listed": "on"}, {})


@router.post("/series/new")
async def new(request: Request, account: Visitor, studio: CurrentStudio) -> Response:
    """Make a series and go to its page."""
    if account is None:
        return _to("/sign-in?next=/series/new")
    if not account.may_create:
        raise Problem(403, "role", NO_RIGHT)
    filled = await forms.read(request, studio, forms.SeriesForm)
    if filled.form is None or "preview" in await request.form():
        return _form(request, None, filled.values, filled.errors)
    if filled.form.slug and not good_slug(filled.form.slug):
        return _form(request, None, filled.values, {"slug": TAKEN})
    values = {**filled.form.model_dump(), "listed": bool(filled.form.listed)}
    made = await studio.series.add(owner_id=account.id, now_ms=studios.now_ms(), **values)
    if made is None:
        return _form(request, None, filled.values, {"slug": TAKEN})
    return _to(f"/series/{made.slug}")


@router.get("/series/{slug}")
async def series_page(
    request: Request, slug: _Slug, account: Visitor, studio: CurrentStudio
) -> Response:
    """A series: what comes next, what is coming, what is past."""
    series = await _find(studio, slug)
    if slug != series.slug:
        return RedirectResponse(f"/series/{series.slug}", 307)
    return await _page(request, studio, series, account, {})


@router.post("/series/{slug}/next")
async def make_next(
    request: Request, slug: _Slug, account: Visitor, studio: CurrentStudio
) -> Response:
    """Make the next spaces of a series."""
    if account is None:
        return _to(f"/sign-in?next=/series/{slug}")
    series = await acts.own_series(studio, account, slug)
    if not account.may_create:
        raise Problem(403, "role", NO_RIGHT)
    filled: Filled[forms.RepeatForm] = await read_plain(request, forms.RepeatForm)
    wrong = "Choose how often, and how many."
    if filled.form is not None and filled.form.rule:
        try:
            result = await planner.make_next(
                studio,
                account,
                series,
                rule=filled.form.rule,
                count=min(int(filled.form.count), limits.SERIES_NEXT_COUNT),
                zone=filled.form.zone or "UTC",
                now_ms=studios.now_ms(),
            )
        except BadInput:
            wrong = "This time zone is not known here."
        else:
            if not isinstance(result, Refusal):
                return _to(f"/series/{series.slug}")
            wrong = result.reason
    return await _page(request, studio, series, account, {"next": wrong})


@router.post("/series/{slug}/end")
async def end(request: Request, slug: _Slug, account: Visitor, studio: CurrentStudio) -> Response:
    """Add nothing more to a series; cancel what is still to come of it, or keep it."""
    if account is None:
        return _to(f"/sign-in?next=/series/{slug}")
    series = await acts.own_series(studio, account, slug)
    filled: Filled[forms.EndForm] = await read_plain(request, forms.EndForm)
    if filled.form is None:
        wrong = filled.errors.get("reason", "Choose what becomes of the spaces.")
        return await _page(request, studio, series, account, {"end": wrong})
    cancel = filled.form.spaces == "cancel"
    await acts.end_series(studio, account, series, cancel=cancel, reason=filled.form.reason)
    return _to(f"/series/{series.slug}")


@router.post("/series/{slug}/resume")
async def resume(slug: _Slug, account: Visitor, studio: CurrentStudio) -> Response:
    """Go on with a series that was ended."""
    if account is None:
        return _to(f"/sign-in?next=/series/{slug}")
    series = await acts.own_series(studio, account, slug)
    await studio.series.change(series, ended_at_ms=None)
    return _to(f"/series/{series.slug}")


@router.get("/series/{slug}/edit")
async def edit_form(
    request: Request, slug: _Slug, account: Visitor, studio: CurrentStudio
) -> Response:
    """What is said of a series."""
    if account is None:
        return _to(f"/sign-in?next=/series/{slug}/edit")
    series = await acts.own_series(studio, account, slug)
    names = ("title", "description", "language", "picture")
    values = {name: str(getattr(series, name)) for name in names}
    values["listed"] = "on" if series.listed else ""
    return _form(request, series, values, {})


@router.post("/series/{slug}/edit")
async def edit(request: Request, slug: _Slug, account: Visitor, studio: CurrentStudio) -> Response:
    """Change what is said of a series. Its address stays."""
    if account is None:
        return _to(f"/sign-in?next=/series/{slug}/edit")
    series = await acts.own_series(studio, account, slug)
    filled = await forms.read(request, studio, forms.SeriesForm)
    if filled.form is None or "preview" in await request.form():
        return _form(request, series, filled.values, filled.errors)
    values = {**filled.form.model_dump(exclude={"slug"}), "listed": bool(filled.form.listed)}
    await studio.series.change(series, **values)
    return _to(f"/series/{series.slug}")


async def _find(studio: Studio, slug: str) -> Series:
    series = await studio.series.get(slug)
    if series is None:
        raise Problem(404, "not-found", "There is no series at this address.")
    return series


async def _page(
    request: Request,
    studio: Studio,
    series: Series,
    account: Account | None,
    errors: dict[str, str],
) -> Response:
    mine = account is not None and account.id == series.owner_id
    seen = await (studio.series.spaces(series) if mine else studio.series.shown(series))
    now_ms = studios.now_ms()
    on = [one for one in seen if one.status in ON]
    coming = [
        one
        for one in reversed(seen)
        if one.status is Status.SCHEDULED
        or (one.status is Status.CANCELLED and one.starts_at_ms > now_ms)
    ]
    past = [one for one in seen if one not in on and one not in coming]
    ahead = on + [one for one in coming if one.status is Status.SCHEDULED]
    viewer = account if mine else None
    values: dict[str, Any] = {
        "series": series,
        "mine": mine,
        "rendered": shown.rendered(series.description),
        "language_name": languages.name(series.language) if series.language else "",
        "to_come": any(one.status is Status.SCHEDULED for one in coming),
        "next_one": shown.card(studio, ahead[0]) if ahead else None,
        "groups": [
            ("live", shown.cards(studio, on, account=viewer)),
            ("coming", shown.cards(studio, coming, account=viewer)),
            ("past", shown.cards(studio, past, account=viewer)),
        ],
        "errors": errors,
        "show_sign_in": True,
        **await _feeds(studio, series),
        "preview": shown.preview(
            studio,
            title=series.title,
            path=f"/series/{series.slug}",
            description=series.description,
            picture=series.picture,
        ),
    }
    return page.render(request, "series.html", values, status=422 if errors else 200)


async def _feeds(studio: Studio, series: Series) -> dict[str, Any]:
    """Where a series is followed."""
    show = shows.series_show(series, await studio.accounts.get(series.owner_id))
    base = studio.settings.public_url("studio")
    return {
        "feed_url": base + show.path,
        "calendar_url": base + show.calendar,
        "linked": shows.linked(studio, show) if series.listed else "",
    }


def _form(
    request: Request, series: Series | None, values: dict[str, str], errors: dict[str, str]
) -> Response:
    shown_values = {
        "series": series,
        "values": values,
        "errors": errors,
        "languages_own": languages.NAMES,
        "picture": values.get("picture", ""),
        "rendered": shown.description_values(values),
    }
    return page.render(request, "series_form.html", shown_values, status=422 if errors else 200)


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303)
