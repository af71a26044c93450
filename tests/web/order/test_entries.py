"""What stands in the audit log: whatever gives somebody a right here or takes it away."""

from __future__ import annotations

import httpx

from hustings.log.propose import Proposals
from hustings.space import Space
from hustings.space.command import Withhold
from hustings.web.order.words import DEEDS
from hustings.web.studio import now_ms
from tests.web.order.people import account
from tests.web.running import Running, make_space


async def _entries(client: httpx.AsyncClient, space: str) -> list[dict[str, str]]:
    """Oldest first."""
    found: list[dict[str, str]] = (await client.get(f"/api/spaces/{space}/audit")).json()["entries"]
    assert {one["did"] for one in found} <= DEEDS.keys()
    return found[::-1]


async def test_seats(web: Running) -> None:
    async with web.host() as owner:
        space = (await make_space(owner))["id"]
        path = f"/api/spaces/{space}/seats"
        async with web.speaker(owner, space) as (speaker, seat):
            await owner.post(f"{path}/{seat}/link")
            await owner.post(f"{path}/{seat}/mute", json={"reason": "An echo."})
            await speaker.post(f"{path}/{seat}/mute")  # one's own: nobody's business
            await owner.request("DELETE", f"{path}/{seat}", json={"reason": "Asked to."})
            await owner.post(f"{path}/{seat}/restore")
            assert (await speaker.delete(f"{path}/{seat}")).status_code == 200  # steps down
        entries = await _entries(owner, space)
        assert [(one["did"], one["reason"]) for one in entries] == [
            ("seat.invited", ""), ("seat.link", ""), ("seat.muted", "An echo."),
            ("seat.removed", "Asked to."), ("seat.restored", ""),
        ]  # fmt: skip
        assert {one["about"] for one in entries} == {f"seat:{seat}"}
        assert {one["by_name"] for one in entries} == {"Hanna Host"}
        assert entries[3]["person"].startswith("g-")
        assert entries[3]["snapshot"] == "Amara"
        removed = (await web.space(space)).seats_removed
        assert [one.name for one in removed.values()] == ["Amara"]


async def test_hands(web: Running) -> None:
    async with web.host() as owner, account(web, "Lis Ten", "member") as (listener, identity):
        space = (await make_space(owner))["id"]
        path = f"/api/spaces/{space}"
        await owner.post(f"{path}/doors")
        assert (await listener.post(f"{path}/hand")).status_code == 201
        answer = await owner.post(f"{path}/hands/a-{identity}/invite")
        assert answer.status_code == 200, answer.text
        last = (await _entries(owner, space))[-1]
        assert (last["did"], last["person"]) == ("hand.invited", f"a-{identity}")
        assert last["snapshot"] == "Lis Ten"


async def test_settings_that_bear_on_rights(web: Running) -> None:
    async with web.host() as owner:
        space = (await make_space(owner))["id"]
        path = f"/api/spaces/{space}"
        change = {"title": "Another title", "private": True, "publishing": "review"}
        assert (await owner.patch(path, json=change)).status_code == 200
        assert (await owner.patch(path, json={"title": "A third"})).status_code == 200
        room = {"chat_open": False, "slow_s": 10, "hands_open": True}
        assert (await owner.put(f"{path}/room", json=room)).status_code == 200
        entries = await _entries(owner, space)
        assert [(one["did"], one["snapshot"]) for one in entries] == [
            ("space.changed", "private: no → yes, publishing: auto → review"),
            ("room.changed", "chat open: yes → no, slow s: 0 → 10"),
        ]


async def test_people_of_a_space_by_page_and_api(web: Running) -> None:
    async with web.host() as owner, account(web, "Ann", "member") as (ann, identity):
        assert (await ann.patch("/api/me", json={"handle": "ann"})).status_code == 200
        space = (await make_space(owner, private=True))["id"]
        done = [f"{kind}.{did}" for kind, did in (
            ("member", "admitted"), ("member", "dismissed"),
            ("cohost", "added"), ("cohost", "dropped"),
        )]  # fmt: skip
        for kind in ("members", "cohosts"):
            await owner.post(f"/api/spaces/{space}/{kind}", json={"who": "@ann"})
            await owner.delete(f"/api/spaces/{space}/{kind}/{identity}")
        for kind in ("members", "cohosts"):
            await owner.post(f"/s/{space}/{kind}", data={"who": "@ann"})
            await owner.post(f"/s/{space}/{kind}/{identity}/remove")
        entries = await _entries(owner, space)
        assert [one["did"] for one in entries] == done * 2
        assert {(one["person"], one["snapshot"]) for one in entries} == {(f"a-{identity}", "Ann")}


async def test_publishing(web: Running) -> None:
    async with web.host() as owner:
        space = (await make_space(owner, publishing="review"))["id"]
        for step in ("doors", "live", "end"):
            assert (await owner.post(f"/api/spaces/{space}/{step}")).status_code == 200
        done = Withhold(by="system", recording_seconds=10.0, receipt_sha256="ab" * 32)
        made = await Proposals(web.record, web.live).propose(space, done, now_ms=now_ms())
        assert isinstance(made, Space)
        assert (await owner.post(f"/s/{space}/publish")).status_code == 303
        reason = {"reason": "A name was said."}
        assert (await owner.post(f"/api/spaces/{space}/withhold", json=reason)).status_code == 200
        entries = await _entries(owner, space)
        assert [(one["did"], one["reason"]) for one in entries] == [
            ("space.published", ""),
            ("space.withheld", "A name was said."),
        ]
