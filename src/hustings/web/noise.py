"""Noise suppression as the studio knows it: whether there is any, and for which seats."""

from __future__ import annotations

from hustings import extra
from hustings.config import Settings
from hustings.space.state import Seat


def offered() -> bool:
    """Whether it is installed. Stages are taken to have what the studio has."""
    return not extra.missing("denoise")


def denoised(settings: Settings, seat: Seat) -> bool:
    """Whether a seat's noise is suppressed."""
    wanted = settings.denoise == "on" if seat.denoised is None else seat.denoised
    return wanted and offered()
