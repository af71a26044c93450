"""What every live path keeps to: the real one and the one for simulation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings.errors import NoResponder
from hustings.log.contract import Live, Message
from hustings.log.memory import MemoryLive
from tests.log.conftest import running
from tests.log.waiting import until


class Roles:
    """A live path seen with the rights of the roles that the contract's users have."""

    def __init__(self, stage: Live, web: Live, gate: Live) -> None:
        self.stage = stage
        self.web = web
        self.gate = gate


@pytest.fixture(params=["nats", "memory"])
async def roles(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Roles]:
    if request.param == "memory":
        one = MemoryLive()
        yield Roles(one, one, one)
        await one.close()
        return
    async with running(tmp_path) as servers:
        yield Roles(*[(await servers.role(role))[1] for role in ("stage", "web", "gate")])


async def test_messages_arrive_in_order_at_every_subscriber(roles: Roles) -> None:
    first: list[Message] = []
    second: list[Message] = []

    async def slow(message: Message) -> None:
        await asyncio.sleep(0)
        first.append(message)

    async def quick(message: Message) -> None:
        second.append(message)

    await roles.web.subscribe("live.*.ev", slow)
    await roles.web.subscribe("live.aaaa.ev", quick)
    for i in range(200):
        await roles.stage.publish("live.aaaa.ev", b"%d" % i)
    await roles.stage.publish("live.bbbb.ev", b"last")
    await until(lambda: first and first[-1].data == b"last" and len(second) == 200)
    assert first == [*second, Message("live.bbbb.ev", b"last")]
    assert second == [Message("live.aaaa.ev", b"%d" % i) for i in range(200)]


async def test_a_subscription_is_known_when_it_returns(roles: Roles) -> None:
    """No message published by another connection after `subscribe` has returned is missed."""
    for i in range(200):
        got = asyncio.Event()

        async def handler(message: Message, got: asyncio.Event = got) -> None:
            got.set()

        end = await roles.web.subscribe(f"live.space{i}.ev", handler)
        await roles.stage.publish(f"live.space{i}.ev", b"")
        await asyncio.wait_for(got.wait(), 5)
        await end()


async def test_an_ended_subscription_hears_nothing(roles: Roles) -> None:
    heard: list[bytes] = []
    after: list[bytes] = []

    async def handler(message: Message) -> None:
        heard.append(message.data)

    async def witness(message: Message) -> None:
        after.append(message.data)

    end = await roles.web.subscribe("live.aaaa.ev", handler)
    await roles.web.subscribe("live.aaaa.ev", witness)
    await roles.stage.publish("live.aaaa.ev", b"1")
    await until(lambda: heard and after)
    await end()
    await end()
    await roles.stage.publish("live.aaaa.ev", b"2")
    await until(lambda: len(after) == 2)
    assert heard == [b"1"]


async def test_a_handler_may_end_its_own_subscription(roles: Roles) -> None:
    heard: list[bytes] = []
    finished = asyncio.Event()
    after: list[bytes] = []

    async def once(message: Message) -> None:
        heard.append(message.data)
        await end()
        await asyncio.sleep(0.01)
        finished.set()

    async def witness(message: Message) -> None:
        after.append(message.data)

    end = await roles.web.subscribe("live.aaaa.ev", once)
    await roles.web.subscribe("live.aaaa.ev", witness)
    for i in range(3):
        await roles.stage.publish("live.aaaa.ev", b"%d" % i)
    await asyncio.wait_for(finished.wait(), 5)
    await roles.stage.publish("live.aaaa.ev", b"last")
    await until(lambda: after and after[-1] == b"last")
    assert heard == [b"0"]


async def test_a_failing_handler_ends_nothing(
    roles: Roles, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[bytes] = []

    async def handler(message: Message) -> None:
        heard.append(message.data)
        if message.data == b"bad":
            raise ValueError("of the handler")

    with caplog.at_level(logging.ERROR):
        await roles.web.subscribe("live.aaaa.ev", handler)
        await roles.stage.publish("live.aaaa.ev", b"bad")
        await roles.stage.publish("live.aaaa.ev", b"good")
        await until(lambda: len(heard) == 2)
    assert heard == [b"bad", b"good"]
    assert "a handler of live.aaaa.ev failed" in caplog.text


async def test_a_request_is_answered(roles: Roles) -> None:
    async def answer(message: Message) -> bytes:
        return message.data + message.subject.encode()

    end = await roles.stage.serve("stage.aaaa.offer", answer)
    assert await roles.gate.request("stage.aaaa.offer", b"x", timeout=2) == b"xstage.aaaa.offer"
    answers = await asyncio.gather(
        *(roles.gate.request("stage.aaaa.offer", b"%d " % i, timeout=2) for i in range(50))
    )
    assert answers == [b"%d stage.aaaa.offer" % i for i in range(50)]
    await end()
    async with asyncio.timeout(1):
        with pytest.raises(NoResponder):
            await roles.gate.request("stage.aaaa.offer", b"x", timeout=30)


async def test_nobody_serving_is_known_at_once(roles: Roles) -> None:
    async with asyncio.timeout(1):
        with pytest.raises(NoResponder):
            await roles.gate.request("stage.aaaa.offer", b"x", timeout=30)


async def test_an_answer_too_late_or_never_is_no_responder(
    roles: Roles, caplog: pytest.LogCaptureFixture
) -> None:
    asked = 0
    forever = asyncio.Event()

    async def hang(message: Message) -> bytes:
        nonlocal asked
        asked += 1
        await forever.wait()
        return b""

    async def fail(message: Message) -> bytes:
        nonlocal asked
        asked += 1
        raise ValueError("of the responder")

    await roles.stage.serve("stage.aaaa.offer", hang)
    await roles.stage.serve("stage.aaaa.close", fail)
    for subject in ("stage.aaaa.offer", "stage.aaaa.close"):
        with pytest.raises(NoResponder):
            await roles.gate.request(subject, b"", timeout=0.2)
    assert asked == 2
    assert "a responder of stage.aaaa.close failed" in caplog.text
