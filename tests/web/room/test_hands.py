"""Hands: raised, invited, taken to the stage, declined, taken down; and seats given back."""

from __future__ import annotations

from hustings import limits
from tests.web.room.crowd import Listener, fragment, guest, joined, opened, read
from tests.web.running import Running, is_problem


async def test_a_hand_comes_to_the_stage(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        base = f"/api/spaces/{space}"
        async with guest(web, space, "Noor") as noor, web.browser() as browser:
            raised = await noor.post("hand", {"note": "The last stop"})
            assert raised.status_code == 201, raised.text
            assert raised.json()["person"] == noor.person
            is_problem(await noor.post("hand"), 409, "done")
            [hand] = (await host.get(base)).json()["hands"]
            assert (hand["name"], hand["note"], hand["seat"]) == ("Noor", "The last stop", "")
            take = f"/s/{space}/take"
            is_problem(await browser.get(take, params={"ticket": noor.token}), 410, "gone")
            invited = await host.post(f"{base}/hands/{noor.person}/invite")
            [hand] = invited.json()["hands"]
            assert hand["seat"]
            page = await browser.get(take, params={"ticket": noor.token})
            assert page.status_code == 200
            assert "published as soon as" in page.text
            assert "Noor" in page.text
            assert page.headers["referrer-policy"] == "no-referrer"
            for _ in range(2):  # whoever comes twice comes to the same seat
                taken = await browser.post(take, data={"ticket": noor.token})
                assert taken.status_code == 303, taken.text
                assert taken.headers["location"] == f"/s/{space}/stage"
            view = (await browser.get(base)).json()
            assert view["hands"] == []
            [seat] = [one for one in view["seats"] if one["id"] == hand["seat"]]
            assert (seat["name"], seat["role"], seat["person"]) == ("Noor", "speaker", noor.person)
            assert (await browser.post(f"{base}/ticket")).status_code == 200
            is_problem(await noor.post("hand"), 409, "done")
            # Stepping down, and back by the host's grace.
            assert (await browser.delete(f"{base}/seats/{seat['id']}")).status_code == 200
            is_problem(await browser.post(f"{base}/ticket"), 403, "seat")
            view = (await host.get(base)).json()
            assert [one["id"] for one in view["seats_removed"]] == [seat["id"]]
            restored = await host.post(f"{base}/seats/{seat['id']}/restore")
            assert restored.status_code == 200, restored.text
            assert (await browser.post(f"{base}/ticket")).status_code == 200
            is_problem(await host.post(f"{base}/seats/{seat['id']}/restore"), 404, "seat")


async def test_an_account_takes_its_seat_without_a_ticket(web: Running) -> None:
    from tests.web.order.people import account

    async with web.host() as host, account(web, "Mia Member", "member") as (mia, identity):
        space = await opened(host)
        base = f"/api/spaces/{space}"
        assert (await mia.post(f"{base}/hand")).status_code == 201
        invited = await host.post(f"{base}/hands/a-{identity}/invite")
        assert invited.status_code == 200, invited.text
        taken = await mia.post(f"/s/{space}/take")
        assert taken.headers["location"] == f"/s/{space}/stage"
        assert (await mia.get(f"/s/{space}/stage")).status_code == 200
    async with web.browser() as stranger:
        answer = await stranger.get(f"/s/{space}/take")
        assert answer.headers["location"].startswith("/sign-in?next=")
        is_problem(await stranger.post(f"/s/{space}/take"), 401, "sign-in")


async def test_an_invitation_is_declined_or_taken_back(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        base = f"/api/spaces/{space}"
        async with guest(web, space) as gil, web.browser() as browser:
            await gil.post("hand")
            await host.post(f"{base}/hands/{gil.person}/invite")
            back = await host.delete(f"{base}/hands/{gil.person}/invite")
            assert back.json()["hands"][0]["seat"] == ""
            answer = await browser.post(f"/s/{space}/take", data={"ticket": gil.token})
            is_problem(answer, 410, "gone")
            await host.post(f"{base}/hands/{gil.person}/invite")
            assert (await gil.request("DELETE", "hand")).status_code == 204
            assert (await host.get(base)).json()["hands"] == []
            is_problem(await gil.request("DELETE", "hand"), 409, "missing")


async def test_a_host_takes_a_hand_down(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        path = f"/api/spaces/{space}/hands"
        async with guest(web, space) as gil, guest(web, space, "Noor") as noor:
            await gil.post("hand")
            await noor.post("hand")
            is_problem(await noor.request("DELETE", f"hands/{gil.person}"), 403, "cross-site")
            down = await host.request("DELETE", f"{path}/{gil.person}", json={"reason": "Later."})
            assert [one["name"] for one in down.json()["hands"]] == ["Noor"]
            is_problem(await host.delete(f"{path}/{gil.person}"), 409, "missing")


async def test_hands_that_are_not_taken(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        room = f"/api/spaces/{space}/room"
        async with guest(web, space) as gil:
            await host.put(room, json={"hands_open": False})
            is_problem(await gil.post("hand"), 409, "shut")
            await host.put(room, json={"hands_open": True, "guests": False})
            is_problem(await gil.post("hand"), 403, "guests")
            await host.put(room, json={"guests": True})
            note = {"note": "x" * (limits.NOTE_CHARS + 1)}
            is_problem(await gil.post("hand", note), 422, "value")


async def test_everybody_knows_their_place(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil, guest(web, space, "Noor") as noor:
            is_problem(await noor.request("GET", "hand"), 404, "missing")
            assert (await gil.post("hand")).json()["place"] == 1
            assert (await noor.post("hand")).json()["place"] == 2
            await host.post(f"/api/spaces/{space}/hands/{gil.person}/invite")
            answer = await noor.request("GET", "hand")
            assert answer.headers["access-control-allow-origin"]
            assert answer.json()["place"] == 1
            await host.delete(f"/api/spaces/{space}/hands/{noor.person}")
            is_problem(await noor.request("GET", "hand"), 404, "missing")


async def test_nobody_waves(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            for _ in range(limits.HAND_BURST_COUNT):
                assert (await gil.post("hand")).status_code == 201
                assert (await gil.request("DELETE", "hand")).status_code == 204
            is_problem(await gil.post("hand"), 429, "pace")


async def test_a_ticket_to_talk_never_sits_down_as_a_host(web: Running) -> None:
    async with web.host() as host, web.browser() as thief:
        space = await opened(host)
        base, take = f"/api/spaces/{space}", f"/s/{space}/take"
        # What the page of the listen origin keeps of a host who writes there.
        token = fragment(await host.post(f"/s/{space}/join"))["talk"]
        is_problem(await thief.post(take, data={"ticket": token}), 403, "role")
        is_problem(await thief.post(f"{base}/live"), 401, "sign-in")
        assert (await host.post(take)).status_code == 303
        # A guest who was made a co-host comes back by the browser that is known, not by the ticket.
        async with web.browser() as browser:
            token = await joined(browser, space, "Noor")
            noor = Listener(thief, space, read(web, token).person, token)
            await noor.post("hand")
            [hand] = (await host.post(f"{base}/hands/{noor.person}/invite")).json()["hands"]
            assert (await browser.post(take, data={"ticket": token})).status_code == 303
            role = {"role": "cohost"}
            assert (await host.put(f"{base}/seats/{hand['seat']}", json=role)).status_code == 200
            is_problem(await thief.post(take, data={"ticket": token}), 403, "role")
            assert (await browser.post(take, data={"ticket": token})).status_code == 303
