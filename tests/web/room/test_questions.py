"""Questions: asked, voted for, put on stage, answered, taken down."""

from __future__ import annotations

import asyncio
import json

import pytest

from hustings import limits
from hustings.log import subjects
from hustings.talk import ballot
from tests.servers import connected
from tests.web.room.crowd import guest, opened, written
from tests.web.room.test_chat import first_state
from tests.web.running import Running, is_problem, server_events, until


async def test_questions_are_asked_voted_for_and_marked(web: Running) -> None:
    servers = web.engines
    async with (
        web.host() as host,
        connected("archive", servers.live, servers.log, servers.passwords) as (_, archive),
    ):
        space = await opened(host)
        base = f"/api/spaces/{space}"
        async with guest(web, space) as gil:
            ids = []
            for text in ("At night?", "How much?"):
                asked = await gil.post("questions", {"text": text})
                assert asked.status_code == 201, asked.text
                ids.append(asked.json()["id"])
            kept = [piece.text for entry in await written(web, space) for piece in entry]
            assert kept == ["At night?", "How much?"]
            async with (
                host.stream("GET", f"{base}/events") as answer,
                asyncio.timeout(10),
            ):
                events = server_events(answer)
                await first_state(events)
                votes = {ballot(ids[1]): {"counts": [7], "voters": 7}}
                told = json.dumps({"ballots": votes}).encode()
                await archive.publish(subjects.tally(space), told)
                async for name, data in events:
                    if name == "tally":
                        assert data == votes
                        break
            talk = (await host.get(f"{base}/talk")).json()
            assert [(q["text"], q["votes"]) for q in talk["questions"]] == [
                ("How much?", 7),
                ("At night?", 0),
            ]
            marked = await host.put(f"{base}/questions/{ids[1]}", json={"state": "asking"})
            assert marked.json()["asking"] == ids[1]
            marked = await host.put(f"{base}/questions/{ids[1]}", json={"state": "answered"})
            assert (marked.json()["asking"], marked.json()["answered"]) == ("", [ids[1]])
            unknown = await host.put(f"{base}/questions/nonesuch", json={"state": "asking"})
            is_problem(unknown, 404, "question")
            wrong = await host.put(f"{base}/questions/{ids[0]}", json={"state": "loved"})
            is_problem(wrong, 422, "value")


async def test_questions_are_taken_back_taken_down_and_restored(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        base = f"/api/spaces/{space}/questions"
        async with guest(web, space) as gil, guest(web, space, "Noor") as noor:
            asked = (await gil.post("questions", {"text": "Why?"})).json()["id"]
            is_problem(await noor.request("DELETE", f"questions/{asked}"), 403, "role")
            assert (await host.delete(f"{base}/{asked}")).status_code == 204
            assert (await host.post(f"{base}/{asked}/restore")).status_code == 204
            assert (await gil.request("DELETE", f"questions/{asked}")).status_code == 204
            [question] = (await host.get(f"/api/spaces/{space}/talk")).json()["questions"]
            assert question["removed"] is True


async def test_questions_have_a_pace_and_an_end(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            for number in range(limits.QUESTION_BURST_COUNT):
                asked = await gil.post("questions", {"text": f"{number}?"})
                assert asked.status_code == 201
            is_problem(await gil.post("questions", {"text": "more?"}), 429, "pace")
        monkeypatch.setattr(limits, "QUESTIONS_COUNT", limits.QUESTION_BURST_COUNT)
        async with guest(web, space, "Noor") as noor:

            async def full() -> bool:
                answer = await noor.post("questions", {"text": "And I?"})
                return bool(is_problem(answer, 409, "full"))

            await until(full)
