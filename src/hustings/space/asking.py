"""What every command has: who asks, and in which role."""

from __future__ import annotations

from dataclasses import dataclass

from hustings.space.state import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Something that somebody asks for; `role` is None for the platform itself."""

    by: str
    role: Role | None = None
