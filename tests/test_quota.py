"""Quotas: counted by key, refused at the bound, begun anew when the window ends."""

from __future__ import annotations

from hustings.quota import Policy, Quotas

POLICY = Policy(name="token", count=3, window_s=60)


def test_a_window_ends_as_a_whole() -> None:
    quotas = Quotas()
    lefts = [quotas.take(POLICY, "a", now_s=100 + i).left for i in range(3)]
    assert lefts == [2, 1, 0]
    over = quotas.take(POLICY, "a", now_s=110)
    assert over.refused
    assert over.reset_s == 50
    assert over.header() == '"token";r=0;t=50'
    assert over.policy.header() == '"token";q=3;w=60'
    assert not quotas.take(POLICY, "b", now_s=110).refused
    anew = quotas.take(POLICY, "a", now_s=160)
    assert (anew.refused, anew.left) == (False, 2)


def test_part_seconds_are_rounded_up() -> None:
    quotas = Quotas()
    quotas.take(POLICY, "a", now_s=0.0)
    assert quotas.take(POLICY, "a", now_s=58.5).reset_s == 2
    assert quotas.take(POLICY, "a", now_s=59.99).reset_s == 1


def test_policies_count_apart() -> None:
    quotas = Quotas()
    other = Policy(name="account", count=1, window_s=60)
    for _ in range(3):
        quotas.take(POLICY, "a", now_s=0)
    assert not quotas.take(other, "a", now_s=0).refused


def test_memory_is_bounded() -> None:
    quotas = Quotas(count_max=2)
    for _ in range(3):
        quotas.take(POLICY, "a", now_s=0)
    quotas.take(POLICY, "b", now_s=0)
    assert quotas.take(POLICY, "a", now_s=0).refused  # used just now: it stays
    quotas.take(POLICY, "c", now_s=0)
    assert quotas.take(POLICY, "b", now_s=0).left == 2  # forgotten, so it begins anew
