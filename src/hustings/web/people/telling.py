"""Telling: the letters to somebody whose account is signed in to in another way than before.

They go to the address of the account whoever made the change, in the language of the page on which
it was made. To be run behind the answer.
"""

from __future__ import annotations

from fastapi import Request

from hustings.web import page
from hustings.web.accounts import Account
from hustings.web.people import letters
from hustings.web.people.letters import Letter
from hustings.web.studio import Studio


async def tell_password(request: Request, studio: Studio, account: Account) -> None:
    """There is a new password."""
    reader = page.language(request)
    await _send(studio, account, letters.new_password(reader, forgot=_own(studio, "/forgot")))


async def tell_way_in(request: Request, studio: Studio, account: Account, what: str) -> None:
    """A passkey or a provider was added; `what` is a sentence."""
    letter = letters.new_way_in(
        page.language(request),
        what=what,
        forgot=_own(studio, "/forgot"),
        account=_own(studio, "/account"),
    )
    await _send(studio, account, letter)


async def _send(studio: Studio, account: Account, letter: Letter) -> None:
    if account.email:
        await studio.mail.send(to=account.email, subject=letter.subject, text=letter.text)


def _own(studio: Studio, path: str) -> str:
    return studio.settings.public_url("studio") + path
