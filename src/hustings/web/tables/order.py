"""Moderation: the audit log, reports, suspensions, addresses of guests.

None of them points to a space or an account by a foreign key: what was decided stays written down
when what it was about is gone.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hustings import limits
from hustings.web.tables.root import HASH_CHARS, ID_CHARS, Table

_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
ABOUT_CHARS: Final = 80
DEED_CHARS: Final = 40


class AuditRow(Table):
    """One entry of the audit log. The database itself refuses to change or delete it."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_space_id_id", "space_id", "id"),
        Index("ix_audit_person_id", "person", "id"),
        Index("ix_audit_by_id", "by", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(_NUMBER, primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(String(limits.PERSON_CHARS))
    by_name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    did: Mapped[str] = mapped_column(String(DEED_CHARS))
    space_id: Mapped[str] = mapped_column(String(limits.SPACE_ID_CHARS))
    about: Mapped[str] = mapped_column(String(ABOUT_CHARS))
    person: Mapped[str] = mapped_column(String(limits.PERSON_CHARS))
    reason: Mapped[str] = mapped_column(String(limits.REASON_CHARS))
    snapshot: Mapped[str] = mapped_column(Text)


class CaseRow(Table):
    """Something that was reported, once or often. `outcome` is "" while it waits; `outcome_did`
    are the steps that the decision took, so that it can be taken back."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_thing", "space_id", "kind", "thing", unique=True),
        Index("ix_cases_outcome_newest_at_ms", "outcome", "newest_at_ms"),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    space_id: Mapped[str] = mapped_column(String(limits.SPACE_ID_CHARS))
    kind: Mapped[str] = mapped_column(String(16))
    thing: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(String(limits.PERSON_CHARS))
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    snapshot: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(Integer)
    first_at_ms: Mapped[int] = mapped_column(BigInteger)
    newest_at_ms: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(String(16))
    outcome_did: Mapped[str] = mapped_column(String(DEED_CHARS))
    outcome_by: Mapped[str] = mapped_column(String(limits.PERSON_CHARS))
    outcome_reason: Mapped[str] = mapped_column(String(limits.REASON_CHARS))
    outcome_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class ReportRow(Table):
    """One person's report. `reporter` is a keyed hash: the same one counts once per thing."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_case_id_at_ms", "case_id", "at_ms"),)

    case_id: Mapped[str] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True
    )
    reporter: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    reason: Mapped[str] = mapped_column(String(limits.REASON_CHARS))
    at_ms: Mapped[int] = mapped_column(BigInteger)


class SuspensionRow(Table):
    """Somebody who may not speak, chat or create: until a time, or (None) for good.

    A state beside the account, which keeps its role, its spaces and all else. `address_hash` bars
    a guest's address until `address_until_ms`. It ends when `lifted_at_ms` is set.
    """

    __tablename__ = "suspensions"
    __table_args__ = (
        Index("ix_suspensions_person", "person"),
        Index("ix_suspensions_lifted_at_ms_until_ms", "lifted_at_ms", "until_ms"),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    person: Mapped[str] = mapped_column(String(limits.PERSON_CHARS))
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    reason: Mapped[str] = mapped_column(String(limits.REASON_CHARS))
    by: Mapped[str] = mapped_column(String(limits.PERSON_CHARS))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int | None] = mapped_column(BigInteger)
    address_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    address_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    lifted_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    lifted_by: Mapped[str] = mapped_column(String(limits.PERSON_CHARS))


class TakenSeatRow(Table):
    """A seat that a suspension took away, with its invitation: given back when it ends."""

    __tablename__ = "taken_seats"

    suspension_id: Mapped[str] = mapped_column(
        ForeignKey("suspensions.id", ondelete="CASCADE"), primary_key=True
    )
    space_id: Mapped[str] = mapped_column(String(limits.SPACE_ID_CHARS), primary_key=True)
    seat: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    role: Mapped[str] = mapped_column(String(16))
    invite_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    invite_expires_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class GuestAddressRow(Table):
    """The keyed hash of the address that a guest came from, for a day."""

    __tablename__ = "guest_addresses"
    __table_args__ = (Index("ix_guest_addresses_seen_at_ms", "seen_at_ms"),)

    person: Mapped[str] = mapped_column(String(limits.PERSON_CHARS), primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    seen_at_ms: Mapped[int] = mapped_column(BigInteger)
