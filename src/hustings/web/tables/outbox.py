"""What is sent to people and programs: reminders, webhooks and their deliveries."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hustings import limits
from hustings.web.tables.root import HASH_CHARS, ID_CHARS, Table


class ReminderRow(Table):
    """Somebody wants to be told when a space begins.

    `kind` is push or mail; `address` the push service's endpoint or the e-mail address; `secrets`
    the browser's keys as JSON. A mail reminder counts once its address is confirmed. The token
    confirms and ends it. What is to be told, until when and when it is tried next stands in `what`,
    `reason`, `until_ms` and `due_at_ms`; the last is null while there is nothing.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        Index("uq_reminders_space_id_address_hash", "space_id", "address_hash", unique=True),
        Index("ix_reminders_due_at_ms", "due_at_ms"),
    )

    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    space_id: Mapped[str] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(limits.PUSH_ADDRESS_CHARS))
    address_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    secrets: Mapped[str] = mapped_column(String(400))
    confirmed: Mapped[bool] = mapped_column(Boolean)
    language: Mapped[str] = mapped_column(String(16))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str] = mapped_column(String(32), default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    until_ms: Mapped[int | None] = mapped_column(BigInteger)
    due_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class LetterRow(Table):
    """A mail that is not taken yet: whom it is for and what it says, encrypted, because it may
    hold a link that signs somebody in. It is tried at `due_at_ms`, and forgotten at `until_ms`."""

    __tablename__ = "letters"
    __table_args__ = (Index("ix_letters_due_at_ms", "due_at_ms"),)

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    concealed: Mapped[str] = mapped_column(Text)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    due_at_ms: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer)


class AnnouncedRow(Table):
    """What was announced of a space already: whichever studio writes it is the one to announce."""

    __tablename__ = "announced"

    space_id: Mapped[str] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    what: Mapped[str] = mapped_column(String(48), primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)


class HookRow(Table):
    """A program's address that is told what happens. `secret` signs what it is sent: it rests
    encrypted, not hashed. `events` are names with commas between."""

    __tablename__ = "hooks"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(String(limits.HOOK_URL_CHARS))
    secret: Mapped[str] = mapped_column(String(80))
    events: Mapped[str] = mapped_column(String(400))
    everywhere: Mapped[bool] = mapped_column(Boolean)
    created_at_ms: Mapped[int] = mapped_column(BigInteger)


class DeliveryRow(Table):
    """One message to one hook, until it was taken or given up. `status` is the last answer's, 0 for
    none; `due_at_ms` is when it is tried next, null when it is done."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_due_at_ms", "due_at_ms"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    hook_id: Mapped[str] = mapped_column(ForeignKey("hooks.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    made_at_ms: Mapped[int] = mapped_column(BigInteger)
    due_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer)
    status: Mapped[int] = mapped_column(Integer)
    taken: Mapped[bool] = mapped_column(Boolean)
