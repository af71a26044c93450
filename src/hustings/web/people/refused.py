"""Refusals about accounts: which field of a form cannot be used, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something about an account cannot be. `field` is "form" when it is no one field's."""

    field: str
    reason: str

    @property
    def errors(self) -> dict[str, str]:
        """The same as a form's errors."""
        return {self.field: self.reason}
