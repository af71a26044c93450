"""The people's page and its API: search, roles, suspension."""

from __future__ import annotations

import re

import httpx

from tests.web.people.joined import member
from tests.web.running import Running, is_problem


async def test_roles_are_changed_by_owners_and_an_owner_stays(
    web: Running, owner: httpx.AsyncClient
) -> None:
    me = (await owner.get("/api/me")).json()
    async with member(web, owner, "Mo", role="moderator") as moderator:
        theirs = (await moderator.get("/api/me")).json()
        answer = await moderator.patch(f"/api/people/{theirs['id']}", json={"role": "owner"})
        is_problem(answer, 403, "role")
        answer = await owner.patch(f"/api/people/{me['id']}", json={"role": "member"})
        is_problem(answer, 409, "last-owner")
        answer = await owner.patch(f"/api/people/{theirs['id']}", json={"role": "owner"})
        assert answer.json()["role"] == "owner"
        answer = await moderator.patch(f"/api/people/{me['id']}", json={"role": "host"})
        assert answer.json()["role"] == "host"
        is_problem(await owner.get("/api/people"), 403, "role")


async def test_people_are_found(web: Running, owner: httpx.AsyncClient) -> None:
    async with member(web, owner, "Ann"), member(web, owner, "Ben") as ben:
        found = (await owner.get("/api/people", params={"q": "BEN"})).json()
        assert [one["name"] for one in found["people"]] == ["Ben"]
        # What means something in LIKE means itself here.
        found = (await owner.get("/api/people", params={"q": "%"})).json()
        assert found["people"] == []
        page = (await owner.get("/people", params={"q": "Ann"})).text
        assert "ann@example.org" in page
        assert "ben@example.org" not in page
        is_problem(await ben.get("/people"), 403, "role")


async def test_the_page_invites_changes_roles_and_suspends(
    web: Running, owner: httpx.AsyncClient
) -> None:
    answer = await owner.post("/people/invitations", data={"email": "", "role": "host"})
    assert answer.status_code == 200
    link = re.findall(r'value="(http[^"]*/join/[^"]+)"', answer.text)[0]
    bad = await owner.post("/people/invitations", data={"email": "", "role": "moderator"})
    assert bad.status_code == 422
    async with web.browser() as client:
        form = {"name": "Hal", "email": "hal@example.org", "password": "a long enough password"}
        assert (await client.post(link, data=form)).status_code == 303
        hal = (await client.get("/api/me")).json()
        form = {"person": hal["person"], "reason": "Shouting.", "days": "7"}
        assert (await owner.post("/suspensions", data=form)).status_code == 303
        found = (await owner.get("/api/people", params={"q": "Hal"})).json()["people"]
        assert found[0]["suspended"]
        assert "Reinstate" in (await owner.get("/people")).text
        await owner.post(f"/suspensions/{hal['person']}/end")
        answer = await owner.post(f"/people/{hal['id']}/role", data={"role": "member"})
        assert answer.status_code == 303
        assert (await client.get("/api/me")).json()["role"] == "member"
    invitation = (await owner.get("/api/invitations")).json()[0]["id"]
    answer = await owner.post(f"/people/invitations/{invitation}/revoke")
    assert answer.status_code == 303
