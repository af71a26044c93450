"""The pages on which a space is made and changed. No script needed."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from hustings.space import Refusal, Space, Status
from hustings.space.command import Cancel, Delay
from hustings.web import page
from hustings.web import studio as studios
from hustings.web.accounts import Account
from hustings.web.agenda import acts, forms, languages, planner, recurrence, shown
from hustings.web.agenda.api import NO_RIGHT
from hustings.web.agenda.series import ENDED, Series
from hustings.web.forms import Filled
from hustings.web.forms import read as read_plain
from hustings.web.holding import sounds
from hustings.web.problem import Problem
from hustings.web.standing import CurrentStudio, Host, Standing, Visitor
from hustings.web.studio import Studio

router: Final = APIRouter(include_in_schema=False)

_OVER: Final = frozenset({Status.ENDED, Status.POSTED, Status.WITHHELD})
_SpaceId = Annotated[str, Query(pattern="^([a-z0-9]{1,16})?$")]


@router.get("/new")
async def new_form(
    request: Request,
    account: Visitor,
    studio: CurrentStudio,
    like: _SpaceId = "",
    series: _SpaceId = "",
) -> Response:
    """The form for a new space; filled in if it is to be like another."""
    if account is None:
        query = f"?{request.url.query}" if request.url.query else ""
        return _to("/sign-in?next=/new" + query.replace("?", "%3F").replace("&", "%26"))
    values: dict[str, str] = {"series": series}
    if like:
        values = await _like(studio, account, like)
    return await _render(request, studio, account, values, {})


@router.post("/new")
async def new(
    request: Request, account: Visitor, studio: CurrentStudio, like: _SpaceId = ""
) -> Response:
    """Make a space and go to its desk; or several, and go to their list."""
    if account is None:
        return _to("/sign-in?next=/new")
    if not account.may_create:
        raise Problem(403, "role", NO_RIGHT)
    filled = await forms.read(request, studio, forms.SpaceForm)
    if "preview" in await request.form() or filled.form is None:
        return await _render(request, studio, account, filled.values, filled.errors)
    now_ms = studios.now_ms()
    try:
        result = await _make(studio, account, filled.form, like=like, now_ms=now_ms)
    except ValueError as error:
        errors = {"starts_local": str(error)}
        return await _render(request, studio, account, filled.values, errors)
    if isinstance(result, Refusal):
        errors = {"form": result.reason}
        return await _render(request, studio, account, filled.values, errors)
    return _to(result)


async def _make(
    studio: Studio, account: Account, form: forms.SpaceForm, *, like: str, now_ms: int
) -> str | Refusal:
    """Make what the form says; where to go then. ValueError when its time cannot be."""
    starts_at_ms, doors_at_ms = form.times(now_ms=now_ms)
    zone = form.zone or "UTC"
    if form.series and (await acts.own_series(studio, account, form.series)).ended:
        return Refusal("status", ENDED)
    if like:
        await _like(studio, account, like)
    series_id = form.series
    if form.times_count > 1 and not series_id:
        series = await studio.series.add(
            owner_id=account.id,
            title=form.title,
            description=form.description,
            language=form.language,
            picture=form.picture,
            listed=form.kept["listed"] and not form.kept["private"],
            now_ms=now_ms,
        )
        series_id = series.id if series else ""
    plan = planner.Plan(
        **form.kept, series=series_id, starts_at_ms=starts_at_ms, doors_at_ms=doors_at_ms
    )
    made = await planner.make(studio, account, plan, now_ms=now_ms, people_of=like)
    if isinstance(made, Refusal):
        return made
    if form.times_count == 1:
        return f"/s/{made.id}/stage"
    series = await acts.own_series(studio, account, series_id)
    more = await planner.make_next(
        studio,
        account,
        series,
        rule=form.repeat,
        count=form.times_count - 1,
        zone=zone,
        now_ms=now_ms,
    )
    return more if isinstance(more, Refusal) else f"/series/{series.slug}"


@router.get("/s/{space_id}/edit")
async def edit_form(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """What is said of a space, and who runs and hears it."""
    return await edit_page(request, studio, asker, values=values_of(asker.space), errors={})


@router.post("/s/{space_id}/edit")
async def edit(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Change what is said of a space."""
    filled: Filled[forms.EditForm] | Filled[forms.OverForm]
    if acts.changeable(asker.space):
        filled = await forms.read(request, studio, forms.EditForm)
    else:
        filled = await forms.read(request, studio, forms.OverForm)
    if "preview" in await request.form() or filled.form is None:
        return await edit_page(request, studio, asker, values=filled.values, errors=filled.errors)
    result = await acts.edit(studio, asker, filled.form.command(by=asker.by, role=asker.role))
    if isinstance(result, Refusal):
        errors = {"form": result.reason}
        return await edit_page(request, studio, asker, values=filled.values, errors=errors)
    return _to(f"/s/{asker.space.id}/edit?done=saved")


@router.post("/s/{space_id}/delay")
async def delay(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Begin later; listeners read why."""
    filled: Filled[forms.DelayForm] = await read_plain(request, forms.DelayForm)
    errors = {f"delay_{name}": text for name, text in filled.errors.items()}
    if filled.form is not None:
        try:
            starts = forms.starts_ms(
                filled.form.starts_local,
                filled.form.zone,
                filled.form.starts_at_ms,
                now_ms=studios.now_ms(),
            )
        except ValueError as error:
            errors = {"delay_starts_local": str(error)}
        else:
            command = Delay(
                by=asker.by, role=asker.role, starts_at_ms=starts, reason=filled.form.reason
            )
            if (wrong := await _carried(studio, asker, command)) is None:
                return _to(f"/s/{asker.space.id}/edit?done=delayed")
            errors = {"delay_reason": wrong}
    values = {f"delay_{name}": text for name, text in filled.values.items()}
    values = {**values_of(asker.space), **values}
    return await edit_page(request, studio, asker, values=values, errors=errors)


@router.post("/s/{space_id}/cancel")
async def cancel(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Call a space off; listeners read why."""
    filled: Filled[forms.ReasonForm] = await read_plain(request, forms.ReasonForm)
    wrong = filled.errors.get("reason")
    if filled.form is not None:
        command = Cancel(by=asker.by, role=asker.role, reason=filled.form.reason)
        wrong = await _carried(studio, asker, command)
    if wrong is None:
        return _to("/spaces")
    return await edit_page(
        request, studio, asker, values=values_of(asker.space), errors={"cancel_reason": wrong}
    )


async def _carried(studio: Studio, asker: Standing, command: Delay | Cancel) -> str | None:
    result = await studio.spaces.command(asker.space.id, command, now_ms=studios.now_ms())
    return result.reason if isinstance(result, Refusal) else None


async def edit_page(
    request: Request,
    studio: Studio,
    asker: Standing,
    *,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response:
    """The page on which a space is changed."""
    space = asker.space
    shown_values = {
        "space": space,
        "values": values,
        "errors": errors,
        "languages_own": languages.NAMES,
        "picture": values.get("picture", ""),
        "hold_sound": sounds.path(space.hold_sound),
        "rendered": shown.description_values(values),
        "changeable": acts.changeable(space),
        "over": space.status in _OVER,
        "series": await _series(studio, asker),
        "later": space.status in (Status.SCHEDULED, Status.DOORS),
        "cohosts": [one.account for one in await studio.membership.cohosts(space)],
        "members": await studio.membership.members(space.id),
        "done": request.query_params.get("done", ""),
        "share_url": studio.share_url(space.id),
    }
    return page.render(request, "edit.html", shown_values, status=422 if errors else 200)


async def _series(studio: Studio, asker: Standing) -> list[Series]:
    """The series that a space may belong to: its host's, which only the host sees."""
    if not asker.owns:
        return []
    stays = asker.space.series
    owned = await studio.series.owned(asker.listed.owner_id)
    return [one for one in owned if not one.ended or one.id == stays]


def values_of(space: Space) -> dict[str, str]:
    """A space as its form has it."""
    audience = "private" if space.private else "public" if space.listed else "unlisted"
    return {
        "title": space.title,
        "description": space.description,
        "language": space.language,
        "picture": space.picture,
        "audience": audience,
        "publishing": space.publishing.value,
        "listeners_max": str(space.listeners_max or ""),
        "keep_days": str(-1 if space.replay.keep_days is None else space.replay.keep_days),
        "delay_s": str(space.delay_s),
        "delay_fixed": "" if space.status is Status.SCHEDULED else "on",
        "guests": "on" if space.guests else "",
        "guests_shown": "on",
        "series": space.series,
    }


async def _like(studio: Studio, account: Account, like: str) -> dict[str, str]:
    """The form of another space like one of the account's own."""
    listed = await studio.catalogue.get(like)
    if listed is None or listed.owner_id != account.id:
        raise Problem(404, "not-found", "You have no such space.")
    space = await studio.spaces.state(like)
    values = {**values_of(space), "series": space.series, "when": "later"}
    if listed.doors_at_ms is not None:
        values["doors_minutes"] = str((listed.starts_at_ms - listed.doors_at_ms) // 60_000)
    else:
        values["doors_minutes"] = ""
    return values


async def _render(
    request: Request,
    studio: Studio,
    account: Account,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response:
    shown_values: dict[str, Any] = {
        "values": values,
        "errors": errors,
        "languages_own": languages.NAMES,
        "picture": values.get("picture", ""),
        "rendered": shown.description_values(values),
        "series": [one for one in await studio.series.owned(account.id) if not one.ended],
        "rules": recurrence.Rule,
        "may_create": account.may_create,
    }
    return page.render(request, "new.html", shown_values, status=422 if errors else 200)


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303)
