"""Mail: one plain message to one person, handed to the installation's mail server.

One attempt, which says what became of it. `letters` tries again while the mail server is away.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from enum import StrEnum
from typing import Final
from urllib.parse import unquote, urlsplit

from hustings import limits
from hustings.config import Settings

log = logging.getLogger("hustings.web")

_PORTS: Final = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class Fate(StrEnum):
    """What became of a message: taken, to be tried again, or never to be taken."""

    TAKEN = "taken"
    LATER = "later"
    GONE = "gone"


def _fate(code: int) -> Fate:
    # RFC 5321, section 4.2.1: what begins with a 5 stays refused, however often it is tried.
    return Fate.GONE if code >= 500 else Fate.LATER


class Mail:
    """The way to the mail server of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.smtp_url
        host = urlsplit(settings.public_url("studio")).hostname or "localhost"
        self._host = host
        self._from = settings.mail_from or f"hustings@{host}"

    @property
    def works(self) -> bool:
        """Whether there is a mail server at all."""
        return bool(self._url)

    @property
    def sender(self) -> str:
        """The address that the studio's mail comes from."""
        return self._from

    async def attempt(self, *, to: str, subject: str, text: str) -> Fate:
        """Hand a message to the mail server. `to` is an address that a form has checked. Raises
        nothing: a mail that cannot be sent must not undo what it was about."""
        if not self._url:
            return Fate.GONE
        import aiosmtplib  # imports that few installations need

        server = urlsplit(self._url)
        try:
            message = self._message(to=to, subject=subject, text=text)
        except (ValueError, AttributeError, LookupError, MessageError) as error:
            # What the standard library raises for addresses that it cannot read.
            log.warning("no mail can be sent to this address: %s", error)
            return Fate.GONE
        try:
            async with asyncio.timeout(limits.MAIL_S):
                await aiosmtplib.send(
                    message,
                    hostname=server.hostname or "localhost",
                    port=server.port or _PORTS[server.scheme],
                    username=unquote(server.username) if server.username else None,
                    password=unquote(server.password) if server.password else None,
                    use_tls=server.scheme == "smtps",
                    start_tls=server.scheme == "smtp+starttls",
                    tls_context=None if server.scheme == "smtp" else ssl.create_default_context(),
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            log.warning("a mail was not taken: %s", error)
            return _fate(error.recipients[0].code)
        except aiosmtplib.SMTPDataError as error:
            log.warning("a mail was not taken: %s", error)
            return _fate(error.code)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            log.warning("a mail was not taken: %s", str(error) or type(error).__name__)
            return Fate.LATER
        return Fate.TAKEN

    def _message(self, *, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = Address("Hustings", addr_spec=self._from)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = " ".join(subject.split())
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=self._host)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply comes back
        message.set_content(text.encode()[: limits.MAIL_BYTES].decode(errors="ignore"))
        return message
