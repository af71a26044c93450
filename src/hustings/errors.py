"""The errors that cross a station's border.

HustingsError
├── BadInput      something from outside is malformed: says what was expected and what came
├── ConfigError   a setting cannot be used: names it, its value and what is allowed
├── LogError
│   ├── LogAway   the log did not answer in time; nothing is known about the append
│   ├── Conflict  a compare-and-set lost its race; carries where the subject stands now
│   └── Fenced    another stage holds the lease; the writer must stop
├── NoResponder   nobody serves the request's subject at the moment
└── StoreError    the object store refused or failed

A refusal that a user can run into in normal use is a value, not an error (see `space.Refusal`).
A broken invariant is an assertion.
"""

from __future__ import annotations


class HustingsError(Exception):
    """Root of all errors raised on purpose."""


class BadInput(HustingsError):
    """Input from outside is malformed.

    `what` names the input ("SDP offer", "chunk"), `expected` and `got` finish the sentence that is
    shown to the sender.
    """

    def __init__(self, what: str, *, expected: str, got: str = "") -> None:
        self.what = what
        self.expected = expected
        self.got = got
        came = f", got {got}" if got else ""
        super().__init__(f"{what}: expected {expected}{came}")


class ConfigError(HustingsError):
    """A setting has a value that cannot be used."""

    def __init__(self, setting: str, value: object, *, allowed: str) -> None:
        self.setting = setting
        self.value = value
        self.allowed = allowed
        super().__init__(f"setting {setting} = {value!r} cannot be used: allowed is {allowed}")


class LogError(HustingsError):
    """The log refused or failed."""


class LogAway(LogError):
    """The log did not answer in time. Whether an append was stored is not known: repeat it with
    the same message id."""


class Conflict(LogError):
    """A compare-and-set lost: somebody else appended first."""

    def __init__(self, subject: str, *, expected: int) -> None:
        self.subject = subject
        self.expected = expected
        super().__init__(f"{subject} has moved on: its last sequence is no longer {expected}")


class Fenced(LogError):
    """The lease this writer holds was taken over: it must stop writing for that space."""

    def __init__(self, space: str, *, epoch: int) -> None:
        self.space = space
        self.epoch = epoch
        super().__init__(f"space {space}: the lease of epoch {epoch} was taken over")


class NoResponder(HustingsError):
    """Nobody serves this subject at the moment."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        super().__init__(f"nobody answers on {subject}")


class StoreError(HustingsError):
    """The object store refused or failed."""
