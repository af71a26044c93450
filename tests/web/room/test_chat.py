"""The chat: said, seen, slowed down, closed, taken down; on the log and never before it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hustings import limits
from tests.web.order.people import account
from tests.web.room.crowd import LISTEN, guest, opened, written
from tests.web.running import Engines, Running, is_problem, make_space, server_events, studio, until


async def test_what_is_said_is_kept_and_seen(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with (
            guest(web, space) as gil,
            host.stream("GET", f"/api/spaces/{space}/events") as answer,
            asyncio.timeout(10),
        ):
            events = server_events(answer)
            await first_state(events)
            said = await gil.post("chat", {"text": " Good \n evening! "})
            assert said.status_code == 201, said.text
            message = said.json()
            assert message["text"] == "Good evening!"
            assert (message["name"], message["role"]) == ("Gil Guest", "listener")
            assert said.headers["access-control-allow-origin"] == LISTEN
            [[kept]] = await written(web, space)
            assert (kept.id, kept.person, kept.text) == (message["id"], gil.person, "Good evening!")
            async for name, data in events:
                if name == "talk":
                    assert [one["id"] for one in data["said"]] == [message["id"]]
                    break
            talk = (await host.get(f"/api/spaces/{space}/talk")).json()
            assert [one["text"] for one in talk["chat"]] == ["Good evening!"]


async def first_state(events: AsyncIterator[tuple[str, Any]]) -> None:
    async for name, _ in events:
        if name == "state":
            return


async def test_the_host_says_something_from_the_desk(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        said = await host.post(f"/api/spaces/{space}/chat", json={"text": "Welcome."})
        assert said.json()["role"] == "host"
        async with web.speaker(host, space) as (speaker, _):
            said = await speaker.post(f"/api/spaces/{space}/chat", json={"text": "Thanks."})
            assert said.json()["role"] == "speaker"
            assert said.json()["person"].startswith("g-")


@pytest.mark.parametrize("text", ["", "  ", "x" * (limits.CHAT_CHARS + 1), "a\u0000b", "\ud800"])
async def test_what_cannot_be_said(web: Running, text: str) -> None:
    async with web.host() as host:
        space = await opened(host)
        # A lone surrogate can be written in JSON only as an escape.
        body = json.dumps({"text": text}).encode()
        answer = await host.post(
            f"/api/spaces/{space}/chat",
            content=body,
            headers={"Content-Type": "application/json"},
        )
        is_problem(answer, 422, "value")


async def test_nobody_shouts(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            for number in range(limits.CHAT_BURST_COUNT):
                assert (await gil.post("chat", {"text": f"{number}"})).status_code == 201
            refused = await gil.post("chat", {"text": "more"})
            assert "second" in is_problem(refused, 429, "pace")["detail"]
            assert 1 <= int(refused.headers["retry-after"]) <= limits.CHAT_BURST_S
            assert refused.headers["access-control-expose-headers"] == "Retry-After"


async def test_slow_mode_is_for_listeners(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        set_room = await host.put(f"/api/spaces/{space}/room", json={"slow_s": 30})
        assert set_room.json()["slow_s"] == 30
        async with guest(web, space) as gil, guest(web, space, "Noor") as noor:
            assert (await gil.post("chat", {"text": "One"})).status_code == 201
            refused = await gil.post("chat", {"text": "Two"})
            detail = is_problem(refused, 429, "pace")["detail"]
            assert detail.startswith("Slow mode is on: you can write again in ")
            assert (await noor.post("chat", {"text": "Three"})).status_code == 201
        for text in ("Four", "Five"):
            said = await host.post(f"/api/spaces/{space}/chat", json={"text": text})
            assert said.status_code == 201


async def test_slow_mode_holds_at_every_studio(tmp_path: Path, servers: Engines) -> None:
    async with (
        studio(tmp_path, servers) as one,
        studio(tmp_path, servers, instance="web-1") as two,
        one.host() as host,
    ):
        space = await opened(host)
        await host.put(f"/api/spaces/{space}/room", json={"slow_s": 60})
        async with guest(one, space) as gil, two.browser() as there:
            assert (await gil.post("chat", {"text": "Here"})).status_code == 201
            other = type(gil)(there, space, gil.person, gil.token)
            # This one has not followed the space before: it reads what was written.
            is_problem(await other.post("chat", {"text": "There"}), 429, "pace")


async def test_a_closed_chat_and_a_space_that_is_not_on(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            await host.put(f"/api/spaces/{space}/room", json={"chat_open": False})
            is_problem(await gil.post("chat", {"text": "Hello?"}), 409, "shut")
            await host.put(f"/api/spaces/{space}/room", json={"chat_open": True})
            assert (await gil.post("chat", {"text": "Hello."})).status_code == 201
            await host.put(f"/api/spaces/{space}/room", json={"guests": False})
            is_problem(await gil.post("chat", {"text": "Hello?"}), 403, "guests")
        later = (await make_space(host))["id"]
        async with guest(web, later) as gil:
            is_problem(await gil.post("chat", {"text": "Too early"}), 409, "status")


async def test_who_is_blocked_or_suspended_is_told_so(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil, account(web, "Mo", "moderator") as (moderator, _):
            block = {"person": gil.person, "name": "Gil", "reason": "Insults."}
            await host.post(f"/api/spaces/{space}/blocks", json=block)
            is_problem(await gil.post("chat", {"text": "Hello?"}), 403, "blocked")
            await host.request("DELETE", f"/api/spaces/{space}/blocks/{gil.person}")
            assert (await gil.post("chat", {"text": "Hello."})).status_code == 201
            path, body = f"/api/suspensions/{gil.person}", {"reason": "Insults everywhere."}
            assert (await moderator.put(path, json=body)).status_code == 200
            is_problem(await gil.post("chat", {"text": "Hello?"}), 403, "suspended")


async def test_authors_take_back_and_hosts_take_down_and_restore(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil, guest(web, space, "Noor") as noor:
            own = (await gil.post("chat", {"text": "Oh no"})).json()["id"]
            bad = (await gil.post("chat", {"text": "An insult"})).json()["id"]
            is_problem(await noor.request("DELETE", f"chat/{own}"), 403, "role")
            assert (await gil.request("DELETE", f"chat/{own}")).status_code == 204
            path = f"/api/spaces/{space}/chat/{bad}"
            gone = await host.request("DELETE", path, json={"reason": "An insult."})
            assert gone.status_code == 204
            is_problem(await host.request("DELETE", path), 409, "done")
            talk = (await host.get(f"/api/spaces/{space}/talk")).json()
            assert [one["removed"] for one in talk["chat"]] == [True, True]
            async with web.speaker(host, space) as (speaker, _):
                seen = (await speaker.get(f"/api/spaces/{space}/talk")).json()
                assert seen["chat"] == []
            assert (await host.post(f"{path}/restore")).status_code == 204
            talk = (await host.get(f"/api/spaces/{space}/talk")).json()
            assert [one["removed"] for one in talk["chat"]] == [True, False]
            audit = (await host.get(f"/api/spaces/{space}/audit")).json()
            entries = audit["entries"] if isinstance(audit, dict) else audit
            deeds = {entry["did"]: entry for entry in entries}
            assert deeds["message.removed"]["reason"] == "An insult."
            assert deeds["message.removed"]["snapshot"] == "Gil Guest: An insult"
            assert "message.restored" in deeds


async def test_authors_leave_hosts_the_room_to_take_down(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REMOVED_OWN_COUNT", 1)
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            ids = [(await gil.post("chat", {"text": "Oh no"})).json()["id"] for _ in range(2)]
            assert (await gil.request("DELETE", f"chat/{ids[0]}")).status_code == 204
            is_problem(await gil.request("DELETE", f"chat/{ids[1]}"), 409, "full")
            gone = await host.delete(f"/api/spaces/{space}/chat/{ids[1]}")
            assert gone.status_code == 204


async def test_a_site_moderator_takes_down_anywhere(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil, account(web, "Mo", "moderator") as (moderator, _):
            bad = (await gil.post("chat", {"text": "An insult"})).json()["id"]
            path = f"/api/spaces/{space}/chat/{bad}"
            assert (await moderator.request("DELETE", path)).status_code == 204
            assert (await moderator.post(f"{path}/restore")).status_code == 204
        async with account(web, "Mia", "member") as (member, _):
            is_problem(await member.request("DELETE", path), 403, "role")


async def test_without_the_log_nothing_is_said(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_ACK_S", 0.3)
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            assert (await gil.post("chat", {"text": "One"})).status_code == 201
            await web.engines.log.stop()
            refused = await gil.post("chat", {"text": "Two"})
            assert "kept" in is_problem(refused, 503, "log-away")["detail"]
            assert refused.headers["retry-after"] == "2"
            await web.engines.log.start()

            async def said() -> bool:
                return (await gil.post("chat", {"text": "Three"})).status_code == 201

            await until(said)
            texts = [piece.text for entry in await written(web, space) for piece in entry]
            assert texts[0] == "One"
            assert texts[-1] == "Three"


async def test_what_is_said_at_once_shares_entries(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            bodies = [gil.post("chat", {"text": f"{n}"}) for n in range(limits.CHAT_BURST_COUNT)]
            assert {one.status_code for one in await asyncio.gather(*bodies)} == {201}
            entries = await written(web, space)
            assert sum(len(entry) for entry in entries) == limits.CHAT_BURST_COUNT
            assert len(entries) < limits.CHAT_BURST_COUNT


async def test_too_much_at_once_is_refused(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TALK_WAITING_COUNT", 1)
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            bodies = [gil.post("chat", {"text": f"{n}"}) for n in range(limits.CHAT_BURST_COUNT)]
            answers = await asyncio.gather(*bodies)
            refused = [one for one in answers if one.status_code != 201]
            assert refused
            is_problem(refused[0], 503, "busy")
            assert len(refused) < len(answers)
            # Whoever was refused has not used up their turns.
            await asyncio.sleep(limits.TALK_EVERY_S)
            assert (await gil.post("chat", {"text": "again"})).status_code == 201


async def test_a_ticket_is_for_one_space_and_no_cookie_counts(web: Running) -> None:
    async with web.host() as host:
        space, other = await opened(host), await opened(host)
        async with guest(web, space) as gil:
            stray = type(gil)(gil.client, other, gil.person, gil.token)
            is_problem(await stray.post("chat", {"text": "Hello"}), 403, "ticket")
            forged = type(gil)(gil.client, space, gil.person, gil.token[:-4] + "AAAA")
            is_problem(await forged.post("chat", {"text": "Hello"}), 401, "ticket")
        # A page of the listen origin, in a browser that is signed in at the studio.
        answer = await host.post(
            f"/api/spaces/{space}/chat",
            json={"text": "Hello"},
            headers={"Origin": LISTEN, "Sec-Fetch-Site": "same-site"},
        )
        is_problem(answer, 401, "sign-in")
        asked = await host.options(
            f"/api/spaces/{space}/chat",
            headers={"Origin": LISTEN, "Access-Control-Request-Method": "POST"},
        )
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-headers"] == "Authorization, Content-Type"
        assert "access-control-allow-credentials" not in asked.headers
