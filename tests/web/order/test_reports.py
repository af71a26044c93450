"""Reports: anybody makes them, those of one thing are one case, moderators decide and take back."""

from __future__ import annotations

import asyncio

import pytest

from hustings.quota import Policy
from hustings.web.access import quota
from tests.web.order.people import GUEST, account, asks, says
from tests.web.running import Running, is_problem, make_space

LISTEN = {"origin": "http://localhost:8001", "sec-fetch-site": "same-site"}


async def test_reports_of_one_thing_are_one_case(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/reports"
        message = await says(web, made["id"], "An insult")
        report = {"about": "message", "id": message, "reason": "This is an insult."}
        for _ in range(3):
            assert (await listener.post(path, json=report, headers=LISTEN)).status_code == 204
        async with account(web, "Mem Ber", "member") as (member, _):
            assert (await member.post(path, json={**report, "reason": "Vile."})).status_code == 204
        question = await asks(web, made["id"], "Another insult?")
        assert (
            await listener.post(path, json={"about": "question", "id": question})
        ).status_code == 204

        cases = (await owner.get("/api/reports")).json()
        assert [(c["about"], c["count"]) for c in cases] == [("message", 2), ("question", 1)]
        assert cases[0]["text"] == "An insult"
        assert cases[0]["person"] == GUEST
        assert sorted(cases[0]["reasons"]) == ["This is an insult.", "Vile."]
        assert (await owner.get(path)).json() == cases


async def test_what_is_not_there_cannot_be_reported(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/reports"
        for about in ("message", "question", "seat"):
            answer = await listener.post(path, json={"about": about, "id": "nothing"})
            is_problem(answer, 404, "not-found")
        message = await says(web, made["id"], "Hello")
        answer = await listener.post(path, json={"about": "question", "id": message})
        is_problem(answer, 404, "not-found")
        assert (await listener.post(path, json={"about": "space"})).status_code == 204
        is_problem(
            await listener.post("/api/spaces/nosuch/reports", json={"about": "space"}),
            404,
            "not-found",
        )


async def test_a_private_space_is_reported_with_a_ticket(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner, private=True)
        path = f"/api/spaces/{made['id']}/reports"
        is_problem(await listener.post(path, json={"about": "space"}), 401, "ticket")
        entered = await listener.get(made["share_url"].replace("http://localhost:8000", web.url))
        ticket = entered.headers["location"].partition("ticket=")[2]
        headers = {"authorization": f"Bearer {ticket}"}
        answer = await listener.post(path, json={"about": "space"}, headers=headers)
        assert answer.status_code == 204


async def test_the_listen_origin_may_ask_across(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/reports"
        answer = await listener.options(path, headers=LISTEN)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == LISTEN["origin"]
        assert "Content-Type" in answer.headers["access-control-allow-headers"]
        answer = await listener.post(path, json={"about": "space"}, headers=LISTEN)
        assert answer.headers["access-control-allow-origin"] == LISTEN["origin"]
        evil = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        is_problem(
            await listener.post(path, json={"about": "space"}, headers=evil), 403, "cross-site"
        )


async def test_reports_of_one_address_are_bounded(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Policy(name="reports", count=2, window_s=600)
    monkeypatch.setattr(quota, "REPORTS", few)
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/reports"
        for _ in range(2):
            assert (await listener.post(path, json={"about": "space"})).status_code == 204
        answer = await listener.post(path, json={"about": "space"})
        is_problem(answer, 429, "rate")
        assert 1 <= int(answer.headers["retry-after"]) <= 600
        assert '"reports";r=0;t=' in answer.headers["ratelimit"]


async def test_removed_and_taken_back(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        message = await says(web, made["id"], "An insult")
        report = {"about": "message", "id": message}
        await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        async with account(web, "Mod Erator", "moderator") as (moderator, _):
            case = (await moderator.get("/api/reports")).json()[0]
            path = f"/api/reports/{case['id']}"
            answer = await moderator.put(path, json={"outcome": "blocked", "reason": "Insult."})
            assert answer.status_code == 200, answer.text
            assert (await moderator.get("/api/reports")).json() == []
            assert (await moderator.get("/api/reports?decided=true")).json() == [answer.json()]
            again = await moderator.put(path, json={"outcome": "dismissed"})
            is_problem(again, 409, "done")

            space = await web.space(made["id"])
            assert message in space.removed
            assert GUEST in space.blocked
            answer = await moderator.request("DELETE", path, json={"reason": "A mistake."})
            assert answer.json()["outcome"] is None
            space = await web.space(made["id"])
            assert message not in space.removed
            assert GUEST not in space.blocked
            is_problem(await moderator.delete(path), 409, "done")
            entries = (await moderator.get("/api/audit")).json()["entries"]
        assert [entry["did"] for entry in entries] == [
            "report.reopened", "person.unblocked", "message.restored",
            "person.blocked", "message.removed", "report.blocked",
        ]  # fmt: skip
        assert entries[4]["snapshot"] == "Loud guest: An insult"
        assert entries[4]["reason"] == "Insult."
        assert entries[4]["by_name"] == "Mod Erator"


async def test_taking_back_undoes_only_what_the_decision_did(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        blocked = {"person": GUEST, "name": "Loud guest", "reason": "Earlier."}
        assert (
            await owner.post(f"/api/spaces/{made['id']}/blocks", json=blocked)
        ).status_code == 201
        message = await says(web, made["id"], "An insult")
        report = {"about": "message", "id": message}
        await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        case = (await owner.get("/api/reports")).json()[0]
        path = f"/api/reports/{case['id']}"
        assert (await owner.put(path, json={"outcome": "blocked"})).status_code == 200
        assert (await owner.delete(path)).status_code == 200
        space = await web.space(made["id"])
        assert message not in space.removed
        assert space.blocked[GUEST].reason == "Earlier."


async def test_a_new_report_opens_a_dismissed_case_again(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/reports"
        await listener.post(path, json={"about": "space"})
        case = (await owner.get("/api/reports")).json()[0]
        await owner.put(f"/api/reports/{case['id']}", json={"outcome": "dismissed"})
        await listener.post(path, json={"about": "space"})  # the same person: counted already
        assert (await owner.get("/api/reports")).json() == []
        async with account(web, "Mem Ber", "member") as (member, _):
            await member.post(path, json={"about": "space"})
        assert [c["count"] for c in (await owner.get("/api/reports")).json()] == [2]


async def test_many_report_at_once(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        path = f"/api/spaces/{made['id']}/reports"
        message = await says(web, made["id"], "An insult")
        report = {"about": "message", "id": message}
        async with account(web, "Mem Ber", "member") as (member, _):
            answers = await asyncio.gather(
                *(c.post(path, json=report) for c in (listener, member, owner) for _ in range(4))
            )
        assert {answer.status_code for answer in answers} == {204}
        assert [c["count"] for c in (await owner.get("/api/reports")).json()] == [3]


async def test_only_moderators_see_the_queue(web: Running) -> None:
    async with web.host() as owner, account(web, "Ho St", "host") as (other, _):
        made = await make_space(owner)
        is_problem(await other.get("/api/reports"), 403, "role")
        is_problem(await other.get(f"/api/spaces/{made['id']}/reports"), 403, "stranger")
        assert (await other.get("/reports", headers={"accept": "text/html"})).status_code == 403
    async with web.browser() as stranger:
        assert (await stranger.get("/reports")).headers["location"] == "/sign-in?next=/reports"


async def test_the_page_decides_and_takes_back(web: Running) -> None:
    accept = {"accept": "text/html"}
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        message = await says(web, made["id"], "<script>alert(1)</script>")
        report = {"about": "message", "id": message, "reason": "Look at this"}
        await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        page = await owner.get("/reports", headers=accept)
        assert "&lt;script&gt;alert(1)" in page.text
        assert "Look at this" in page.text
        assert "1 waiting" in (await owner.get("/moderation", headers=accept)).text
        case = (await owner.get("/api/reports")).json()[0]
        form = {"outcome": "removed", "reason": "No scripts."}
        answer = await owner.post(f"/reports/{case['id']}", data=form)
        assert answer.status_code == 303
        assert message in (await web.space(made["id"])).removed
        assert "No scripts." in (await owner.get("/reports", headers=accept)).text
        assert (await owner.post(f"/reports/{case['id']}/undo")).status_code == 303
        assert message not in (await web.space(made["id"])).removed


async def test_a_speaker_is_reported_and_removed_with_the_link(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        answer = await owner.post(f"/api/spaces/{made['id']}/seats", json={"name": "Loud"})
        link, seat = answer.json()["link"], answer.json()["seat"]
        report = {"about": "seat", "id": seat}
        await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        case = (await owner.get("/api/reports")).json()[0]
        assert (case["name"], case["about_id"]) == ("Loud", seat)
        path = f"/api/reports/{case['id']}"
        assert (await owner.put(path, json={"outcome": "removed"})).status_code == 200
        assert seat not in (await web.space(made["id"])).seats
        assert (await listener.get(link)).status_code == 410
        assert (await owner.delete(path)).status_code == 200
        assert (await web.space(made["id"])).seats[seat].name == "Loud"


async def test_one_press_suspends_the_author(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        message = await says(web, made["id"], "An insult")
        report = {"about": "message", "id": message}
        await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        case = (await owner.get("/api/reports")).json()[0]
        path = f"/api/reports/{case['id']}"
        decision = {"outcome": "suspended", "reason": "Insult.", "days": 7}
        assert (await owner.put(path, json=decision)).status_code == 200
        assert [s["person"] for s in (await owner.get("/api/suspensions")).json()] == [GUEST]
        assert (await owner.delete(path)).status_code == 200
        assert (await owner.get("/api/suspensions")).json() == []
        assert message not in (await web.space(made["id"])).removed


async def test_a_later_suspension_outlives_the_decision(web: Running) -> None:
    """Taking a report's decision back lifts its own suspension, not one for something else."""
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        message = await says(web, made["id"], "An insult")
        report = {"about": "message", "id": message}
        await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        path = f"/api/reports/{(await owner.get('/api/reports')).json()[0]['id']}"
        decision = {"outcome": "suspended", "reason": "Insult.", "days": 7}
        assert (await owner.put(path, json=decision)).status_code == 200
        later = {"reason": "Threats.", "name": "Loud guest"}
        assert (await owner.put(f"/api/suspensions/{GUEST}", json=later)).status_code == 200
        assert (await owner.delete(path)).status_code == 200
        assert message not in (await web.space(made["id"])).removed
        found = (await owner.get("/api/suspensions")).json()
        assert [(one["reason"], one["until_ms"]) for one in found] == [("Threats.", None)]


async def test_what_cannot_be_carried_out_waits_on(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        await listener.post(f"/api/spaces/{made['id']}/reports", json={"about": "space"})
        case = (await owner.get("/api/reports")).json()[0]
        path = f"/api/reports/{case['id']}"
        # Nobody suspends the owner; a space is no message.
        is_problem(await owner.put(path, json={"outcome": "suspended"}), 403, "role")
        is_problem(await owner.put(path, json={"outcome": "removed"}), 409, "report")
        assert [c["id"] for c in (await owner.get("/api/reports")).json()] == [case["id"]]
        is_problem(
            await owner.put("/api/reports/nothing", json={"outcome": "dismissed"}), 404, "not-found"
        )


async def test_an_old_message_is_found_again(web: Running) -> None:
    async with web.host() as owner, web.browser() as listener:
        made = await make_space(owner)
        message = await says(web, made["id"], "An insult")
        for _ in range(11):
            await asyncio.gather(*(says(web, made["id"], f"Later {i}") for i in range(100)))
        report = {"about": "message", "id": message}
        answer = await listener.post(f"/api/spaces/{made['id']}/reports", json=report)
        assert answer.status_code == 204
        assert (await owner.get("/api/reports")).json()[0]["text"] == "An insult"


async def test_what_is_refused_half_way_is_not_begun(web: Running) -> None:
    async with (
        web.host() as owner,
        account(web, "Mod Erator", "moderator") as (moderator, _),
        web.browser() as listener,
    ):
        space = (await make_space(owner))["id"]
        await owner.post(f"/api/spaces/{space}/doors")
        said = await owner.post(f"/api/spaces/{space}/chat", json={"text": "Good evening"})
        report = {"about": "message", "id": said.json()["id"]}
        await listener.post(f"/api/spaces/{space}/reports", json=report)
        case = (await moderator.get("/api/reports")).json()[0]
        for outcome in ("suspended", "blocked"):
            answer = await moderator.put(f"/api/reports/{case['id']}", json={"outcome": outcome})
            is_problem(answer, 403, "role")
        assert report["id"] not in (await web.space(space)).removed
        assert [c["id"] for c in (await moderator.get("/api/reports")).json()] == [case["id"]]


async def test_who_is_suspended_gets_no_seat_back(web: Running) -> None:
    async with web.host() as owner, account(web, "Lou D", "member") as (loud, identity):
        space = (await make_space(owner))["id"]
        invited = (await owner.post(f"/api/spaces/{space}/seats", json={"name": "Lou"})).json()
        assert (await loud.post(invited["link"], data={"name": "Lou"})).status_code == 303
        report = {"about": "seat", "id": invited["seat"]}
        await owner.post(f"/api/spaces/{space}/reports", json=report)
        path = f"/api/reports/{(await owner.get('/api/reports')).json()[0]['id']}"
        assert (await owner.put(path, json={"outcome": "removed"})).status_code == 200
        await owner.put(f"/api/suspensions/a-{identity}", json={})
        is_problem(await owner.delete(path), 409, "suspended")
        assert invited["seat"] not in (await web.space(space)).seats
