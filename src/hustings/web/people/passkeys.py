"""Passkeys (WebAuthn level 3): registered on the account's page, then sign in without an address.

Alone imports webauthn. Credentials are discoverable and the authenticator verifies its user, so a
passkey is a whole sign-in by itself. The challenge travels in a signed cookie of the browser that
asked for it; a signature counter that does not rise betrays a copy and is refused.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, update

from hustings import limits
from hustings.web import secret
from hustings.web.accounts import Account, account_of
from hustings.web.database import Database
from hustings.web.tables import AccountRow, PasskeyRow


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of an account."""

    id: str
    name: str
    created_at_ms: int
    used_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """What the browser is asked: the ceremony's options, and its challenge for the cookie."""

    options: dict[str, Any]
    challenge: str


class Passkeys:
    """The passkeys in the database. `now_ms` is Unix milliseconds everywhere."""

    def __init__(self, database: Database, *, studio_url: str) -> None:
        self._database = database
        parts = urlsplit(studio_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._site = parts.hostname or ""

    @property
    def possible(self) -> bool:
        """Whether browsers take passkeys here: for a name, over TLS or on this machine."""
        try:
            ipaddress.ip_address(self._site)
        except ValueError:
            return self._origin.startswith("https://") or self._site == "localhost"
        return False

    async def offer(self, account: Account) -> Question:
        """Ask for a new passkey of this account."""
        import webauthn
        from webauthn.helpers import structs

        async with self._database.read() as session:
            known = await session.scalars(
                select(PasskeyRow.credential).where(PasskeyRow.account_id == account.id)
            )
            options = webauthn.generate_registration_options(
                rp_id=self._site,
                rp_name="Hustings",
                user_id=account.id.encode(),
                user_name=account.email or account.name,
                user_display_name=account.name,
                timeout=limits.CEREMONY_S * 1000,
                authenticator_selection=structs.AuthenticatorSelectionCriteria(
                    resident_key=structs.ResidentKeyRequirement.REQUIRED,
                    user_verification=structs.UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[
                    structs.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one))
                    for one in known
                ],
            )
        return _question(webauthn.options_to_json(options))

    async def add(
        self, account: Account, answer: dict[str, Any], *, challenge: str, name: str, now_ms: int
    ) -> bool:
        """Keep the passkey in the browser's answer (JSON); False if it is not good."""
        import webauthn

        try:
            found = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=webauthn.base64url_to_bytes(challenge),
                expected_rp_id=self._site,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except _broken():
            return False
        credential = webauthn.helpers.bytes_to_base64url(found.credential_id)
        if len(credential) > limits.CREDENTIAL_CHARS:
            return False
        mine = PasskeyRow.account_id == account.id
        async with self._database.write() as session:
            kept = await session.scalar(select(func.count()).where(mine)) or 0
            known = await session.scalar(
                select(PasskeyRow.id).where(PasskeyRow.credential == credential)
            )
            if known is not None or kept >= limits.PASSKEYS_COUNT:
                return False
            session.add(
                PasskeyRow(
                    id=secret.identifier(),
                    account_id=account.id,
                    credential=credential,
                    public_key=found.credential_public_key,
                    sign_count=found.sign_count,
                    name=name,
                    created_at_ms=now_ms,
                    used_at_ms=None,
                )
            )
        return True

    def ask(self) -> Question:
        """Ask whoever is there for a passkey of this studio."""
        import webauthn
        from webauthn.helpers import structs

        options = webauthn.generate_authentication_options(
            rp_id=self._site,
            timeout=limits.CEREMONY_S * 1000,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        return _question(webauthn.options_to_json(options))

    async def check(self, answer: dict[str, Any], *, challenge: str, now_ms: int) -> Account | None:
        """The account whose passkey made this answer (JSON); None if it is not good."""
        import webauthn

        try:
            parsed = webauthn.helpers.parse_authentication_credential_json(answer)
        except _broken():
            return None
        async with self._database.read() as session:
            found = (
                await session.execute(
                    select(PasskeyRow, AccountRow)
                    .join(AccountRow, AccountRow.id == PasskeyRow.account_id)
                    .where(PasskeyRow.credential == parsed.id)
                )
            ).one_or_none()
        if found is None:
            return None
        kept, row = found
        if parsed.response.user_handle not in (None, row.id.encode()):
            return None
        try:
            verified = webauthn.verify_authentication_response(
                credential=parsed,
                expected_challenge=webauthn.base64url_to_bytes(challenge),
                expected_rp_id=self._site,
                expected_origin=self._origin,
                credential_public_key=kept.public_key,
                credential_current_sign_count=kept.sign_count,
                require_user_verification=True,
            )
        except _broken():
            return None
        async with self._database.write() as session:
            # Of two answers with the same count, one is a copy.
            counted = await session.scalar(
                update(PasskeyRow)
                .where(PasskeyRow.id == kept.id, PasskeyRow.sign_count == kept.sign_count)
                .values(sign_count=verified.new_sign_count, used_at_ms=now_ms)
                .returning(PasskeyRow.id)
            )
        return account_of(row) if counted is not None else None

    async def all(self, account: Account) -> list[Passkey]:
        """The account's passkeys, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(PasskeyRow)
                .where(PasskeyRow.account_id == account.id)
                .order_by(PasskeyRow.created_at_ms, PasskeyRow.id)
            )
            return [Passkey(r.id, r.name, r.created_at_ms, r.used_at_ms) for r in rows]

    async def rename(self, account: Account, passkey: str, name: str) -> bool:
        """Call a passkey something else; False if the account has no such one."""
        async with self._database.write() as session:
            renamed = await session.scalar(
                update(PasskeyRow)
                .where(PasskeyRow.id == passkey, PasskeyRow.account_id == account.id)
                .values(name=name)
                .returning(PasskeyRow.id)
            )
        return renamed is not None

    async def remove(self, account: Account, passkey: str) -> bool:
        """Forget a passkey; False if the account has no such one."""
        async with self._database.write() as session:
            removed = await session.scalar(
                delete(PasskeyRow)
                .where(PasskeyRow.id == passkey, PasskeyRow.account_id == account.id)
                .returning(PasskeyRow.id)
            )
        return removed is not None


def _question(options: str) -> Question:
    asked: dict[str, Any] = json.loads(options)
    return Question(asked, str(asked["challenge"]))


def _broken() -> tuple[type[Exception], ...]:
    # What a browser sends is parsed by the library with whatever errors Python has for that.
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError)
