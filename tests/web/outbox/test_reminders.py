"""Reminders: by push to a receiver that decrypts, by mail after a confirmation."""

from __future__ import annotations

import base64
import email
import json
import re
from collections.abc import AsyncIterator
from email.policy import default
from pathlib import Path

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hustings import limits
from tests.web import running
from tests.web.outbox.postbox import Postbox
from tests.web.outbox.receiver import Received, receiver
from tests.web.running import Engines, Running, is_problem, make_space

SOON = 4_000_000_000_000


@pytest.fixture
async def sending(tmp_path: Path, servers: Engines, box: Postbox) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running.studio(folder, servers, fetch_private=True, smtp_url=box.url) as found:
        yield found


class Browser:
    """A browser's side of Web Push: its keys, and what it makes of a message (RFC 8291)."""

    def __init__(self, endpoint: str) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"0123456789abcdef"
        point = self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.subscription = {
            "endpoint": endpoint,
            "expirationTime": None,
            "keys": {
                "p256dh": base64.urlsafe_b64encode(point).rstrip(b"=").decode(),
                "auth": base64.urlsafe_b64encode(self._auth).rstrip(b"=").decode(),
            },
        }

    def read(self, came: Received) -> dict[str, str]:
        clear = http_ece.decrypt(
            came.body, private_key=self._private, auth_secret=self._auth, version="aes128gcm"
        )
        told: dict[str, str] = json.loads(clear)
        return told


def authorised(came: Received, key: str, audience: str) -> None:
    """Check the VAPID token against the key that pages subscribe with (RFC 8292)."""
    found = re.fullmatch(r"vapid t=([^,]+),k=([A-Za-z0-9_-]+)", came.headers["authorization"])
    assert found
    assert found[2] == key
    raw = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    claims = jwt.decode(found[1], public, algorithms=["ES256"], audience=audience)
    assert claims["sub"].startswith("mailto:")


async def test_push_when_the_doors_open(sending: Running) -> None:
    async with receiver() as found, sending.host() as host, sending.browser() as listener:
        space = await make_space(host, title="The tram line", starts_at_ms=SOON)
        browser = Browser(f"{found.url}/send/abc")
        key = (await listener.get("/api/push-key")).json()["key"]
        body = {"kind": "push", "subscription": browser.subscription}
        address = f"/api/spaces/{space['id']}/reminders"
        for _ in range(2):  # asked for twice, told once
            answer = await listener.post(address, json=body)
            assert answer.status_code == 201, answer.text
        await host.post(f"/api/spaces/{space['id']}/doors")
        came = await found.next()
        authorised(came, key, found.url)
        assert came.headers["content-encoding"] == "aes128gcm"
        told = browser.read(came)
        assert told["title"] == "The tram line"
        assert told["url"].endswith(f"/s/{space['id']}")
        assert "doors are open" in told["body"]
        assert found.came.empty()


async def test_pages_of_the_listen_origin_may_ask(web: Running) -> None:
    """The button is on the listen page, which is another origin."""
    origin = "http://localhost:8001"
    async with web.host() as host, web.browser() as listener:
        space = await make_space(host, starts_at_ms=SOON)
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        for method, path in (
            ("GET", "/api/push-key"),
            ("POST", f"/api/spaces/{space['id']}/reminders"),
        ):
            asked = {**headers, "Access-Control-Request-Method": method}
            allowed = await listener.options(path, headers=asked)
            assert allowed.headers.get("access-control-allow-origin") == origin, path
            answer = await listener.request(method, path, headers=headers, json={"kind": "mail"})
            assert answer.status_code != 403, path
            assert answer.headers.get("access-control-allow-origin") == origin, path


async def test_delay_is_told_and_a_gone_browser_is_forgotten(sending: Running) -> None:
    async with receiver() as found, sending.host() as host:
        space = await make_space(host, starts_at_ms=SOON)
        gone, here = Browser(f"{found.url}/gone"), Browser(f"{found.url}/here")
        for browser in (gone, here):
            body = {"kind": "push", "subscription": browser.subscription}
            await host.post(f"/api/spaces/{space['id']}/reminders", json=body)
        found.statuses = [410, 410]
        delay = {"starts_at_ms": SOON + 60_000, "reason": "The train is late."}
        await host.post(f"/api/spaces/{space['id']}/delay", json=delay)
        came = [await found.next() for _ in range(2)]
        assert {one.target for one in came} == {"/gone", "/here"}
        await host.post(f"/api/spaces/{space['id']}/reminders", json=body)
        await host.post(f"/api/spaces/{space['id']}/cancel", json={"reason": "Fog."})
        last = await found.next()
        assert last.target == "/here"
        assert here.read(last)["body"] == "It does not take place. Fog."
        assert found.came.empty()


async def test_mail_is_confirmed_first_and_can_be_ended(sending: Running, box: Postbox) -> None:
    async with sending.host() as host, sending.browser() as listener:
        space = await make_space(host, title="The tram line", starts_at_ms=SOON)
        body = {"kind": "mail", "email": "Listener@example.org"}
        answer = await listener.post(f"/api/spaces/{space['id']}/reminders", json=body)
        assert answer.status_code == 201
        link = _link(box)
        page = await listener.get(link)
        assert "Yes, remind me" in page.text
        assert (await listener.post(link, data={"do": "confirm"})).status_code == 303
        assert "No more reminders" in (await listener.get(link)).text
        delay = {"starts_at_ms": SOON + 60_000, "reason": "The train is late."}
        await host.post(f"/api/spaces/{space['id']}/delay", json=delay)

        async def told() -> bool:
            return len(box.came) == 2

        await running.until(told)
        assert box.came[1][1] == ["listener@example.org"]
        assert "It begins later. The train is late." in _text(box)
        link = _link(box)
        assert (await listener.post(link, data={"do": "end"})).status_code == 303
        assert (await listener.get(link)).status_code == 404


async def test_everybody_is_told_in_the_language_they_asked_in(
    sending: Running, box: Postbox
) -> None:
    async with receiver() as found, sending.host() as host, sending.browser() as listener:
        space = await make_space(host, title="Die neue Bahn", starts_at_ms=SOON)
        address = f"/api/spaces/{space['id']}/reminders"
        german = {"Accept-Language": "de-DE,de;q=0.9"}
        mail = {"kind": "mail", "email": "zuhoererin@example.org"}
        answer = await listener.post(address, json=mail, headers=german)
        assert answer.json()["sentence"].startswith("Öffnen Sie den Link in der E-Mail")
        subject = email.message_from_bytes(box.came[-1][2], policy=default)["subject"]
        assert subject == "An „Die neue Bahn“ erinnern?"
        assert "Ja, erinnern Sie mich:" in _text(box)
        await listener.post(_link(box), data={"do": "confirm"})
        browsers = {tag: Browser(f"{found.url}/{tag}") for tag in ("de", "en")}
        for tag, browser in browsers.items():
            body = {"kind": "push", "subscription": browser.subscription}
            await listener.post(address, json=body, headers={"Accept-Language": tag})
        await host.post(f"/api/spaces/{space['id']}/cancel", json={"reason": "Sturm."})
        told = {}
        for _ in browsers:
            came = await found.next()
            tag = came.target.strip("/")
            told[tag] = browsers[tag].read(came)["body"]
        assert told == {
            "de": "Es findet nicht statt. Sturm.",
            "en": "It does not take place. Sturm.",
        }

        async def came_by_mail() -> bool:
            return len(box.came) == 2

        await running.until(came_by_mail)
        assert "Es findet nicht statt. Sturm." in _text(box)


async def test_unconfirmed_addresses_get_nothing_more(sending: Running, box: Postbox) -> None:
    async with receiver() as found, sending.host() as host:
        space = await make_space(host, starts_at_ms=SOON)
        body = {"kind": "mail", "email": "stranger@example.org"}
        await host.post(f"/api/spaces/{space['id']}/reminders", json=body)
        browser = Browser(found.url)
        body = {"kind": "push", "subscription": browser.subscription}  # type: ignore[dict-item]
        await host.post(f"/api/spaces/{space['id']}/reminders", json=body)
        await host.post(f"/api/spaces/{space['id']}/doors")
        await found.next()  # the others were told by now, or at the same moment
        assert len(box.came) == 1


async def test_too_many_reminders_are_said(
    sending: Running, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REMINDERS_COUNT", 0)
    async with sending.host() as host:
        space = await make_space(host, starts_at_ms=SOON)
        for body in (
            {"kind": "mail", "email": "a@example.org"},
            {"kind": "push", "subscription": Browser("http://127.0.0.1:9/").subscription},
        ):
            answer = await host.post(f"/api/spaces/{space['id']}/reminders", json=body)
            is_problem(answer, 503, "full")
        assert not box.came


async def test_an_address_that_no_mail_can_be_sent_to(sending: Running, box: Postbox) -> None:
    async with sending.host() as host, sending.browser() as listener:
        space = await make_space(host, starts_at_ms=SOON)
        for address in ("a,b@example.org", "<a@example.org", "a@[example.org", "a@b@example.org"):
            body = {"kind": "mail", "email": address}
            answer = await listener.post(f"/api/spaces/{space['id']}/reminders", json=body)
            is_problem(answer, 422, "value")
        assert not box.came


async def test_what_cannot_be_used(web: Running) -> None:
    async with web.host() as host, web.browser() as listener:
        space = await make_space(host, starts_at_ms=SOON)
        address = f"/api/spaces/{space['id']}/reminders"
        mail = {"kind": "mail", "email": "a@example.org"}
        is_problem(await listener.post(address, json=mail), 409, "no-mail")
        is_problem(await listener.post(address, json={"kind": "mail"}), 422, "value")
        is_problem(await listener.post(address, json={"kind": "push"}), 422, "value")
        inside = {"kind": "push", "subscription": Browser("http://127.0.0.1/").subscription}
        is_problem(await listener.post(address, json=inside), 400, "input")
        bent = Browser("https://push.example.net/")
        bent.subscription["keys"]["p256dh"] = "AAAA"  # type: ignore[index]
        body = {"kind": "push", "subscription": bent.subscription}
        is_problem(await listener.post(address, json=body), 400, "input")
        is_problem(
            await listener.post("/api/spaces/nothing/reminders", json=mail), 404, "not-found"
        )
        await host.post(f"/api/spaces/{space['id']}/cancel")
        is_problem(await listener.post(address, json=mail), 409, "status")


def _text(box: Postbox) -> str:
    message = email.message_from_bytes(box.came[-1][2], policy=default)
    text: str = message.get_content()
    return text


def _link(box: Postbox) -> str:
    found = re.search(r"http://\S+/r/\S+", _text(box))
    assert found
    return found[0]


async def test_one_address_asks_so_often_an_hour(
    folder: Path, servers: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REMINDERS_PER_HOUR_COUNT", 2)
    body = {"kind": "mail", "email": "listener@example.org"}
    async with running.studio(folder, servers) as web, web.host() as host:
        path = f"/api/spaces/{(await make_space(host, starts_at_ms=SOON))['id']}/reminders"
        for _ in range(2):
            running.is_problem(await host.post(path, json=body), 409, "no-mail")
        answer = await host.post(path, json=body)
        running.is_problem(answer, 429, "fast")
        assert 3500 < int(answer.headers["retry-after"]) <= 3600
