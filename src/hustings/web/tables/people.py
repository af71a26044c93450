"""Accounts and their profiles, the ways in which they sign in, and the links that lead to one."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column

from hustings import limits
from hustings.web.tables.root import HASH_CHARS, ID_CHARS, Table


class AccountRow(Table):
    """Somebody who can sign in. `email` is lower case; `role` is a site role.

    An account without an address keeps ":" and its id in `email`, one without a password "" in
    `password_hash`. A deleted account keeps its row, because its spaces name it: without anything
    of the person, and with the moment in `deleted_at_ms`.
    """

    __tablename__ = "accounts"
    __table_args__ = (Index("uq_accounts_handle", "handle", unique=True),)

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    email: Mapped[str] = mapped_column(String(limits.EMAIL_CHARS), unique=True)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(256))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    handle: Mapped[str | None] = mapped_column(String(limits.HANDLE_CHARS))
    biography: Mapped[str] = mapped_column(Text, default="", server_default="")
    picture: Mapped[str] = mapped_column(
        String(limits.PICTURE_ID_CHARS), default="", server_default=""
    )
    deleted_at_ms: Mapped[int | None] = mapped_column(BigInteger)


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
    """One attempt, counted under a key: an account, an address, both, or a browser."""

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


class SiteInviteRow(Table):
    """A link that makes an account: for one address (then it works once) or for who has it.

    `by_id` is null for links that the operator or the open sign-up made; the latter are not listed.
    """

    __tablename__ = "site_invites"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), unique=True)
    email: Mapped[str] = mapped_column(String(limits.EMAIL_CHARS))
    role: Mapped[str] = mapped_column(String(16))
    by_id: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    listed: Mapped[bool] = mapped_column(default=True, server_default=true())
    used_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)


class ResetRow(Table):
    """A one-time link that sets a new password. An account has at most one."""

    __tablename__ = "resets"

    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), unique=True)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)


class PasskeyRow(Table):
    """A passkey (WebAuthn credential) of an account. `credential` is its id in base64url."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    credential: Mapped[str] = mapped_column(String(limits.CREDENTIAL_CHARS), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARS))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    used_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class IdentityRow(Table):
    """Who an account is at an OpenID provider: `subject` at `issuer`."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(String(limits.ISSUER_CHARS), primary_key=True)
    subject: Mapped[str] = mapped_column(String(limits.SUBJECT_CHARS), primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
