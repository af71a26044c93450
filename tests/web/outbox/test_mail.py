"""Mail through a real SMTP server."""

from __future__ import annotations

import email
from email.policy import default

from hustings.config import Settings
from hustings.web.outbox.mail import Mail
from tests.web.outbox.postbox import postbox


async def test_a_message_arrives() -> None:
    with postbox() as box:
        mail = Mail(Settings(smtp_url=box.url, studio_url="https://studio.example.org"))
        assert mail.works
        assert await mail.send(
            to="listener@example.org", subject="Grüße\nBcc: x@example.org", text="Hällo\n"
        )
        (sender, to, data), *others = box.came
    assert not others
    assert (sender, to) == ("hustings@studio.example.org", ["listener@example.org"])
    message = email.message_from_bytes(data, policy=default)
    assert message["Subject"] == "Grüße Bcc: x@example.org"
    assert message["Bcc"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().strip() == "Hällo"


async def test_without_a_server_nothing_is_sent() -> None:
    mail = Mail(Settings())
    assert not mail.works
    assert not await mail.send(to="a@example.org", subject="a", text="b")


async def test_an_address_that_cannot_be_read_is_said() -> None:
    with postbox() as box:
        mail = Mail(Settings(smtp_url=box.url))
        for to in ("a,b@example.org", "<a@example.org", "a@[example.org", "jörg@example.org", ""):
            assert not await mail.send(to=to, subject="a", text="b")
        assert not box.came


async def test_a_server_that_is_away_or_refuses_is_said() -> None:
    assert not await Mail(Settings(smtp_url="smtp://127.0.0.1:9")).send(
        to="a@example.org", subject="a", text="b"
    )
    with postbox(refuse=True) as box:
        assert not await Mail(Settings(smtp_url=box.url)).send(
            to="a@example.org", subject="a", text="b"
        )
