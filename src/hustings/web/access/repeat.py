"""Requests that may be sent twice: the answer to an Idempotency-Key is kept for a day.

(draft-ietf-httpapi-idempotency-key-header.) A request is written down before it runs; the same key
meanwhile is a conflict, and afterwards gets the same answer. An answer may hold a secret that is
shown once (a link, a token), so it rests encrypted, under a key that is made of the installation's
and of the Idempotency-Key itself, which is not kept: the database alone gives none away.

An answer that made nothing (an error) is not kept: asking again is then asking anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from enum import Enum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from hustings import limits
from hustings.web.database import Database
from hustings.web.tables import KeptAnswerRow

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Begun(Enum):
    """What a key leads to when there is no answer yet."""

    FRESH = "fresh"  # this request runs
    RUNNING = "running"  # another one with this key does
    OTHER = "other"  # the key belongs to a request with another body


class Repeats:
    """Kept answers in the database. `who` is whoever asks, `key` what they sent."""

    def __init__(self, database: Database, *, key: bytes) -> None:
        self._database = database
        self._key = key

    async def begin(
        self, *, who: str, place: str, key: str, body: bytes, now_ms: int
    ) -> Answer | Begun:
        """Write the request down, or give the answer that it got before."""
        name, print_ = _hash("name", who, place, key), hashlib.sha256(body).hexdigest()
        row = KeptAnswerRow(key_hash=name, body_hash=print_, status=0, answer=b"", at_ms=now_ms)
        try:
            async with self._database.write() as session:
                old = now_ms - limits.IDEMPOTENCY_S * 1000
                dead = now_ms - int(limits.IDEMPOTENCY_RUN_S * 1000)
                await session.execute(delete(KeptAnswerRow).where(KeptAnswerRow.at_ms <= old))
                await session.execute(
                    delete(KeptAnswerRow).where(
                        KeptAnswerRow.key_hash == name,
                        KeptAnswerRow.status == 0,
                        KeptAnswerRow.at_ms <= dead,
                    )
                )
                session.add(row)
        except IntegrityError:
            return await self._before(name, print_, self._seal_key(who, place, key))
        return Begun.FRESH

    async def _before(self, name: str, print_: str, key: AESGCM) -> Answer | Begun:
        async with self._database.read() as session:
            row = await session.scalar(select(KeptAnswerRow).where(KeptAnswerRow.key_hash == name))
        if row is None:
            return Begun.RUNNING  # it has just failed; the next try begins anew
        if row.body_hash != print_:
            return Begun.OTHER
        if row.status == 0:
            return Begun.RUNNING
        try:
            plain = key.decrypt(row.answer[:_NONCE_BYTES], row.answer[_NONCE_BYTES:], None)
        except InvalidTag:
            return Begun.OTHER  # sealed under another installation's key
        head, _, body = plain.partition(b"\n")
        headers = tuple((str(name), str(value)) for name, value in json.loads(head))
        return Answer(row.status, headers, body)

    async def keep(self, answer: Answer, *, who: str, place: str, key: str) -> None:
        """Keep the answer to a request that was begun."""
        plain = json.dumps(answer.headers).encode() + b"\n" + answer.body
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._seal_key(who, place, key).encrypt(nonce, plain, None)
        async with self._database.write() as session:
            await session.execute(
                update(KeptAnswerRow)
                .where(KeptAnswerRow.key_hash == _hash("name", who, place, key))
                .values(status=answer.status, answer=sealed)
            )

    async def drop(self, *, who: str, place: str, key: str) -> None:
        """Forget a request that made nothing."""
        async with self._database.write() as session:
            await session.execute(
                delete(KeptAnswerRow).where(
                    KeptAnswerRow.key_hash == _hash("name", who, place, key)
                )
            )

    def _seal_key(self, who: str, place: str, key: str) -> AESGCM:
        own = hashlib.blake2b(
            _hash("seal", who, place, key).encode(), key=self._key[:64], digest_size=32
        )
        return AESGCM(own.digest())


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
