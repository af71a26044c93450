"""An edge that leaves: at once when it is empty, else when all have gone, and never much later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hustings import limits
from hustings.edge.drain import drain
from tests.edge.corridor import corridor, pieces, received
from tests.edge.house import events_in


async def test_with_nobody_here_it_is_over_at_once(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=6) as c:
        began = c.broadcaster.now()
        assert await drain([c.programme], broadcaster=c.broadcaster, push=c.push)
        assert c.broadcaster.now() - began < 1


async def test_it_lasts_until_the_last_has_left(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=30) as c:
        client, body = await c.heard("")
        chasing = await c.come("form=push-aac&from=0", small=True)
        async with asyncio.timeout(5):
            while not c.push.chasing:
                await asyncio.sleep(0)
        draining = asyncio.create_task(drain([c.programme], broadcaster=c.broadcaster, push=c.push))
        with client, chasing:
            body = await received(client, lambda d: len(pieces(d)) > 1, body)
            told = events_in(pieces(body)[1])
            assert told == [{"type": "move", "within_ms": limits.MOVE_MS}]
            c.put(30)
            await received(client, lambda d: len(pieces(d)) > 2, body)  # sound goes on
            assert not draining.done()
        assert await draining


async def test_who_does_not_go_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DRAIN_S", 0.2)
    async with corridor(tmp_path, count=6) as c:
        client, _ = await c.heard("")
        with client:
            assert not await drain([c.programme], broadcaster=c.broadcaster, push=c.push)
            assert c.programme.listening == 1
