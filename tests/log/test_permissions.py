"""Which role may do what, asked of the real servers: each right that is given, and what is not."""

from __future__ import annotations

import asyncio

import pytest

from hustings import keys
from hustings.errors import ConfigError, HustingsError, NoResponder
from hustings.log import permissions
from hustings.log.connection import Connection
from hustings.log.jetstream import JetStreamLog
from hustings.log.subjects import Kind
from tests.log.conftest import SPACE, Servers
from tests.log.waiting import collect

LIVE_PUBLISH = {
    "live.aaaa.mix": {"stage"},
    "live.aaaa.obs": {"stage"},
    "live.aaaa.levels": {"stage"},
    "live.aaaa.ev": {"stage", "archive", "captions", "web"},
    "live.aaaa.captions": {"captions"},
    "live.aaaa.talk": {"web"},
    "archive.votes.aaaa": {"edge"},
    "archive.tally.aaaa": {"archive"},
    "archive.work.aaaa": {"archive"},
    "stage.open": {"stage", "gate", "web"},
    "stage.aaaa.offer": {"gate"},
    "stage.aaaa.patch": {"gate"},
    "stage.aaaa.close": {"gate"},
    "stage.beat.stage-0-1": {"stage"},
    "stage.beat.offer": {"stage"},
    "stage.gone.stage-0-1": {"serve"},
    "stage.gone.close": {"serve"},
    "crowd.edge-0": {"edge"},
    "anything.else": set(),
    "$SYS.REQ.SERVER.PING": set(),
}
LIVE_SUBSCRIBE = {
    "live.*.mix": {"edge"},
    "live.*.obs": {"stage", "edge", "archive", "captions", "web"},
    "live.*.ev": {"stage", "edge", "archive", "captions", "web"},
    "live.*.captions": {"edge", "web"},
    "live.*.levels": {"web"},
    "live.*.talk": {"edge", "archive", "web"},
    "archive.votes.*": {"archive"},
    "archive.tally.*": {"edge", "web"},
    "archive.work.*": {"web"},
    "stage.open": {"stage"},
    "stage.*.offer": {"stage"},
    "stage.*.patch": {"stage"},
    "stage.aaaa.close": {"stage"},
    "stage.beat.*": {"serve", "stage", "gate", "archive", "web"},
    "stage.gone.*": {"serve", "stage", "gate", "archive", "web"},
    "crowd.*": {"serve", "edge", "archive", "web"},
    "live.>": set(),
    ">": set(),
    "_INBOX.>": set(),
    "_INBOX.*.>": set(),
}
APPEND = {
    Kind.MIX: {"stage"},
    Kind.STEM: {"stage"},
    Kind.OBS: {"stage"},
    Kind.LEASE: {"stage"},
    Kind.CAPTION: {"captions"},
    Kind.EV: {"stage", "archive", "captions", "web"},
    Kind.TALK: {"archive", "web"},
}
READERS = {"stage", "edge", "archive", "captions", "web"}


async def _connection(servers: Servers, server: str, role: str) -> Connection:
    connection = Connection(name=f"test {role}", user=role)
    url = servers.live.url if server == "live" else servers.log.url
    await connection.open([url], password=servers.passwords[role])
    return connection


async def _allowed(asking: object) -> bool:
    """Whether the server let it through: what comes of it is another matter."""
    assert asyncio.iscoroutine(asking)
    try:
        await asking
    except ConfigError:
        return False
    except HustingsError:
        return True
    return True


def test_there_is_a_table_for_every_role() -> None:
    for table in permissions.TABLES.values():
        assert set(table) == set(keys.ROLES)


@pytest.mark.parametrize("role", keys.ROLES)
async def test_rights_on_the_live_server(servers: Servers, role: str) -> None:
    connection = await _connection(servers, "live", role)
    try:
        for subject, allowed in LIVE_PUBLISH.items():
            asking = connection.request(subject, b"", timeout=5)
            assert await _allowed(asking) == (role in allowed), f"{role} publishes {subject}"

        async def ignore(message: object) -> None:
            pass

        for subject, allowed in LIVE_SUBSCRIBE.items():
            asked = connection.subscribe(subject, ignore)
            assert await _allowed(asked) == (role in allowed), f"{role} subscribes {subject}"
    finally:
        await connection.close()


@pytest.mark.parametrize("role", keys.ROLES)
async def test_rights_on_the_log_server(servers: Servers, role: str) -> None:
    web, _ = await servers.role("web")
    await web.create(SPACE)
    connection = await _connection(servers, "log", role)
    log = JetStreamLog(connection)
    try:
        for kind, allowed in APPEND.items():
            asking = log.append(SPACE, kind, b"x", message_id=f"{role}.{kind}")
            assert await _allowed(asking) == (role in allowed), f"{role} appends {kind}"
        reads = role in READERS
        assert await _allowed(log.last(SPACE, Kind.EV)) == reads
        assert await _allowed(log.next(SPACE, Kind.EV, seq=1)) == reads
        assert await _allowed(collect(log.read(SPACE, [Kind.EV]))) == reads
        assert await _allowed(log.spaces()) == (reads or role == "serve")
        assert await _allowed(log.create("otherspace")) == (role in ("web", "archive"))
        assert await _allowed(log.erase(SPACE, [99])) == (role == "archive")
        assert await _allowed(log.purge(SPACE, [Kind.STEM])) == (role == "archive")
        for forbidden in (
            f"$JS.API.STREAM.UPDATE.SP_{SPACE}",
            f"$JS.API.STREAM.SNAPSHOT.SP_{SPACE}",
            f"log.{SPACE}.other",
            "live.aaaa.mix",
        ):
            assert not await _allowed(connection.request(forbidden, b"", timeout=5)), forbidden
        assert await _allowed(log.delete(SPACE)) == (role == "archive")
        assert await web.exists(SPACE) == (role != "archive")
    finally:
        await connection.close()


async def test_an_inbox_is_its_role_own(servers: Servers) -> None:
    edge = await _connection(servers, "live", "edge")
    web = await _connection(servers, "live", "web")
    try:
        with pytest.raises(ConfigError):
            await edge.request(web.new_inbox(), b"", timeout=5)
        with pytest.raises(NoResponder):
            await edge.request(edge.new_inbox(), b"", timeout=5)
    finally:
        await edge.close()
        await web.close()


async def test_a_stage_may_answer_only_what_it_was_asked(servers: Servers) -> None:
    stage = await _connection(servers, "live", "stage")
    gate = await _connection(servers, "live", "gate")
    try:
        with pytest.raises(ConfigError):
            await stage.request(gate.new_inbox(), b"", timeout=5)
    finally:
        await stage.close()
        await gate.close()
