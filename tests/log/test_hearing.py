"""Hearing begins when the server is there, and ends with the block."""

from __future__ import annotations

import asyncio

from hustings.log import subjects
from hustings.log.connect import prepare
from hustings.log.contract import Message
from hustings.log.hearing import hearing
from tests.log.conftest import Servers
from tests.servers import settings_as

SUBJECT = subjects.crowd("early")


async def test_the_block_does_not_wait_for_the_server(servers: Servers) -> None:
    settings = settings_as("edge", servers.live, servers.log, servers.passwords)
    _, live, connections = prepare(settings, name="early")
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(message: Message) -> None:
        heard.put_nowait(message.data)

    async with hearing(live, SUBJECT, hear):
        pass  # left before there was a server
    async with hearing(live, SUBJECT, hear):
        await connections.open()
        async with asyncio.timeout(5):
            while heard.empty():
                await live.publish(SUBJECT, b"once")
                await asyncio.sleep(0.01)
    while not heard.empty():
        heard.get_nowait()
    await live.publish(SUBJECT, b"again")
    async with hearing(live, subjects.crowd("other"), hear):  # the server has seen what came before
        await asyncio.sleep(0.05)
    assert heard.empty()
    await connections()
