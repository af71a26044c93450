"""The catalogue of spaces and series; seats and memberships of accounts; invitations to seats."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from hustings import limits
from hustings.web.tables.root import HASH_CHARS, ID_CHARS, Table


class SeriesRow(Table):
    """Spaces that belong together, at one address that stays.

    `rule` says how they repeat (`weekly`, `monthly` or not at all), beginning with `anchor`: date
    and time of the first one as a clock on the wall shows them in the time zone `zone`. Nothing is
    added to one that has ended.
    """

    __tablename__ = "series"
    __table_args__ = (Index("uq_series_slug", "slug", unique=True),)

    id: Mapped[str] = mapped_column(String(limits.SPACE_ID_CHARS), primary_key=True)
    slug: Mapped[str] = mapped_column(String(limits.SLUG_CHARS))
    owner_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(limits.LANGUAGE_CHARS))
    picture: Mapped[str] = mapped_column(String(limits.PICTURE_ID_CHARS))
    listed: Mapped[bool] = mapped_column()
    rule: Mapped[str] = mapped_column(String(16))
    anchor: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(limits.ZONE_CHARS))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    ended_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class SpaceRow(Table):
    """A space in the catalogue. All but owner, `zone` and times of the row is a copy of its log.

    `words` is what a search looks at: title, host and description without capitals.
    `changed_at_ms` is when this row last became different, 0 if it was never compared with the log.
    """

    __tablename__ = "spaces"
    __table_args__ = (
        Index("ix_spaces_status_doors_at_ms", "status", "doors_at_ms"),
        Index("ix_spaces_status_starts_at_ms", "status", "starts_at_ms"),
        # However many ask for a series' next spaces at once: each of them is made once.
        Index(
            "uq_spaces_series_id_occurrence",
            "series_id",
            "occurrence",
            unique=True,
            sqlite_where=text("occurrence >= 0"),
            postgresql_where=text("occurrence >= 0"),
        ),
    )

    id: Mapped[str] = mapped_column(String(limits.SPACE_ID_CHARS), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    starts_at_ms: Mapped[int] = mapped_column(BigInteger)
    doors_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    language: Mapped[str] = mapped_column(
        String(limits.LANGUAGE_CHARS), default="", server_default=""
    )
    host: Mapped[str] = mapped_column(String(limits.NAME_CHARS), default="", server_default="")
    picture: Mapped[str] = mapped_column(
        String(limits.PICTURE_ID_CHARS), default="", server_default=""
    )
    listed: Mapped[bool] = mapped_column(default=True)
    private: Mapped[bool] = mapped_column(default=False)
    publishing: Mapped[str] = mapped_column(String(16), default="auto", server_default="auto")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    series_id: Mapped[str] = mapped_column(
        String(limits.SPACE_ID_CHARS), default="", server_default="", index=True
    )
    recording_seconds: Mapped[float | None] = mapped_column(Float)
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    changed_at_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # Which occurrence of its series it is, counted from 0; -1 if it is none.
    occurrence: Mapped[int] = mapped_column(Integer, default=-1, server_default="-1")
    live_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    ended_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    # Of the recording: its newest receipt, the version that is published, whether its time is over,
    # and how much of the store it takes.
    receipt_sha256: Mapped[str] = mapped_column(String(HASH_CHARS), default="", server_default="")
    version: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    gone: Mapped[bool] = mapped_column(default=False, server_default=false())
    kept_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


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


class MemberRow(Table):
    """An account that may listen to a private space, by being signed in."""

    __tablename__ = "members"

    space_id: Mapped[str] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at_ms: Mapped[int] = mapped_column(BigInteger)


class InviteRow(Table):
    """A link that leads to a seat. A seat has at most one: a new link ends the old one."""

    __tablename__ = "invites"
    __table_args__ = (Index("uq_invites_space_id_seat", "space_id", "seat", unique=True),)

    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    space_id: Mapped[str] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    seat: Mapped[str] = mapped_column(String(ID_CHARS))
    role: Mapped[str] = mapped_column(String(16))
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
