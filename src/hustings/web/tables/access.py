"""How programs come in: tokens with scopes, and the answers to requests that may be repeated."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hustings import limits
from hustings.web.tables.root import HASH_CHARS, ID_CHARS, Table


class TokenRow(Table):
    """A program's key to an account. `scopes` are words with spaces between them."""

    __tablename__ = "tokens"
    __table_args__ = (Index("uq_tokens_token_hash", "token_hash", unique=True),)

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    scopes: Mapped[str] = mapped_column(String(200))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
    used_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class KeptAnswerRow(Table):
    """A request with an Idempotency-Key. `status` is 0 while it runs; `answer` is encrypted.

    `key_hash` covers who asked, the address and the key; `body_hash` the body.
    """

    __tablename__ = "kept_answers"
    __table_args__ = (Index("ix_kept_answers_at_ms", "at_ms"),)

    key_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    status: Mapped[int] = mapped_column(Integer)
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    at_ms: Mapped[int] = mapped_column(BigInteger)
