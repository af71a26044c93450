"""Blocks: hosts shut somebody out of their space, and let them in again; both are written down."""

from __future__ import annotations

from tests.web.order.people import GUEST
from tests.web.running import Running, is_problem, make_space


async def test_blocked_and_unblocked(web: Running) -> None:
    async with web.host() as owner:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/blocks"
        body = {"person": GUEST, "name": "Loud guest", "reason": "Asked twice to stop."}
        async with web.speaker(owner, made["id"], role="cohost") as (cohost, seat):
            assert (await cohost.post(path, json=body)).status_code == 201
            assert (await web.space(made["id"])).blocked[GUEST].reason == "Asked twice to stop."
            is_problem(await owner.post(path, json=body), 409, "done")
            answer = await owner.request("DELETE", f"{path}/{GUEST}", json={"reason": "Sorry."})
            assert answer.status_code == 200
            assert (await web.space(made["id"])).blocked == {}
            is_problem(await owner.delete(f"{path}/{GUEST}"), 409, "missing")
        entries = (await owner.get(f"/api/spaces/{made['id']}/audit")).json()["entries"]
        assert [(e["did"], e["reason"]) for e in entries if e["did"] != "seat.invited"] == [
            ("person.unblocked", "Sorry."),
            ("person.blocked", "Asked twice to stop."),
        ]
        assert entries[1]["by_name"] == "Amara"
        assert seat
        assert entries[1]["by"]


async def test_who_may_block_and_whom(web: Running) -> None:
    async with web.host() as owner:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/blocks"
        body = {"person": GUEST, "name": "Loud guest"}
        async with web.speaker(owner, made["id"]) as (speaker, _):
            is_problem(await speaker.post(path, json=body), 403, "role")
        listed = (await owner.post(path, json=body)).json()
        assert listed["id"] == made["id"]
        entry = (await owner.get("/api/audit")).json()["entries"][0]
        own = {"person": entry["by"], "name": "Me"}
        is_problem(await owner.post(path, json=own), 403, "role")
        is_problem(await owner.post(path, json={**body, "person": "x"}), 422, "value")
