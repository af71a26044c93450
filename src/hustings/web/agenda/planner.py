"""Making spaces: one, one like another, and the next ones of a series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from hustings import limits
from hustings.space import Refusal, Space
from hustings.space.command import GrantSeat, RevokeSeat, Schedule
from hustings.space.state import Publishing, Role
from hustings.web import secret
from hustings.web.accounts import Account
from hustings.web.agenda import quota
from hustings.web.agenda.recurrence import Rule, local, occurrences
from hustings.web.agenda.series import ENDED, Series
from hustings.web.spaces import SEAT_CHARS
from hustings.web.studio import Studio

_RACE: Final = Refusal("race", "Others change this series at this moment. Look at it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A space to be made. `series` is the id of one, or ""; a start of 0 means now. `keep_days` is
    None or -1 for as long as the installation keeps recordings."""

    title: str
    description: str = ""
    language: str = ""
    picture: str = ""
    listed: bool = True
    private: bool = False
    publishing: Publishing = Publishing.AUTO
    listeners_max: int = 0
    guests: bool = True
    keep_days: int | None = None
    delay_s: int | None = None
    hold_sound: str = ""
    series: str = ""
    starts_at_ms: int = 0
    doors_at_ms: int | None = None


def like(space: Space) -> Plan:
    """A plan for another space like this one; its times are still to be chosen."""
    return Plan(
        title=space.title,
        description=space.description,
        language=space.language,
        picture=space.picture,
        listed=space.listed,
        private=space.private,
        publishing=space.publishing,
        listeners_max=space.listeners_max,
        guests=space.guests,
        keep_days=space.replay.keep_days,
        delay_s=space.delay_s,
        hold_sound=space.hold_sound,
        series=space.series,
    )


async def make(
    studio: Studio,
    account: Account,
    plan: Plan,
    *,
    now_ms: int,
    people_of: str = "",
    occurrence: int = -1,
) -> Space | Refusal:
    """A new space of that account. Members and co-hosts of the space `people_of` come along."""
    schedule = Schedule(
        by=account.id,
        title=plan.title,
        description=plan.description,
        language=plan.language,
        host=account.name,
        starts_at_ms=plan.starts_at_ms,
        doors_at_ms=plan.doors_at_ms,
        private=plan.private,
        listed=plan.listed,
        publishing=plan.publishing,
        picture=plan.picture,
        listeners_max=plan.listeners_max,
        series=plan.series,
        guests=plan.guests,
        keep_days=None if plan.keep_days == -1 else plan.keep_days,
        delay_s=plan.delay_s or 0,
        hold_sound=plan.hold_sound,
    )
    if (full := await quota.refusal(studio, account)) is not None:
        return full
    made = await studio.spaces.create(
        schedule,
        owner_id=account.id,
        host_name=account.name,
        now_ms=now_ms,
        occurrence=occurrence,
    )
    if isinstance(made, Refusal) or not people_of:
        return made
    for member in await studio.membership.members(people_of):
        await studio.membership.admit(made.id, member, now_ms=now_ms)
    before = await studio.spaces.state(people_of)
    for cohost in await studio.membership.cohosts(before):
        await add_cohost(studio, made, cohost.account, by=account.id, now_ms=now_ms)
    return made


async def add_cohost(
    studio: Studio, space: Space, account: Account, *, by: str, now_ms: int
) -> Space | Refusal:
    """Give an account a co-host's seat, which it takes by being signed in."""
    there = await studio.membership.cohosts(space)
    if any(one.account.id == account.id for one in there):
        return Refusal("done", f"{account.name} is a co-host already.")
    if len(there) >= limits.COHOSTS_COUNT:
        return Refusal("full", f"A space has at most {limits.COHOSTS_COUNT} co-hosts.")
    seat = secret.identifier(SEAT_CHARS)
    grant = GrantSeat(
        by=by,
        seat=seat,
        name=account.name,
        seat_role=Role.COHOST,
        person=account.person,
    )
    made = await studio.spaces.command(space.id, grant, now_ms=now_ms)
    if isinstance(made, Space):
        await studio.membership.hold(space.id, account.id, seat)
    return made


async def drop_cohost(
    studio: Studio, space: Space, account_id: str, *, by: str, role: Role, now_ms: int
) -> Space | Refusal | None:
    """Take a co-host's seat away; None if the account is none."""
    for one in await studio.membership.cohosts(space):
        if one.account.id == account_id:
            revoke = RevokeSeat(by=by, role=role, seat=one.seat)
            done = await studio.spaces.command(space.id, revoke, now_ms=now_ms)
            await studio.membership.let_go(space.id, account_id)
            return done
    return None


async def make_next(
    studio: Studio,
    account: Account,
    series: Series,
    *,
    rule: Rule,
    count: int,
    zone: str,
    now_ms: int,
) -> list[Space] | Refusal:
    """The next spaces of a series, each like the last one, by the clock on the host's wall.

    Of several who ask at once one makes them; the others are told so where they meet.
    """
    if series.ended:
        return Refusal("status", ENDED)
    spaces = [one for one in await studio.series.spaces(series) if one.owner_id == account.id]
    if not spaces:
        return Refusal("missing", "Make the first space of this series yourself.")
    template = max(spaces, key=lambda one: (one.occurrence, one.starts_at_ms))
    last = template.occurrence
    if series.rule is not rule or not series.anchor or last < 0:
        template = max(spaces, key=lambda one: one.starts_at_ms)
        begun = await studio.series.restart(
            series,
            template,
            last=last,
            rule=rule,
            anchor=local(template.starts_at_ms, zone),
            zone=zone,
        )
        if begun is None:
            return _RACE
        series, last = begun, 0
    before = await studio.spaces.state(template.id)
    lead_ms = None if template.doors_at_ms is None else template.starts_at_ms - template.doors_at_ms
    plan = replace(like(before), series=series.id)
    made: list[Space] = []
    for n, starts_at_ms in occurrences(series.anchor, series.zone, series.rule):
        if len(made) == count or starts_at_ms > limits.TIME_MS_MAX:
            break
        if n <= last or starts_at_ms <= now_ms:
            continue
        if await studio.series.get(series.id) != series:
            return _RACE
        doors_at_ms = None if lead_ms is None else starts_at_ms - lead_ms
        one_plan = replace(plan, starts_at_ms=starts_at_ms, doors_at_ms=doors_at_ms)
        space = await make(
            studio, account, one_plan, now_ms=now_ms, people_of=template.id, occurrence=n
        )
        if isinstance(space, Refusal):
            return space
        made.append(space)
    return made
