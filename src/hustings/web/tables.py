"""The tables: accounts, sign-ins, the catalogue of spaces, invitations.

What happens inside a space is in its log, never here. The catalogue's `status` is a copy for lists
and timers; whoever decides something about a space reads the log. Secrets that travel (session
tokens, invitations, the first link) are kept as SHA-256 only. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hustings import limits

ID_CHARS: Final = 16
HASH_CHARS: Final = 64

# Constraints have names on every database, so that later migrations can speak of them.
_NAMES: Final = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(naming_convention=_NAMES)


class AccountRow(Table):
    """Somebody who can sign in. `email` is lower case; `role` is a site role."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    email: Mapped[str] = mapped_column(String(limits.EMAIL_CHARS), unique=True)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(256))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)


class SignInRow(Table):
    """One browser that is signed in, until it expires or is revoked (the row is deleted)."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    agent: Mapped[str] = mapped_column(String(200))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)


class SignInTryRow(Table):
    """One attempt to sign in, counted per account and per address."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index("ix_sign_in_tries_key_at_ms", "key", "at_ms"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(String(HASH_CHARS + 8))
    at_ms: Mapped[int] = mapped_column(BigInteger)


class FirstLinkRow(Table):
    """The one-time link that makes the first account."""

    __tablename__ = "first_links"

    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)


class SpaceRow(Table):
    """A space in the catalogue."""

    __tablename__ = "spaces"
    __table_args__ = (Index("ix_spaces_status_doors_at_ms", "status", "doors_at_ms"),)

    id: Mapped[str] = mapped_column(String(limits.SPACE_ID_CHARS), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    starts_at_ms: Mapped[int] = mapped_column(BigInteger)
    doors_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    created_at_ms: Mapped[int] = mapped_column(BigInteger)


class HeldSeatRow(Table):
    """The seat that an account has in a space."""

    __tablename__ = "held_seats"

    space_id: Mapped[str] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    seat: Mapped[str] = mapped_column(String(ID_CHARS))


class InviteRow(Table):
    """A link that leads to a seat. A seat has at most one: a new link ends the old one."""

    __tablename__ = "invites"
    __table_args__ = (Index("uq_invites_space_id_seat", "space_id", "seat", unique=True),)

    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    space_id: Mapped[str] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    seat: Mapped[str] = mapped_column(String(ID_CHARS))
    role: Mapped[str] = mapped_column(String(16))
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
