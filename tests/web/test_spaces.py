"""Spaces through the API: made, invited to, commanded, and refused."""

from __future__ import annotations

import asyncio
import re
import time

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from hustings import keys, limits, ticket
from hustings.log import subjects
from hustings.log.contract import Message
from hustings.space import Refusal
from hustings.web.catalogue import Catalogue
from hustings.web.database import Database
from hustings.web.spaces import Spaces
from hustings.web.watch import Watches
from tests.servers import connected
from tests.web.running import Running, is_problem, make_space, until

HOUR_MS = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def command(
    client: httpx.AsyncClient, space: str, verb: str, **body: object
) -> httpx.Response:
    return await client.post(f"/api/spaces/{space}/{verb}", json=body or None)


async def test_space_made_now(web: Running) -> None:
    async with web.host() as host:
        answer = await host.post("/api/spaces", json={"title": " An evening ", "language": "en"})
        made = answer.json()
        assert re.fullmatch("[a-z0-9]{10}", made["id"])
        assert answer.headers["location"] == f"/api/spaces/{made['id']}"
        assert made["share_url"] == f"http://localhost:8001/s/{made['id']}"
        assert (await host.get(f"/api/spaces/{made['id']}")).json()["title"] == "An evening"
        [seat] = made["seats"]
        assert (seat["role"], seat["name"], seat["connected"]) == ("host", "Hanna Host", False)
        assert made["status"] == "scheduled"
        listed = (await host.get("/api/spaces")).json()
        assert [one["id"] for one in listed] == [made["id"]]
        assert "An evening" in (await host.get("/")).text


async def test_space_made_by_form(web: Running) -> None:
    starts = now_ms() + HOUR_MS
    form = {
        "title": "Later",
        "when": "later",
        "starts_local": "2020-01-01T00:00",
        "starts_at_ms": str(starts),
        "doors_minutes": "15",
    }
    async with web.host() as host:
        answer = await host.post("/new", data=form)
        assert answer.status_code == 303
        found = re.fullmatch(r"/s/(\w{10})/stage", answer.headers["location"])
        assert found
        space = (await host.get(f"/api/spaces/{found[1]}")).json()
        assert (space["starts_at_ms"], space["doors_at_ms"]) == (starts, starts - 15 * 60_000)
        page = await host.get(answer.headers["location"])
        assert 'data-status="scheduled"' in page.text
        # Without a script the browser sends the local field alone, and it is taken as UTC.
        answer = await host.post("/new", data={**form, "starts_at_ms": ""})
        assert answer.status_code == 422
        assert "lies ahead" in answer.text
        assert 'value="Later"' in answer.text


async def test_title_is_escaped_everywhere(web: Running) -> None:
    nasty = "</script><b onclick=x>&"
    async with web.host() as host:
        made = await make_space(host, title=nasty)
        for path in ("/", f"/s/{made['id']}/stage"):
            text = (await host.get(path)).text
            assert nasty not in text
            assert "<b onclick" not in text


async def test_from_scheduled_to_ended(web: Running) -> None:
    opened: list[Message] = []

    async def on_open(message: Message) -> None:
        opened.append(message)

    servers = web.engines
    async with (
        web.host() as host,
        connected("stage", servers.live, servers.log, servers.passwords) as (_, live),
    ):
        end = await live.subscribe(subjects.STAGE_OPEN, on_open)
        space = (await make_space(host))["id"]
        is_problem(await command(host, space, "live"), 409, "status")
        steps = [
            ("doors", {}, "doors"),
            ("live", {}, "live"),
            ("hold", {"reason": "Back soon."}, "held"),
            ("resume", {}, "live"),
            ("end", {}, "ended"),
        ]
        for verb, body, status in steps:
            answer = await command(host, space, verb, **body)
            assert answer.status_code == 200, answer.text
            assert answer.json()["status"] == status
            assert answer.json()["reason"] == body.get("reason", "")
            assert (await host.get(f"/api/spaces/{space}")).json()["status"] == status
            is_problem(await command(host, space, verb), 409, "done")
        is_problem(await command(host, space, "doors"), 409, "status")
        await until(lambda: _given(opened))
        assert [m.data.decode() for m in opened] == [space]
        await end()


async def _given(found: list[Message]) -> bool:
    return bool(found)


async def test_delay_and_cancel(web: Running) -> None:
    starts = now_ms() + HOUR_MS
    async with web.host() as host:
        made = await make_space(host, starts_at_ms=starts, doors_at_ms=starts - 60_000)
        space = made["id"]
        is_problem(
            await command(host, space, "delay", starts_at_ms=starts + HOUR_MS, reason=" "),
            422,
            "value",
        )
        is_problem(await command(host, space, "delay", starts_at_ms=1000, reason="x"), 422, "value")
        answer = await command(
            host, space, "delay", starts_at_ms=starts + HOUR_MS, reason="A late train."
        )
        told = answer.json()
        assert (told["starts_at_ms"], told["doors_at_ms"], told["reason"]) == (
            starts + HOUR_MS,
            starts + HOUR_MS - 60_000,
            "A late train.",
        )
        again = (await host.get(f"/api/spaces/{space}")).json()
        assert again["doors_at_ms"] == told["doors_at_ms"]
        answer = await command(host, space, "cancel", reason="Our guest is ill.")
        assert answer.json()["status"] == "cancelled"
        is_problem(await command(host, space, "doors"), 409, "status")
        is_problem(await host.post(f"/api/spaces/{space}/ticket"), 409, "status")


async def test_invited_speaker_gets_a_good_ticket(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with web.speaker(host, space, name="Amara") as (speaker, seat):
            page = await speaker.get(f"/s/{space}/stage")
            assert page.status_code == 200
            assert 'id="next-step"' not in page.text
            answer = await speaker.post(f"/api/spaces/{space}/ticket")
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert body["whip_url"] == f"http://localhost:8002/whip/{space}"
            public = keys.ensure(web.folder).ticket_public()
            right = ticket.verify(body["ticket"], public_key=public, now=time.time())
            assert right == ticket.Ticket(
                space=space,
                seat=seat,
                name="Amara",
                role="speaker",
                scope=ticket.Scope.SPEAK,
                exp=body["expires_at_ms"] // 1000,
            )
            assert right.exp - time.time() > limits.TICKET_SPEAK_S - 60


async def test_speaker_takes_a_name_of_their_own(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        space = (await make_space(host))["id"]
        made = (await host.post(f"/api/spaces/{space}/seats", json={"name": "Guest"})).json()
        page = await client.get(made["link"])
        assert 'value="Guest"' in page.text
        assert "An evening" in page.text
        answer = await client.post(made["link"], data={"name": ""})
        assert answer.status_code == 422
        assert "name-error" in answer.text
        answer = await client.post(made["link"], data={"name": "Amara Okafor"})
        assert answer.status_code == 303
        seats = (await client.get(f"/api/spaces/{space}")).json()["seats"]
        assert {s["id"]: s["name"] for s in seats}[made["seat"]] == "Amara Okafor"
        # The same link again, from the same person's telephone.
        async with web.browser() as telephone:
            answer = await telephone.post(made["link"], data={"name": "Amara Okafor"})
            assert answer.status_code == 303
            assert (await telephone.post(f"/api/spaces/{space}/ticket")).status_code == 200


async def test_new_link_ends_the_old_one(web: Running) -> None:
    async with web.host() as host, web.browser() as client:
        space = (await make_space(host))["id"]
        old = (await host.post(f"/api/spaces/{space}/seats", json={"name": "Guest"})).json()
        answer = await host.post(f"/api/spaces/{space}/seats/{old['seat']}/link")
        assert answer.status_code == 201
        page = await client.get(old["link"], headers={"accept": "text/html"})
        assert page.status_code == 410
        assert "Ask the host" in page.text
        assert (await client.get(answer.json()["link"])).status_code == 200
        own = (await host.get(f"/api/spaces/{space}")).json()["seats"][0]["id"]
        is_problem(await host.post(f"/api/spaces/{space}/seats/{own}/link"), 403, "role")


async def test_speakers_do_not_run_the_space(web: Running) -> None:
    bodies: dict[str, dict[str, object]] = {
        "delay": {"starts_at_ms": now_ms() + HOUR_MS, "reason": "x"},
        "seats": {"name": "Friend"},
    }
    async with web.host() as host, web.browser() as stranger:
        space = (await make_space(host))["id"]
        async with web.speaker(host, space) as (speaker, _):
            for verb in ("doors", "live", "hold", "resume", "end", "cancel", "delay", "seats"):
                body = bodies.get(verb, {})
                is_problem(await command(speaker, space, verb, **body), 403, "role")
                is_problem(await command(stranger, space, verb, **body), 401, "sign-in")


async def test_cohost_runs_the_space(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with web.speaker(host, space, role="cohost") as (cohost, _):
            assert 'id="next-step"' in (await cohost.get(f"/s/{space}/stage")).text
            assert (await command(cohost, space, "doors")).status_code == 200


async def test_the_hosts_seat_stays(web: Running) -> None:
    async with web.host() as host:
        made = await make_space(host)
        path = f"/api/spaces/{made['id']}/seats/{made['seats'][0]['id']}"
        async with web.speaker(host, made["id"], role="cohost") as (cohost, _):
            is_problem(await cohost.delete(path), 403, "role")
            is_problem(await host.delete(path), 403, "role")
            assert (await host.post(f"/api/spaces/{made['id']}/ticket")).status_code == 200


async def test_mute_and_unmute(web: Running) -> None:
    async with web.host() as host:
        made = await make_space(host)
        space, host_seat = made["id"], made["seats"][0]["id"]
        async with web.speaker(host, space) as (speaker, seat):
            path = f"/api/spaces/{space}/seats/{seat}"
            is_problem(
                await speaker.post(f"/api/spaces/{space}/seats/{host_seat}/mute"), 403, "role"
            )
            assert (await host.post(f"{path}/mute")).status_code == 200
            is_problem(await host.post(f"{path}/mute"), 409, "done")
            is_problem(await host.post(f"{path}/unmute"), 403, "role")
            answer = await speaker.post(f"{path}/unmute")
            assert [s["muted"] for s in answer.json()["seats"] if s["id"] == seat] == [False]


async def test_removed_speaker_has_nothing_left(web: Running) -> None:
    async with web.host() as host:
        made = await make_space(host)
        space, host_seat = made["id"], made["seats"][0]["id"]
        invited = (await host.post(f"/api/spaces/{space}/seats", json={"name": "Amara"})).json()
        async with web.browser() as speaker:
            await speaker.post(invited["link"], data={"name": "Amara"})
            path = f"/api/spaces/{space}/seats"
            is_problem(await speaker.delete(f"{path}/{host_seat}"), 403, "role")
            answer = await host.delete(f"{path}/{invited['seat']}")
            assert [s["id"] for s in answer.json()["seats"]] == [host_seat]
            is_problem(await speaker.post(f"/api/spaces/{space}/ticket"), 403, "seat")
            assert (await speaker.get(invited["link"])).status_code == 410


async def test_removal_has_the_last_word(web: Running) -> None:
    database = Database(web.database_url)
    catalogue = Catalogue(database)
    async with web.host() as host, asyncio.TaskGroup() as group:
        spaces = Spaces(
            log=web.record,
            live=web.live,
            keys=keys.ensure(web.folder),
            catalogue=catalogue,
            watches=Watches(log=web.record, live=web.live, group=group),
        )
        space = (await make_space(host))["id"]
        made = (await host.post(f"/api/spaces/{space}/seats", json={"name": "Amara"})).json()
        # Somebody opens the invitation; before the name is sent, a host takes the seat away.
        invite = await catalogue.invited(made["link"].rpartition("/")[2], now_ms=now_ms())
        assert invite is not None
        assert (await host.delete(f"/api/spaces/{space}/seats/{made['seat']}")).status_code == 200
        refused = await spaces.accept(invite, "Amara", now_ms=now_ms())
        assert isinstance(refused, Refusal)
        seats = (await host.get(f"/api/spaces/{space}")).json()["seats"]
        assert made["seat"] not in [one["id"] for one in seats]
    await database.close()


async def test_commands_do_not_wait_for_the_catalogue(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]

        async def locked(*_: object) -> None:
            raise OperationalError("UPDATE spaces", {}, Exception("database is locked"))

        with monkeypatch.context() as patched:
            patched.setattr(Catalogue, "refresh", locked)
            answer = await command(host, space, "doors")
            assert answer.status_code == 200
            assert answer.json()["status"] == "doors"
        # The copy follows when the database can be written again.
        await command(host, space, "live")
        assert [one["status"] for one in (await host.get("/api/spaces")).json()] == ["live"]


async def test_speaker_steps_down(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with web.speaker(host, space) as (speaker, seat):
            answer = await speaker.delete(f"/api/spaces/{space}/seats/{seat}")
            assert answer.status_code == 200
            assert seat not in [s["id"] for s in answer.json()["seats"]]


async def test_seat_cookies_are_for_one_space_and_cannot_be_made(web: Running) -> None:
    async with web.host() as host:
        space, other = [(await make_space(host))["id"] for _ in range(2)]
        async with web.speaker(host, space) as (speaker, seat):
            is_problem(await speaker.get(f"/api/spaces/{other}"), 401, "sign-in")
            sealed = speaker.cookies[f"hustings-seat-{space}"]
            speaker.cookies.set(f"hustings-seat-{other}", sealed)
            is_problem(await speaker.get(f"/api/spaces/{other}"), 401, "sign-in")
            host_seat = (await host.get(f"/api/spaces/{space}")).json()["seats"][0]["id"]
            for forged in (sealed.replace(seat, host_seat), "", "a.b", "a:b:c.d", sealed + "x"):
                speaker.cookies.delete(f"hustings-seat-{space}")
                speaker.cookies.set(f"hustings-seat-{space}", forged)
                is_problem(await speaker.get(f"/api/spaces/{space}"), 401, "sign-in")


async def test_without_the_log_nothing_opens(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        await web.engines.log.stop()
        answer = await host.post(f"/api/spaces/{space}/doors", timeout=30)
        body = is_problem(answer, 503, "log-away")
        assert "recording cannot be guaranteed" in body["detail"]
        assert answer.headers["retry-after"]
        assert (await host.get("/")).status_code == 200
        await web.engines.log.start()
        answer = await until(lambda: _opened(host, space), within_s=10)
        assert answer["status"] == "doors"


async def _opened(host: httpx.AsyncClient, space: str) -> dict[str, object] | None:
    answer = await host.post(f"/api/spaces/{space}/doors")
    body: dict[str, object] = answer.json()
    return body if answer.status_code == 200 else None


async def test_openapi_describes_every_answer(web: Running) -> None:
    async with web.browser() as client:
        document = (await client.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (path, method)
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, status)
    references = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert references <= set(schemas)
