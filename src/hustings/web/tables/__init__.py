"""The tables: accounts, sign-ins, the catalogue of spaces, invitations.

What happens inside a space is in its log, never here. The catalogue's `status` is a copy for lists
and timers; whoever decides something about a space reads the log. Secrets that travel (session
tokens, invitations, the first link) are kept as SHA-256 only. Times are Unix milliseconds.
"""

from hustings.web.tables.access import KeptAnswerRow, TokenRow
from hustings.web.tables.agenda import HeldSeatRow, InviteRow, MemberRow, SeriesRow, SpaceRow
from hustings.web.tables.episodes import EpisodeRow, SentenceRow
from hustings.web.tables.order import (
    AuditRow,
    CaseRow,
    GuestAddressRow,
    ReportRow,
    SuspensionRow,
    TakenSeatRow,
)
from hustings.web.tables.outbox import AnnouncedRow, DeliveryRow, HookRow, LetterRow, ReminderRow
from hustings.web.tables.people import (
    AccountRow,
    FirstLinkRow,
    IdentityRow,
    PasskeyRow,
    ResetRow,
    SignInRow,
    SignInTryRow,
    SiteInviteRow,
)
from hustings.web.tables.root import HASH_CHARS, ID_CHARS, Table

__all__ = [
    "HASH_CHARS",
    "ID_CHARS",
    "AccountRow",
    "AnnouncedRow",
    "AuditRow",
    "CaseRow",
    "DeliveryRow",
    "EpisodeRow",
    "FirstLinkRow",
    "GuestAddressRow",
    "HeldSeatRow",
    "HookRow",
    "IdentityRow",
    "InviteRow",
    "KeptAnswerRow",
    "LetterRow",
    "MemberRow",
    "PasskeyRow",
    "ReminderRow",
    "ReportRow",
    "ResetRow",
    "SentenceRow",
    "SeriesRow",
    "SignInRow",
    "SignInTryRow",
    "SiteInviteRow",
    "SpaceRow",
    "SuspensionRow",
    "Table",
    "TakenSeatRow",
    "TokenRow",
]
