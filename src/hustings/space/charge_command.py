"""Who is in charge of a space while its host is away: what can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hustings.space.asking import Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDeputy(Asking):
    """Name who stands in for the host, or nobody (""). Only the host may."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutInCharge(Asking):
    """The host is away: somebody of those who are `present` takes over. Only the platform asks,
    because what the stage observes is not among what decisions are made on."""

    present: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack(Asking):
    """The host is back. Only the platform asks."""


ChargeCommand: TypeAlias = SetDeputy | PutInCharge | HandBack
