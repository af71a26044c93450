"""Suspension: a state beside the account, that stops its owner and gives everything back."""

from __future__ import annotations

import time

import httpx
import pytest

from hustings import limits
from hustings.space.command import GrantSeat
from hustings.space.state import Role
from hustings.web.order.suspension import Suspensions
from tests.web import running
from tests.web.order.people import GUEST, account, database_of
from tests.web.room.crowd import fragment, read
from tests.web.running import Running, is_problem, make_space, until

ACCEPT = {"accept": "text/html"}


async def _suspend(moderator: httpx.AsyncClient, person: str, **fields: object) -> None:
    answer = await moderator.put(f"/api/suspensions/{person}", json=fields)
    assert answer.status_code == 200, answer.text


async def test_a_suspended_host_can_look_and_not_act(web: Running) -> None:
    async with web.host() as owner, account(web, "Ho St", "host") as (host, identity):
        made = await make_space(host)
        path = f"/api/spaces/{made['id']}"
        await _suspend(owner, f"a-{identity}", reason="Insults.", days=7)

        is_problem(await host.post("/api/spaces", json={"title": "x"}), 403, "suspended")
        is_problem(await host.post(f"{path}/ticket"), 403, "suspended")
        is_problem(await host.post(f"{path}/doors"), 403, "suspended")
        assert (await host.post("/new", data={"title": "x"}, headers=ACCEPT)).status_code == 403
        assert (await host.get("/api/spaces")).json()[0]["id"] == made["id"]
        page = await host.get("/suspended", headers=ACCEPT)
        assert "Insults." in page.text
        assert "Your account is suspended" in (await host.get("/account", headers=ACCEPT)).text

        # Signing out and in again is still possible, and changes nothing.
        assert (await host.post("/sign-out")).status_code == 303

        answer = await owner.request(
            "DELETE", f"/api/suspensions/a-{identity}", json={"reason": "Sorry."}
        )
        assert answer.status_code == 204
        is_problem(await owner.delete(f"/api/suspensions/a-{identity}"), 404, "not-found")
    async with web.host() as owner:
        entries = (await owner.get(f"/api/audit?person=a-{identity}")).json()["entries"]
        assert [e["did"] for e in entries] == ["person.reinstated", "person.suspended"]
        assert [e["reason"] for e in entries] == ["Sorry.", "Insults."]


async def test_a_host_gets_back_all_that_was_there(web: Running) -> None:
    async with web.host() as owner, account(web, "Ho St", "host") as (host, identity):
        made = await make_space(host)
        path = f"/api/spaces/{made['id']}"
        before = await web.space(made["id"])
        await _suspend(owner, f"a-{identity}")
        assert (await web.space(made["id"])).seats == {}
        assert (await owner.delete(f"/api/suspensions/a-{identity}")).status_code == 204
        after = await web.space(made["id"])
        assert set(after.seats) == set(before.seats)
        assert {s.role for s in after.seats.values()} == {Role.HOST}
        assert (await host.post(f"{path}/ticket")).status_code == 200
        assert (await host.post("/api/spaces", json={"title": "x"})).status_code == 201


async def test_seat_and_link_of_a_speaker_go_and_come_back(web: Running) -> None:
    async with web.host() as owner:
        made = await make_space(owner)
        space = made["id"]
        answer = await owner.post(f"/api/spaces/{space}/seats", json={"name": "Spea Ker"})
        link, seat = answer.json()["link"], answer.json()["seat"]
        async with account(web, "Spea Ker", "member") as (speaker, identity):
            revoke = await owner.delete(f"/api/spaces/{space}/seats/{seat}")
            assert revoke.status_code == 200
            # The seat of an account, as taking it while signed in makes it.
            answer = await owner.post(f"/api/spaces/{space}/seats", json={"name": "Spea Ker"})
            link, seat = answer.json()["link"], answer.json()["seat"]
            assert (await speaker.post(link, data={"name": "Spea Ker"})).status_code == 303
            person = (await web.space(space)).seats[seat].person
            if not person:
                await _sit(web, space, seat, f"a-{identity}")
            await _suspend(owner, f"a-{identity}", days=1)
            assert seat not in (await web.space(space)).seats
            assert (await speaker.get(link, headers=ACCEPT)).status_code == 410
            assert (await speaker.post(f"/api/spaces/{space}/ticket")).status_code == 403

            assert (await owner.delete(f"/api/suspensions/a-{identity}")).status_code == 204
            held = (await web.space(space)).seats[seat]
            assert (held.name, held.role) == ("Spea Ker", Role.SPEAKER)
            assert (await speaker.get(link, headers=ACCEPT)).status_code == 200
            assert (await speaker.post(f"/api/spaces/{space}/ticket")).status_code == 200


async def _sit(web: Running, space: str, seat: str, person: str) -> None:
    from hustings.log.propose import propose
    from hustings.space.command import RevokeSeat

    await propose(web.record, web.live, space, RevokeSeat(by="system", seat=seat), now_ms=1)
    grant = GrantSeat(
        by="system", seat=seat, name="Spea Ker", seat_role=Role.SPEAKER, person=person
    )
    await propose(web.record, web.live, space, grant, now_ms=1)


async def test_it_ends_by_itself_and_gives_back(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.web.order.suspend._LOOK_S", 0.1)
    monkeypatch.setattr("hustings.web.order.suspend._DAY_MS", 700)
    async with web.host() as owner, account(web, "Ho St", "host") as (host, identity):
        made = await make_space(host)
        await _suspend(owner, f"a-{identity}", days=1)
        assert (await web.space(made["id"])).seats == {}

        async def back() -> bool:
            return bool((await web.space(made["id"])).seats)

        await until(back, within_s=20)
        assert (await host.post("/api/spaces", json={"title": "x"})).status_code == 201

        async def written() -> bool:
            entry = (await owner.get("/api/audit")).json()["entries"][0]
            return bool(entry["did"] == "person.reinstated" and entry["by"] == "timer")

        await until(written, within_s=20)


async def test_another_node_knows_within_seconds(
    tmp_path_factory: pytest.TempPathFactory, servers: running.Engines, web: Running
) -> None:
    async with (
        running.studio(web.folder, servers, instance="web-1") as other,
        web.host() as owner,
        account(web, "Ho St", "host") as (host, identity),
        other.browser() as elsewhere,
    ):
        for name, value in host.cookies.items():
            elsewhere.cookies.set(name, value)
        assert (await elsewhere.post("/api/spaces", json={"title": "x"})).status_code == 201
        began = time.monotonic()
        await _suspend(owner, f"a-{identity}")

        async def refused() -> bool:
            answer = await elsewhere.post("/api/spaces", json={"title": "x"})
            return answer.status_code == 403

        await until(refused, within_s=limits.SUSPENSION_FRESH_S + 5)
        assert time.monotonic() - began < limits.SUSPENSION_FRESH_S + 5


async def test_a_banned_guest_and_their_address(web: Running) -> None:
    database = database_of(web)
    suspensions = Suspensions(database, key=b"k" * 32)
    await suspensions.met(GUEST, "192.0.2.7", now_ms=1_000)
    async with web.host() as owner:
        await _suspend(owner, GUEST, name="Loud guest", reason="Insults.")
        current = (await owner.get("/api/suspensions")).json()
        assert [(one["person"], one["name"]) for one in current] == [(GUEST, "Loud guest")]
    now_ms = time.time_ns() // 1_000_000
    assert await suspensions.suspended(GUEST)
    assert not await suspensions.suspended("g-aaaaaaaaaaaaaaaa")
    assert await suspensions.barred("192.0.2.7", now_ms=now_ms)
    assert not await suspensions.barred("192.0.2.8", now_ms=now_ms)
    assert not await suspensions.barred("192.0.2.7", now_ms=now_ms + limits.ADDRESS_BAN_S * 1000)
    # Addresses are forgotten after a day.
    await suspensions.met("g-aaaaaaaaaaaaaaaa", "192.0.2.9", now_ms=now_ms)
    await database.close()


async def test_nobody_suspends_upwards(web: Running) -> None:
    async with web.host() as owner, account(web, "Mod Erator", "moderator") as (moderator, own):
        owner_id = (await owner.get("/api/audit")).json()["entries"]
        assert owner_id is not None
        path = "/api/suspensions"
        is_problem(await moderator.put(f"{path}/a-{own}", json={}), 403, "role")
        async with account(web, "Sec Ond", "moderator") as (_, second):
            is_problem(await moderator.put(f"{path}/a-{second}", json={}), 403, "role")
            await _suspend(owner, f"a-{second}")
            is_problem(await moderator.delete(f"{path}/a-{second}"), 403, "role")
        is_problem(await moderator.put(f"{path}/a-nobody", json={}), 404, "person")
        is_problem(await moderator.put(f"{path}/nobody", json={}), 422, "value")
        async with account(web, "Ho St", "host") as (host, _):
            is_problem(await host.put(f"{path}/a-{own}", json={}), 403, "role")
            is_problem(await host.get(path), 403, "role")


async def test_a_suspended_moderator_sees_nothing(web: Running) -> None:
    async with web.host() as owner, account(web, "Mod Erator", "moderator") as (moderator, own):
        await _suspend(owner, f"a-{own}")
        is_problem(await moderator.get("/api/audit"), 403, "suspended")
        assert (await moderator.get("/moderation", headers=ACCEPT)).status_code == 403


async def test_the_page_suspends_and_reinstates(web: Running) -> None:
    async with web.host() as owner, account(web, "Ho St", "host") as (host, identity):
        form = {"person": f"a-{identity}", "days": "30", "reason": "Insults."}
        assert (await owner.post("/suspensions", data=form)).status_code == 303
        page = await owner.get("/suspensions", headers=ACCEPT)
        assert "Ho St" in page.text
        assert "Insults." in page.text
        is_problem(await host.post("/api/spaces", json={"title": "x"}), 403, "suspended")
        wrong = await owner.post("/suspensions", data={**form, "person": "nobody@example.org"})
        assert wrong.status_code == 422
        assert "Nobody here is called so." in wrong.text
        assert (await owner.post(f"/suspensions/a-{identity}/end")).status_code == 303
        assert (await host.post("/api/spaces", json={"title": "x"})).status_code == 201


async def test_who_came_by_an_invitation_alone_leaves_the_stage(web: Running) -> None:
    async with web.host() as owner:
        space = (await make_space(owner))["id"]
        async with web.speaker(owner, space) as (speaker, seat):
            assert (await web.space(space)).seats[seat].person == ""
            await owner.post(f"/api/spaces/{space}/doors")
            written = await speaker.post(f"/api/spaces/{space}/chat", json={"text": "An insult"})
            person = written.json()["person"]
            await _suspend(owner, person)
            assert seat not in (await web.space(space)).seats
            assert (await owner.delete(f"/api/suspensions/{person}")).status_code == 204
            assert seat in (await web.space(space)).seats
            assert (await speaker.post(f"/api/spaces/{space}/ticket")).status_code == 200


async def test_the_ban_that_lasts_longest_bars_an_address(web: Running) -> None:
    database = database_of(web)
    suspensions = Suspensions(database, key=b"k" * 32)
    day_ms = limits.ADDRESS_BAN_S * 1000
    for number, at_ms in (("b", 500_000), ("a", 1_000)):
        person = f"g-{number * 16}"
        await suspensions.met(person, "192.0.2.7", now_ms=at_ms)
        await suspensions.add(
            person, name="", reason="", until_ms=None, by="a-x", by_name="", now_ms=at_ms
        )
    assert await suspensions.barred("192.0.2.7", now_ms=1_000 + day_ms)
    assert not await suspensions.barred("192.0.2.7", now_ms=500_000 + day_ms)
    await database.close()


async def test_a_banned_guest_does_not_come_back_from_next_door(web: Running) -> None:
    async with web.host() as owner, web.browser() as guest, web.browser() as again:
        space = (await make_space(owner))["id"]
        join, form = f"/s/{space}/join", {"name": "Loud"}
        # One household has 2^64 addresses of IPv6.
        answer = await guest.post(join, data=form, headers={"x-forwarded-for": "2001:db8::1"})
        person = read(web, fragment(answer)["talk"]).person
        await _suspend(owner, person)
        answer = await again.post(join, data=form, headers={"x-forwarded-for": "2001:db8::2"})
        is_problem(answer, 403, "suspended")
        answer = await again.post(join, data=form, headers={"x-forwarded-for": "2001:db8:0:1::1"})
        assert answer.status_code == 303
