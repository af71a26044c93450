"""When a recording goes, and when that is said: never without warning, never earlier than said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hustings import limits
from hustings.archive.retention import Next, following
from hustings.space import Space, Status, decide, evolve
from hustings.space.refusal import Refusal
from hustings.space.replay import Replay
from hustings.space.replay_command import Expire, WarnOfExpiry

DAY = 24 * 3600 * 1000
END = 1_750_000_000_000
LEAD = limits.EXPIRY_WARNING_S * 1000


def _space(**replay: int | None) -> Space:
    kept = Replay(original_ms=32_000, revision=1, **replay)  # type: ignore[arg-type]
    return Space(
        id="abcdefghij",
        status=Status.POSTED,
        ended_at_ms=END,
        recording_ready=True,
        receipt_sha256="ab",
        replay=kept,
    )


def _warns(following: Next) -> int | None:
    assert isinstance(following.command, WarnOfExpiry)
    return following.command.expires_at_ms


def test_for_ever_is_for_ever() -> None:
    assert following(_space(), keep_days=0, now_ms=END + 10_000 * DAY) == Next(None, None)
    assert following(_space(keep_days=0), keep_days=30, now_ms=END + 99 * DAY) == Next(None, None)
    recorded = replace(_space(keep_days=1), recording_ready=False)
    assert following(recorded, keep_days=1, now_ms=END + 99 * DAY) == Next(None, None)
    assert following(_space(expired_at_ms=1), keep_days=1, now_ms=END + DAY) == Next(None, None)


def test_it_is_announced_two_weeks_before() -> None:
    early = following(_space(), keep_days=30, now_ms=END + 15 * DAY)
    assert early == Next(None, END + 30 * DAY - LEAD)
    assert _warns(following(_space(), keep_days=30, now_ms=END + 16 * DAY)) == END + 30 * DAY
    own = following(_space(keep_days=100), keep_days=30, now_ms=END + 16 * DAY)
    assert own.command is None


@pytest.mark.parametrize(("days", "lead"), [(1, 1), (3, 3), (14, 14), (365, 14)])
def test_what_was_off_for_long_is_announced_all_the_same(days: int, lead: int) -> None:
    """A machine that was away, or a setting that was made today, deletes nothing at once."""
    now = END + 5_000 * DAY
    assert _warns(following(_space(), keep_days=days, now_ms=now)) == now + lead * DAY


def test_what_is_kept_briefly_is_announced_at_once() -> None:
    assert _warns(following(_space(), keep_days=3, now_ms=END + 1)) == END + 1 + 3 * DAY


def test_it_goes_at_the_announced_day() -> None:
    over = END + 30 * DAY
    announced = _space(expires_at_ms=over)
    assert following(announced, keep_days=30, now_ms=over - 1) == Next(None, over)
    assert isinstance(following(announced, keep_days=30, now_ms=over).command, Expire)


def test_whoever_keeps_it_longer_calls_it_off() -> None:
    over, now = END + 30 * DAY, END + 20 * DAY
    assert (
        _warns(following(_space(expires_at_ms=over, keep_days=0), keep_days=30, now_ms=now)) is None
    )
    assert _warns(following(_space(expires_at_ms=over), keep_days=0, now_ms=now)) is None
    longer = _space(expires_at_ms=over, keep_days=300)
    assert _warns(following(longer, keep_days=30, now_ms=now)) is None
    little = _space(expires_at_ms=over, keep_days=32)
    assert _warns(following(little, keep_days=30, now_ms=now)) == END + 32 * DAY


def test_whoever_keeps_it_less_long_does_not_bring_it_forward() -> None:
    over = END + 30 * DAY
    less = _space(expires_at_ms=over, keep_days=17)
    assert following(less, keep_days=30, now_ms=END + 18 * DAY) == Next(None, over)


@pytest.mark.parametrize("days", [1, 13, 30])
def test_what_follows_is_taken_and_leads_to_the_end(days: int) -> None:
    """Through the decisions themselves, from a machine that looks every hour."""
    space, now, said = _space(), END, None
    while not space.gone:
        next_ = following(space, keep_days=days, now_ms=now)
        if next_.command is not None:
            event = decide(space, next_.command, now_ms=now)
            assert not isinstance(event, Refusal)
            space = evolve(space, event[0])
            said = said or now
        now += DAY // 24
    assert said is not None
    assert now - said >= min(LEAD, days * DAY)
    assert now >= END + days * DAY
