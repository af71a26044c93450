"""Ways around the rights: links, tickets and names of other spaces, forms of other sites."""

from __future__ import annotations

import httpx
import pytest

from hustings.web.app import application
from tests.web.matrix.routes import table
from tests.web.order.people import GUEST, account, asks, set_role
from tests.web.room.crowd import LISTEN, Listener, guest, joined, opened, read
from tests.web.running import Running, is_problem, make_space, until

_WRITING = [
    route.split(" ", 1)
    for route in table(application())
    if route.split(" ", 1)[0] in ("POST", "PUT", "PATCH", "DELETE")
]


async def _invited(host: httpx.AsyncClient, space: str, name: str = "Amara") -> tuple[str, str]:
    """A seat and the path of its link."""
    made = await host.post(f"/api/spaces/{space}/seats", json={"name": name})
    return made.json()["seat"], "/i/" + made.json()["link"].rpartition("/")[2]


async def test_no_form_or_call_is_taken_from_another_site(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        other = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        same = {"Sec-Fetch-Site": "same-site", "Origin": LISTEN}
        for method, template in _WRITING:
            path = template.replace("{space_id}", space).replace("{", "").replace("}", "")
            is_problem(await host.request(method, path, headers=other), 403, "cross-site")
            answer = await host.request(method, path, headers=same)
            if answer.headers.get("access-control-allow-origin") is None:
                is_problem(answer, 403, "cross-site")
            else:  # for pages of the listen origin: there, the cookie of the host is nobody's
                assert answer.status_code in (401, 404, 405, 422), (template, answer.text)


async def test_a_ticket_to_talk_opens_nothing_else(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as listener:
            for method, path in (
                ("GET", ""), ("PATCH", ""), ("POST", "/live"), ("POST", "/ticket"),
                ("GET", "/talk"), ("GET", "/events"), ("PUT", "/room"), ("POST", "/seats"),
                ("POST", "/polls"), ("GET", "/audit"), ("POST", "/blocks"),
            ):  # fmt: skip
                answer = await listener.client.request(
                    method,
                    f"/api/spaces/{space}{path}",
                    headers={"Authorization": f"Bearer {listener.token}"},
                    json={"name": "x"} if method != "GET" else None,
                )
                assert answer.status_code == 401, (path, answer.text)


async def test_what_is_elsewhere_is_not_reached_through_ones_own_space(web: Running) -> None:
    async with (
        web.host(),
        account(web, "Ho St", "host") as (host, _),
        account(web, "Other", "host") as (other, _),
    ):
        theirs, own = await opened(host), await opened(other)
        question = await asks(web, theirs, "Why?")
        seat, _ = await _invited(host, theirs)
        poll = await host.post(
            f"/api/spaces/{theirs}/polls", json={"question": "?!", "options": ["a", "b"]}
        )
        pin = await host.post(f"/api/spaces/{theirs}/pins", json={"text": "Here"})
        api = f"/api/spaces/{own}"
        async with guest(web, theirs) as listener:
            message = (await listener.post("chat", {"text": "Hello"})).json()["id"]
            assert (await listener.post("hand")).status_code == 201
            before = await web.space(theirs)
            marked = {"state": "asking"}
            person = listener.person
            for method, path, body in (
                ("DELETE", f"chat/{message}", None),
                ("PUT", f"questions/{question}", marked),
                ("DELETE", f"questions/{question}", None),
                ("DELETE", f"seats/{seat}", None),
                ("POST", f"seats/{seat}/link", None),
                ("POST", f"seats/{seat}/mute", None),
                ("PUT", f"seats/{seat}", {"role": "cohost"}),
                ("POST", f"seats/{seat}/restore", None),
                ("POST", f"polls/{poll.json()['polls'][0]['id']}/close", None),
                ("DELETE", f"pins/{pin.json()['pins'][0]['id']}", None),
                ("POST", f"hands/{person}/invite", None),
                ("DELETE", f"hands/{person}", None),
            ):
                answer = await other.request(method, f"{api}/{path}", json=body)
                assert answer.status_code in (204, 404, 409), (path, answer.text)
            assert await web.space(theirs) == before
            # A ticket of theirs is none of ours.
            answer = await Listener(listener.client, own, listener.person, listener.token).post(
                "chat", {"text": "Hello"}
            )
            is_problem(answer, 403, "ticket")


async def test_keys_of_others_are_not_there(web: Running) -> None:
    async with web.host() as owner, account(web, "Ho St", "host") as (host, _):
        hook = await host.post(
            "/api/hooks", json={"url": "https://example.org/h", "events": ["space.live"]}
        )
        token = await host.post("/api/tokens", json={"name": "T", "scopes": ["spaces:read"]})
        series = (await host.post("/api/series", json={"title": "Thursday"})).json()
        sign_in = (await host.get("/api/me/sign-ins")).json()[0]["reference"]
        space = (await make_space(host, series=series["id"]))["id"]
        for method, path, body in (
            ("DELETE", f"/api/hooks/{hook.json()['id']}", None),
            ("POST", f"/api/hooks/{hook.json()['id']}/ping", None),
            ("GET", f"/api/hooks/{hook.json()['id']}/deliveries", None),
            ("DELETE", f"/api/tokens/{token.json()['id']}", None),
            ("DELETE", f"/api/me/sign-ins/{sign_in}", None),
            ("POST", f"/account/sign-ins/{sign_in}/revoke", None),
            ("POST", f"/account/tokens/{token.json()['id']}/revoke", None),
            ("GET", f"/api/series/{series['id']}", None),
            ("PATCH", f"/api/series/{series['id']}", {"title": "Mine"}),
            ("POST", f"/api/series/{series['id']}/next", {"rule": "weekly", "count": 1}),
            ("GET", f"/series/{series['slug']}/edit", None),
            ("GET", f"/new?like={space}", None),
        ):
            answer = await owner.request(method, path, json=body)
            assert answer.status_code == 404, (path, answer.text)
        answer = await owner.post("/api/spaces", json={"title": "x", "series": series["id"]})
        is_problem(answer, 422, "series")
        assert (await host.get("/api/series")).json() == [series]
        assert len((await host.get("/api/tokens")).json()) == 1


async def test_who_is_suspended_takes_no_seat_by_link(web: Running) -> None:
    async with web.host() as owner, account(web, "Rude", "member") as (rude, identity):
        space = (await make_space(owner))["id"]
        _, link = await _invited(owner, space)
        await owner.put(f"/api/suspensions/a-{identity}", json={"reason": "Insults."})
        is_problem(await rude.post(link, data={"name": "Rude"}), 403, "suspended")
        assert all(seat.name != "Rude" for seat in (await web.space(space)).seats.values())
        # A guest who is banned likewise, whatever they call themselves.
        async with web.browser() as client:
            person = read(web, await joined(client, space)).person
            await owner.put(f"/api/suspensions/{person}", json={"reason": "Insults."})
            is_problem(await client.post(link, data={"name": "New"}), 403, "suspended")


async def test_who_is_blocked_comes_back_by_no_link(web: Running) -> None:
    async with web.host() as host, account(web, "Loud", "member") as (loud, identity):
        space = await opened(host)
        seat, link = await _invited(host, space, "Loud")
        assert (await loud.post(link, data={"name": "Loud"})).status_code == 303
        assert (await web.space(space)).seats[seat].person == f"a-{identity}"
        body = {"person": f"a-{identity}", "name": "Loud"}
        shown = await host.post(f"/api/spaces/{space}/blocks", json=body)
        assert [one["person"] for one in shown.json()["blocked"]] == [f"a-{identity}"]
        assert seat not in (await web.space(space)).seats
        assert (await loud.post(link, data={"name": "Loud"})).status_code == 410
        _, another = await _invited(host, space)
        is_problem(await loud.post(another, data={"name": "Amara"}), 403, "blocked")
        is_problem(await loud.post(f"/s/{space}/join"), 403, "blocked")


async def test_blocking_takes_the_seat_of_who_is_known_by_an_invitation_only(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with web.speaker(host, space) as (speaker, seat):
            said = await speaker.post(f"/api/spaces/{space}/chat", json={"text": "Hello"})
            body = {"person": said.json()["person"], "name": "Amara"}
            answer = await host.post(f"/api/spaces/{space}/blocks", json=body)
            assert answer.status_code == 201, answer.text
            assert seat not in (await web.space(space)).seats
            is_problem(await speaker.post(f"/api/spaces/{space}/ticket"), 403, "seat")


async def test_opening_an_invitation_costs_nobody_a_seat(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        seat, link = await _invited(host, space)
        # The host, who has a seat already, tries the link out under another name.
        assert (await host.post(link, data={"name": "A try"})).status_code == 303
        held = (await web.space(space)).seats[seat]
        assert (held.name, held.person) == ("A try", "")


async def test_the_seat_of_who_is_suspended_is_not_given_back_by_a_host(web: Running) -> None:
    async with web.host() as owner, account(web, "Rude", "member") as (rude, identity):
        space = (await make_space(owner))["id"]
        seat, link = await _invited(owner, space)
        assert (await rude.post(link, data={"name": "Rude"})).status_code == 303
        await owner.put(f"/api/suspensions/a-{identity}", json={"reason": "Insults."})
        assert seat not in (await web.space(space)).seats
        restore = f"/api/spaces/{space}/seats/{seat}/restore"
        is_problem(await owner.post(restore), 409, "suspended")
        assert (await owner.delete(f"/api/suspensions/a-{identity}")).status_code == 204
        assert seat in (await web.space(space)).seats


async def test_a_moderator_takes_back_no_suspension_of_an_equal(web: Running) -> None:
    async with (
        web.host() as owner,
        account(web, "Mo", "moderator") as (moderator, _),
        account(web, "Ho St", "host") as (host, identity),
    ):
        space = await opened(host)
        report = f"/api/spaces/{space}/reports"
        assert (await owner.post(report, json={"about": "space"})).status_code == 204
        case = (await owner.get("/api/reports")).json()[0]["id"]
        decided = await owner.put(f"/api/reports/{case}", json={"outcome": "suspended"})
        assert decided.status_code == 200, decided.text
        await set_role(web, identity, "moderator")
        is_problem(await moderator.delete(f"/api/reports/{case}"), 403, "role")
        # And whoever is suspended reads nothing as a moderator, but what is theirs.
        elsewhere = await opened(owner)
        answer = await host.get(f"/api/spaces/{elsewhere}/audit")
        is_problem(answer, 403, "stranger")
        assert (await owner.delete(f"/api/reports/{case}")).status_code == 200


async def test_a_ticket_to_talk_is_not_renewed_for_who_is_out(web: Running) -> None:
    async with web.host() as host, account(web, "Amara", "member") as (amara, identity):
        space = (await make_space(host, private=True))["id"]
        members = f"/api/spaces/{space}/members"
        email = (await amara.get("/api/me")).json()["email"]
        assert (await host.post(members, json={"who": email})).status_code == 201
        answer = await amara.post(f"/s/{space}/join")
        token = answer.headers["location"].partition("#talk=")[2].partition("&")[0]
        bearer = {"Authorization": f"Bearer {token}"}

        async with web.browser() as player:
            renewed = await player.post("/api/talk-tickets/renew", headers=bearer)
            assert renewed.status_code == 200, renewed.text
            assert (await host.delete(f"{members}/{identity}")).status_code == 204
            answer = await player.post("/api/talk-tickets/renew", headers=bearer)
            is_problem(answer, 401, "member")
            blocked = {"person": GUEST, "name": "Loud"}
            await host.post(f"/api/spaces/{space}/blocks", json=blocked)


@pytest.mark.parametrize("what", ["reports", "reminders"])
async def test_nothing_is_told_of_a_private_space(web: Running, what: str) -> None:
    body = {
        "reports": {"about": "space"},
        "reminders": {"kind": "mail", "email": "a@example.org"},
    }[what]
    async with web.host() as host, account(web, "Curious", "member") as (curious, _):
        space = (await make_space(host, private=True, starts_at_ms=4_000_000_000_000))["id"]
        path = f"/api/spaces/{space}/{what}"
        is_problem(await curious.post(path, json=body), 401, "ticket")
        async with web.browser() as stranger:
            is_problem(await stranger.post(path, json=body), 401, "ticket")
        answer = await host.post(path, json=body)
        assert answer.status_code in (204, 409), answer.text


async def test_a_stream_ends_with_the_sign_in_of_a_cohost(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.WATCH_PING_S", 0.2)
    async with web.host() as host, account(web, "Co", "member") as (cohost, _):
        space = (await make_space(host))["id"]
        email = (await cohost.get("/api/me")).json()["email"]
        answer = await host.post(f"/api/spaces/{space}/cohosts", json={"who": email})
        assert answer.status_code == 201, answer.text
        made = await host.post("/api/tokens", json={"name": "T", "scopes": ["spaces:read"]})
        token = {"Authorization": f"Bearer {made.json()['token']}"}
        events = f"/api/spaces/{space}/events"
        async with web.browser() as program, program.stream("GET", events, headers=token) as kept:
            lines = kept.aiter_lines()
            async with cohost.stream("GET", events) as answer:
                assert answer.status_code == 200
                async with web.browser() as leaving:
                    leaving.cookies = cohost.cookies
                    assert (await leaving.post("/sign-out")).status_code == 303
                async for _ in answer.aiter_lines():
                    pass  # it comes to its end

            # A token's stream goes on as long as the token does.
            async def pinged() -> bool:
                return "ping" in await anext(lines)

            await until(pinged)
            await until(pinged)
            await until(pinged)


async def test_no_address_leads_away_from_the_studio(web: Running) -> None:
    away = ("//evil.example", "/\\evil.example", "https:evil.example", "/\t/evil.example")
    async with web.host() as host:
        for place in away:
            for path in ("/sign-in", "/sign-in?again=true"):
                answer = await host.get(path, params={"next": place})
                assert "evil.example" not in answer.headers.get("location", ""), place
                assert "evil.example" not in answer.text, place
            credentials = {"email": "host@example.org", "password": "a long enough password"}
            answer = await host.post("/sign-in", params={"next": place}, data=credentials)
            assert answer.headers["location"] == "/"
    async with web.browser() as client:
        for path in ("/s/x/stage", "/s/x/audit", "/new", "/account/delete", "/reports"):
            answer = await client.get(path)
            if answer.is_redirect:
                assert answer.headers["location"].startswith("/sign-in?next=/")
