"""Private spaces: the host's link gives tickets, and pages of the listen origin renew them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from hustings import limits, ticket
from hustings.ticket import Scope
from tests.web.running import Running

LISTEN = "http://localhost:8001"


async def made(host: httpx.AsyncClient, **body: object) -> dict[str, str]:
    answer = await host.post("/api/spaces", json={"title": "Rivers", **body})
    assert answer.status_code == 201, answer.text
    view: dict[str, str] = answer.json()
    return view


async def test_the_link_of_a_private_space_leads_in(web: Running) -> None:
    async with web.host() as host, web.browser() as stranger:
        view = await made(host, private=True)
        link = view["share_url"]
        assert "/l/" in link
        answer = await stranger.get(urlsplit(link).path)
        assert answer.status_code == 303
        assert answer.headers["referrer-policy"] == "no-referrer"
        place = urlsplit(answer.headers["location"])
        assert f"{place.scheme}://{place.netloc}{place.path}" == f"{LISTEN}/s/{view['id']}"
        token = parse_qs(place.query)["ticket"][0]
        renewed = await stranger.post(
            "/api/listen-tickets/renew",
            headers={"Authorization": f"Bearer {token}", "Origin": LISTEN},
        )
        assert renewed.status_code == 200
        assert renewed.headers["access-control-allow-origin"] == LISTEN
        body = renewed.json()
        assert body["expires_in_s"] == limits.TICKET_LISTEN_S
        public_key = (web.folder / "keys" / "ticket.pub.pem").read_bytes()
        right = ticket.verify(body["ticket"], public_key=public_key, now=0)
        assert (right.space, right.scope) == (view["id"], Scope.LISTEN)


async def test_an_open_space_has_no_such_link(web: Running) -> None:
    async with web.host() as host:
        view = await made(host)
        assert view["share_url"] == f"{LISTEN}/s/{view['id']}"


@pytest.mark.parametrize("origin", [LISTEN, "https://elsewhere.example"])
async def test_only_the_listen_origin_may_renew(web: Running, origin: str) -> None:
    async with web.browser() as client:
        asked = await client.options(
            "/api/listen-tickets/renew",
            headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        )
        allowed = asked.headers.get("access-control-allow-origin")
        assert allowed == (LISTEN if origin == LISTEN else None)
        posted = await client.post(
            "/api/listen-tickets/renew",
            headers={"Origin": origin, "Sec-Fetch-Site": "same-site"},
        )
        assert posted.status_code == (401 if origin == LISTEN else 403)


async def test_what_is_no_ticket_gets_none(web: Running) -> None:
    async with web.browser() as client:
        assert (await client.get("/l/nonsense")).status_code == 404
        for given in ("", "Bearer nonsense", "Basic eA==", "Bearer"):
            answer = await client.post(
                "/api/listen-tickets/renew", headers={"Authorization": given} if given else {}
            )
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


async def test_an_invitation_is_no_ticket_and_a_ticket_no_invitation(web: Running) -> None:
    async with web.host() as host:
        view = await made(host, private=True)
        token = view["share_url"].rsplit("/", 1)[1]
        answer = await host.post(
            "/api/listen-tickets/renew", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 401
        place = urlsplit((await host.get(f"/l/{token}")).headers["location"])
        listening = parse_qs(place.query)["ticket"][0]
        assert (await host.get(f"/l/{listening}")).status_code == 404
