"""The desk's subscriptions: all, or none."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hustings.errors import NoResponder
from hustings.log.contract import Message, Responder
from hustings.stage import desk
from tests.halting import halt
from tests.peers import until
from tests.servers import connected, nats_servers


async def test_a_desk_that_is_closed_while_it_opens_answers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        nats_servers(tmp_path) as servers,
        connected("stage", *servers) as (_, live),
        connected("gate", *servers) as (_, gate),
    ):
        server = servers[0].pid
        assert server is not None
        frozen = asyncio.Event()
        serve = live.serve

        async def freeze(subject: str, responder: Responder) -> Callable[[], Awaitable[None]]:
            if subject.endswith("close"):
                await halt(server)
                frozen.set()
            return await serve(subject, responder)

        async def answer(message: Message) -> bytes:
            return b"of a stage that has gone"

        monkeypatch.setattr(live, "serve", freeze)
        opening = asyncio.create_task(
            desk.serve(live, "desk000001", {"offer": answer, "close": answer})
        )
        await until(frozen.is_set)
        await asyncio.sleep(0.05)
        opening.cancel()
        os.kill(server, signal.SIGCONT)
        with pytest.raises(asyncio.CancelledError):
            await opening
        with pytest.raises(NoResponder):
            await gate.request("stage.desk000001.offer", b"", timeout=1.0)
