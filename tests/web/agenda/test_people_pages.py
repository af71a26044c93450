"""Members of private spaces, and co-hosts: let in by being signed in, and taken off again."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import httpx

from hustings import keys, ticket
from tests.web.agenda.people import account
from tests.web.running import Running, is_problem, make_space


def ticket_in(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    address = urlsplit(answer.headers["location"])
    assert address.port == 8001
    return parse_qs(address.query)["ticket"][0]


async def renew(web: Running, token: str) -> httpx.Response:
    async with web.browser() as page:
        headers = {"Authorization": f"Bearer {token}", "Origin": "http://localhost:8001"}
        return await page.post("/api/listen-tickets/renew", headers=headers)


async def test_member_comes_in_and_is_taken_off(web: Running) -> None:
    async with (
        web.host() as host,
        account(web, "Amara") as amara,
        account(web, "Bo") as bo,
        web.browser() as anybody,
    ):
        made = await make_space(host, private=True)
        page = f"/s/{made['id']}"
        answer = await anybody.get(page)
        assert answer.headers["location"] == f"/sign-in?next={page}"
        is_problem(await amara.get(page), 403, "stranger")
        for who in ("@amara", "BO@example.org "):
            answer = await host.post(f"{page}/members", data={"who": who})
            assert answer.status_code == 303, answer.text
        answer = await host.post(f"{page}/members", data={"who": "@nobody"})
        assert answer.status_code == 422
        assert "no account" in answer.text
        token = ticket_in(await amara.get(page))
        public = keys.ensure(web.folder).ticket_public()
        right = ticket.verify(token, public_key=public, now=time.time())
        assert (right.scope, right.seat) == (ticket.Scope.LISTEN, "")
        assert right.person.startswith("a-")
        renewed = (await renew(web, token)).json()["ticket"]
        assert "An evening" in (await amara.get("/")).text
        [person] = [one for one in await members(host, made["id"]) if one["name"] == "Amara"]
        answer = await host.post(f"{page}/members/{person['id']}/remove")
        assert answer.status_code == 303
        is_problem(await amara.get(page), 403, "stranger")
        is_problem(await renew(web, renewed), 401, "member")
        ticket_in(await bo.get(page))
        # Who came by the link does not depend on the list.
        by_link = await anybody.get(urlsplit(made["share_url"]).path)
        assert (await renew(web, ticket_in(by_link))).status_code == 200


async def members(host: httpx.AsyncClient, space: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await host.get(f"/api/spaces/{space}/members")).json()
    return found


async def test_cohost_runs_the_space(web: Running) -> None:
    async with web.host() as host, account(web, "Amara") as amara:
        space = (await make_space(host))["id"]
        api = f"/api/spaces/{space}"
        is_problem(await amara.get(api), 403, "stranger")
        assert (await host.post(f"/s/{space}/cohosts", data={"who": "amara"})).status_code == 303
        answer = await host.post(f"/s/{space}/cohosts", data={"who": "amara"})
        assert answer.status_code == 422
        assert "co-host already" in answer.text
        is_problem(await host.post(f"{api}/cohosts", json={"who": "host@example.org"}), 409, "done")
        [person] = (await amara.get(f"{api}/cohosts")).json()
        assert person["name"] == "Amara"
        assert "An evening" in (await amara.get("/spaces")).text
        assert 'id="next-step"' in (await amara.get(f"/s/{space}/stage")).text
        assert (await amara.post(f"{api}/ticket")).json()["seat"]
        assert (await amara.patch(api, json={"title": "Ours"})).json()["title"] == "Ours"
        assert (await host.delete(f"{api}/cohosts/{person['id']}")).status_code == 204
        is_problem(await host.delete(f"{api}/cohosts/{person['id']}"), 404, "not-found")
        is_problem(await amara.get(api), 403, "stranger")
        assert "Ours" not in (await amara.get("/spaces")).text
