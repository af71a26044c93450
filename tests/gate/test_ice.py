"""What the gate says about ICE: fragments are carried to the stage, TURN servers are named."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from hustings import limits, signal
from hustings.gate import whip
from tests.gate.test_whip import SPACE, Gate, Stage, gate, is_problem, serving
from tests.servers import connected, nats_servers

__all__ = ["gate"]
FRAGMENT = "a=ice-ufrag:frag\r\n"


async def patched(gate: Gate, match: str | None, content: bytes | str = FRAGMENT) -> httpx.Response:
    """Send a fragment."""
    headers = {"Content-Type": whip.FRAGMENT, **gate.bearer()}
    if match is not None:
        headers["If-Match"] = match
    return await gate.client.patch(f"/whip/{SPACE}/a1b2", content=content, headers=headers)


async def test_candidates_are_carried_to_the_stage(gate: Gate) -> None:
    response = await patched(gate, '"e1"')
    assert (response.status_code, response.text) == (204, "")
    assert response.headers["etag"] == '"e1"'
    await patched(gate, None)
    assert [(p.match, p.fragment, p.session) for p in gate.stage.patches] == [
        ('"e1"', FRAGMENT, "a1b2"),
        ("", FRAGMENT, "a1b2"),
    ]
    assert gate.stage.patches[0].ticket.seat == "s1"


async def test_a_restart_is_answered_with_the_stages_fragment(gate: Gate) -> None:
    gate.stage.change = signal.Answer(status=200, sdp="a=ice-lite\r\n", etag="e2")
    response = await patched(gate, "*")
    assert response.status_code == 200
    assert response.headers["content-type"] == whip.FRAGMENT
    assert response.headers["etag"] == '"e2"'
    assert response.headers["cache-control"] == "no-store"
    assert response.text == "a=ice-lite\r\n"
    assert gate.stage.patches[0].match == "*"


async def test_fragments_that_are_refused(gate: Gate) -> None:
    is_problem(await patched(gate, "*", b"\xff\xfe"), 400, "fragment")
    is_problem(await patched(gate, "*", bytes(limits.SDP_BYTES + 1)), 413, "too_large")
    headers = gate.bearer() | {"Content-Type": whip.SDP}
    wrong = await gate.client.patch(f"/whip/{SPACE}/a1b2", content=FRAGMENT, headers=headers)
    is_problem(wrong, 415, "content_type")
    assert gate.stage.patches == []
    gate.stage.change = signal.Answer(status=412, code="etag", detail="Another one.")
    is_problem(await patched(gate, '"old"'), 412, "etag")
    await gate.stage.leave()
    is_problem(await patched(gate, "*"), 404, "session")


TURN = {"turn_urls": ("turn:a.example", "turns:b.example?transport=tcp"), "turn_secret": "north"}


async def test_speakers_are_told_of_turn_servers_and_strangers_are_not(tmp_path: Path) -> None:
    async with (
        nats_servers(tmp_path) as servers,
        connected("gate", *servers) as (_, live),
        connected("stage", *servers) as (_, stage_live),
        serving(live, tmp_path / "data", **TURN) as (address, made, _, _),  # type: ignore[arg-type]
        httpx.AsyncClient(base_url=address, timeout=20) as client,
    ):
        stage = Stage(stage_live)
        await stage.sit()
        gate = Gate(client, made, stage)
        told = [
            await gate.post(),
            await client.options(f"/whip/{SPACE}", headers=gate.bearer()),
            await client.options(f"/whip/{SPACE}/a1b2", headers=gate.bearer()),
        ]
        for response in told:
            [first, second] = response.headers["link"].split(", ")
            assert first.startswith('<turn:a.example>; rel="ice-server"; username="')
            assert second.startswith("<turns:b.example?transport=tcp>;")
            assert second.endswith('credential-type="password"')
            expires = int(first.split('username="')[1].split(":")[0])
            assert expires - time.time() == pytest.approx(43_200, abs=60)
            assert ":s1" in first
            assert "north" not in response.text + str(response.headers)
        for headers in ({}, {"Authorization": "Bearer x"}, gate.bearer(gate.ticket(seconds=-1))):
            response = await client.options(f"/whip/{SPACE}", headers=headers)
            assert response.status_code == 204
            assert "link" not in response.headers
        await stage.leave()
