"""Following a space for what is written there: kept a while, over outages, bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from hustings import limits
from hustings.log.subjects import Kind
from hustings.talk import Said, encode
from tests.web.room.crowd import guest, opened
from tests.web.running import Engines, Running, studio, until


def said(identifier: str, text: str) -> bytes:
    message = Said(id=identifier, person="g-k3v9q1xzm4rk3tpl", name="Gil", text=text, at_ms=1)
    return encode([message])


async def test_what_others_wrote_is_read(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        await web.record.append(space, Kind.TALK, said("before00", "Before"), message_id="a")
        path = f"/api/spaces/{space}/talk"
        assert [one["text"] for one in (await host.get(path)).json()["chat"]] == ["Before"]
        await web.record.append(space, Kind.TALK, b"[{}]", message_id="b")
        await web.record.append(space, Kind.TALK, said("after000", "After"), message_id="c")

        async def read() -> bool:
            chat = (await host.get(path)).json()["chat"]
            return [one["text"] for one in chat] == ["Before", "After"]

        await until(read)


async def test_a_restarted_studio_knows_what_was_written(tmp_path: Path, servers: Engines) -> None:
    async with studio(tmp_path, servers) as one, one.host() as host:
        space = await opened(host)
        async with guest(one, space) as gil:
            kept = (await gil.post("chat", {"text": "Still here"})).json()["id"]
    async with studio(tmp_path, servers) as two, two.host() as host:
        chat = (await host.get(f"/api/spaces/{space}/talk")).json()["chat"]
        assert [one["text"] for one in chat] == ["Still here"]
        async with two.browser() as client:
            author = type(gil)(client, space, gil.person, gil.token)
            assert (await author.request("DELETE", f"chat/{kept}")).status_code == 204


async def test_a_message_is_taken_down_however_old(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with guest(web, space) as gil:
            old = (await gil.post("chat", {"text": "Long ago"})).json()["id"]
            flood = [
                Said(id=f"flood{n:03}", person="g-x", name="Bot", text="!", at_ms=1)
                for n in range(limits.CHAT_KEPT_COUNT)
            ]
            await web.record.append(space, Kind.TALK, encode(flood), message_id="flood")
            assert (await gil.request("DELETE", f"chat/{old}")).status_code == 204


async def test_followed_spaces_are_bounded_and_let_go(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOMS_KEPT_COUNT", 2)
    monkeypatch.setattr(limits, "ROOM_KEPT_S", 0.2)
    async with web.host() as host:
        spaces = [await opened(host) for _ in range(3)]
        for space in spaces * 2:
            talk = await host.get(f"/api/spaces/{space}/talk")
            assert talk.status_code == 200
