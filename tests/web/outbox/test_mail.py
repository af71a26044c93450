"""Mail through a real SMTP server."""

from __future__ import annotations

import email
from email.policy import default

from hustings.config import Settings
from hustings.web.outbox.mail import Fate, Mail
from tests.web.outbox.postbox import postbox


async def test_a_message_arrives() -> None:
    with postbox() as box:
        mail = Mail(Settings(smtp_url=box.url, studio_url="https://studio.example.org"))
        assert mail.works
        fate = await mail.attempt(
            to="listener@example.org", subject="Grüße\nBcc: x@example.org", text="Hällo\n"
        )
        assert fate is Fate.TAKEN
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
    assert await mail.attempt(to="a@example.org", subject="a", text="b") is Fate.GONE


async def test_an_address_that_cannot_be_read_is_said() -> None:
    with postbox() as box:
        mail = Mail(Settings(smtp_url=box.url))
        for to in ("a,b@example.org", "<a@example.org", "a@[example.org", "jörg@example.org", ""):
            assert await mail.attempt(to=to, subject="a", text="b") is Fate.GONE
        assert not box.came


async def test_what_becomes_of_it_is_said() -> None:
    letter = {"to": "a@example.org", "subject": "a", "text": "b"}
    assert await Mail(Settings(smtp_url="smtp://127.0.0.1:9")).attempt(**letter) is Fate.LATER
    with postbox() as box:
        box.answers = ["451 come again", "554 never"]
        fates = [await Mail(Settings(smtp_url=box.url)).attempt(**letter) for _ in range(3)]
    assert fates == [Fate.LATER, Fate.GONE, Fate.TAKEN]
