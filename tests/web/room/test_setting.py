"""Setting the room: what the crowd may do, rehearsal, the countdown, seats' roles and requests."""

from __future__ import annotations

from hustings import limits
from tests.web.room.crowd import opened
from tests.web.running import Running, is_problem, make_space


async def test_the_room_is_set(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        path = f"/api/spaces/{space}/room"
        view = (await host.put(path, json={"slow_s": 10, "hands_open": False})).json()
        told = (view["slow_s"], view["hands_open"], view["chat_open"], view["guests"])
        assert told == (10, False, True, True)
        is_problem(await host.put(path, json={"slow_s": 10}), 409, "done")
        is_problem(await host.put(path, json={"slow_s": limits.SLOW_S_MAX + 1}), 422, "value")
        clocks = (await host.put(path, json={"equal_time": True, "speaker_s": 300})).json()
        assert (clocks["equal_time"], clocks["speaker_s"], clocks["slow_s"]) == (True, 300, 10)
        too_long = {"speaker_s": limits.SPEAKER_S_MAX + 1}
        is_problem(await host.put(path, json=too_long), 422, "value")
        async with web.speaker(host, space) as (speaker, _):
            is_problem(await speaker.put(path, json={"slow_s": 0}), 403, "role")


async def test_an_end_is_announced_and_called_off(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        base = f"/api/spaces/{space}"
        is_problem(await host.post(f"{base}/end", json={"in_ms": 60_000}), 409, "status")
        await host.post(f"{base}/live")
        soon = await host.post(f"{base}/end", json={"in_ms": 60_000})
        assert soon.json()["status"] == "live"
        assert soon.json()["ends_at_ms"] > soon.json()["now_ms"]
        assert (await host.post(f"{base}/keep-going")).json()["ends_at_ms"] is None
        is_problem(await host.post(f"{base}/keep-going"), 409, "done")
        assert (await host.post(f"{base}/end")).json()["status"] == "ended"


async def test_a_rehearsal_begins_and_ends(web: Running) -> None:
    async with web.host() as host:
        path = f"/api/spaces/{(await make_space(host))['id']}/rehearsal"
        assert (await host.post(path, json={"on": True})).json()["rehearsing"] is True
        is_problem(await host.post(path, json={"on": True}), 409, "done")
        assert (await host.post(path, json={"on": False})).json()["rehearsing"] is False


async def test_a_speaker_is_asked_and_made_a_cohost(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with web.speaker(host, space) as (speaker, seat):
            path = f"/api/spaces/{space}/seats/{seat}"
            is_problem(await host.post(f"{path}/ask-unmute"), 409, "done")
            await speaker.post(f"{path}/mute")
            asked = (await host.post(f"{path}/ask-unmute")).json()["seats"]
            assert [one["asked"] for one in asked if one["id"] == seat] == [True]
            is_problem(await speaker.put(path, json={"role": "cohost"}), 403, "role")
            made = (await host.put(path, json={"role": "cohost"})).json()["seats"]
            assert [one["role"] for one in made if one["id"] == seat] == ["cohost"]
            assert (await speaker.post(f"/api/spaces/{space}/live")).status_code == 200
            is_problem(await host.put(path, json={"role": "host"}), 422, "value")
