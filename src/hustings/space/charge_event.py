"""Who is in charge of a space while its host is away: what is decided about it."""

from __future__ import annotations

from typing import TypeAlias

from hustings.space.happening import Decision


class DeputySet(Decision, frozen=True, kw_only=True, tag="deputy_set"):
    """The host has named who stands in for them; "" is nobody any more."""

    seat: str


class DeputyInCharge(Decision, frozen=True, kw_only=True, tag="deputy_in_charge"):
    """The host is away: whoever sits here runs the space meanwhile, as a co-host does."""

    seat: str


class HostInCharge(Decision, frozen=True, kw_only=True, tag="host_in_charge"):
    """The host is back."""


ChargeDecided: TypeAlias = DeputySet | DeputyInCharge | HostInCharge
