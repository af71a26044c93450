"""Joining in tests: an invitation, and the browser of whoever took it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import httpx

from tests.web.running import PASSWORD, Running


def words(content: bytes) -> str:
    """The text of a mail as it is read."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text: str = message.get_content()
    return text


async def invite(owner: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """An invitation made through the API."""
    answer = await owner.post("/api/invitations", json=fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@asynccontextmanager
async def member(
    web: Running, owner: httpx.AsyncClient, name: str, *, role: str = "member"
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser signed in to a new account."""
    made = await invite(owner, role=role, email=f"{name.lower()}@example.org")
    async with web.browser() as client:
        answer = await client.post(made["link"], data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client
