"""A synthetic speaker can be sent away at any moment, also while it drops a connection."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from aiortc import RTCPeerConnection

from hustings.drills.speaker import Sound, Speaker
from tests.drills.ports import free_ports


def silence(_: int, count: int) -> Sound:
    return np.zeros(count, np.float32)


@pytest.mark.parametrize("steps", range(4))
async def test_leaves_while_it_drops_a_connection(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers at the gate, so it drops one connection after the other."""
    close = RTCPeerConnection.close
    dropping = asyncio.Event()

    async def closing(connection: RTCPeerConnection) -> None:
        dropping.set()
        await close(connection)

    monkeypatch.setattr(RTCPeerConnection, "close", closing)
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    task = asyncio.create_task(Speaker(gate_url=url, space="x", ticket="t", voice=silence).run())
    await dropping.wait()
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,), timeout=5.0)
    assert task.cancelled()
