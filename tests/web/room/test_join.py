"""Joining: names, accounts, the way back, and who may not."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx

from hustings import limits
from hustings.ticket import Scope
from tests.web.room.crowd import LISTEN, Listener, fragment, guest, joined, opened, read
from tests.web.running import Running, is_problem, make_space


async def test_a_guest_says_a_name_and_goes_back_with_a_ticket(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        space = await opened(host)
        page = await client.get(f"/s/{space}/join", params={"for": "hand"})
        assert page.status_code == 200
        assert "Raise your hand" in page.text
        assert "Sign in" in page.text
        form = {"name": " Gil  Guest "}
        answer = await client.post(f"/s/{space}/join?for=hand", data=form)
        assert answer.headers["location"].startswith(f"{LISTEN}/s/{space}#")
        assert answer.headers["referrer-policy"] == "no-referrer"
        handed = fragment(answer)
        assert handed["for"] == "hand"
        right = read(web, handed["talk"])
        assert (right.space, right.scope, right.name) == (space, Scope.TALK, "Gil Guest")
        assert right.role == "listener"
        # The same browser is the same person, under whatever name.
        again = read(web, await joined(client, space, "Gilbert"))
        assert (again.person, again.name) == (right.person, "Gilbert")
        assert 'value="Gilbert"' in (await client.get(f"/s/{space}/join")).text
    async with web.browser() as other:
        assert read(web, await joined(other, space)).person != right.person


async def test_somebody_with_an_account_goes_on_under_its_name(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        assert "Go on as Hanna Host" in (await host.get(f"/s/{space}/join")).text
        right = read(web, fragment(await host.post(f"/s/{space}/join"))["talk"])
        assert right.name == "Hanna Host"
        assert right.person.startswith("a-")


async def test_a_name_is_needed(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        space = await opened(host)
        for name in ("", " ", "x" * (limits.NAME_CHARS + 1)):
            answer = await client.post(f"/s/{space}/join", data={"name": name})
            assert answer.status_code == 422
            assert 'aria-invalid="true"' in answer.text


async def test_without_guests_one_signs_in(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        space = await opened(host)
        await host.put(f"/api/spaces/{space}/room", json={"guests": False})
        page = await client.get(f"/s/{space}/join?for=chat")
        assert 'name="name"' not in page.text
        assert "next=%2Fs%2F" in page.text
        is_problem(await client.post(f"/s/{space}/join", data={"name": "Gil"}), 403, "guests")
        assert (await host.post(f"/s/{space}/join")).status_code == 303


async def test_a_private_space_is_joined_from_its_page_only(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        made = await make_space(host, private=True)
        space = made["id"]
        is_problem(await client.get(f"/s/{space}/join"), 403, "private")
        form = {"name": "Gil"}
        is_problem(await client.post(f"/s/{space}/join", data=form), 403, "private")
        entered = await client.get(urlsplit(made["share_url"]).path)
        listening = parse_qs(urlsplit(entered.headers["location"]).query)["ticket"][0]
        page = await client.get(f"/s/{space}/join", params={"ticket": listening})
        assert page.status_code == 200
        assert listening in page.text
        answer = await client.post(f"/s/{space}/join", params={"ticket": listening}, data=form)
        assert read(web, fragment(answer)["talk"]).space == space
        elsewhere = (await make_space(host, private=True))["id"]
        answer = await client.get(f"/s/{elsewhere}/join", params={"ticket": listening})
        is_problem(answer, 403, "private")


async def test_who_is_blocked_gets_no_ticket(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        space = await opened(host)
        person = read(web, await joined(client, space)).person
        block = {"person": person, "name": "Gil", "reason": "Insults."}
        assert (await host.post(f"/api/spaces/{space}/blocks", json=block)).status_code == 201
        answer = await client.post(f"/s/{space}/join", data={"name": "Somebody else"})
        is_problem(answer, 403, "blocked")


async def test_nobody_joins_what_is_over(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        space = (await make_space(host))["id"]
        await host.post(f"/api/spaces/{space}/cancel")
        assert "over" in (await client.get(f"/s/{space}/join")).text
        is_problem(await client.post(f"/s/{space}/join", data={"name": "Gil"}), 409, "status")
        assert (await client.get("/s/nonesuch00/join")).status_code == 404


async def test_a_ticket_is_renewed_from_the_listen_origin(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            answer = await renewed(gil)
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == LISTEN
            body = answer.json()
            assert body["expires_in_s"] == limits.TICKET_TALK_S
            assert (body["person"], body["name"]) == (gil.person, "Gil Guest")
            assert read(web, body["ticket"]).person == gil.person
            private = (await make_space(host, private=True))["share_url"].rsplit("/", 1)[1]
            is_problem(await renewed(gil, token=private), 401, "ticket")
            is_problem(await renewed(gil, token="nonsense"), 401, "ticket")


async def renewed(gil: Listener, *, token: str = "") -> httpx.Response:
    return await gil.client.post(
        "/api/talk-tickets/renew",
        headers={"Authorization": f"Bearer {token or gil.token}", "Origin": LISTEN},
    )


async def test_a_flood_of_new_names_is_slowed_down(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        refused = None
        for number in range(limits.JOINS_COUNT + 1):
            async with web.browser() as client:
                answer = await client.post(f"/s/{space}/join", data={"name": f"Bot {number}"})
                if answer.status_code != 303:
                    refused = answer
        assert refused is not None
        is_problem(refused, 429, "pace")
