"""The pace of signalling: who floods the gate is told to wait, and nobody else is."""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import msgspec

from hustings import limits
from hustings.gate import pace
from hustings.quota import Policy
from tests.gate.test_whip import SPACE, Gate, gate, is_problem

__all__ = ["gate"]


async def test_a_seat_that_floods_is_told_to_wait_and_another_is_not(gate: Gate) -> None:
    few = Policy(name="seat", count=3, window_s=limits.SIGNALS_WINDOW_S)
    with patch.object(pace, "SEAT", few):
        assert [(await gate.post()).status_code for _ in range(3)] == [201] * 3
        refused = await gate.post()
        is_problem(refused, 429, "rate")
        assert 1 <= int(refused.headers["Retry-After"]) <= limits.SIGNALS_WINDOW_S
        other = msgspec.structs.replace(gate.ticket(), seat="s2")
        assert (await gate.post(**gate.bearer(other))).status_code == 201
    assert len(gate.stage.offers) == 4


async def test_bad_tickets_are_counted_before_they_are_verified(gate: Gate) -> None:
    few = Policy(name="address", count=5, window_s=limits.SIGNALS_WINDOW_S)
    forged = {"Authorization": "Bearer e30.e30.AAAA", "Content-Type": "application/sdp"}
    with patch.object(pace, "ADDRESS", few):
        answers = await asyncio.gather(
            *(gate.client.post(f"/whip/{SPACE}", content="v=0", headers=forged) for _ in range(7))
        )
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 2
    assert gate.stage.offers == []


async def test_a_flood_of_malformed_requests_leaves_the_gate_working(gate: Gate) -> None:
    broken = {**gate.bearer(), "Content-Type": "application/sdp"}
    for body in (b"", b"\xff\xfe", b"v=0\r\n" * 10, b"m=" + b"a" * 60_000):
        answer = await gate.client.post(f"/whip/{SPACE}", content=body, headers=broken)
        assert answer.status_code in (201, 400)  # what a stage makes of it is the stage's
    assert (await gate.client.get("/healthz")).status_code == 200
    assert (await gate.post()).status_code == 201


async def test_behind_a_proxy_each_address_is_counted_by_itself(gate: Gate) -> None:
    few = Policy(name="address", count=3, window_s=limits.SIGNALS_WINDOW_S)
    with patch.object(pace, "ADDRESS", few):
        strange = {"X-Forwarded-For": "192.0.2.7", "Content-Type": "application/sdp"}
        answers = [
            await gate.client.post(f"/whip/{SPACE}", content="v=0", headers=strange)
            for _ in range(5)
        ]
        assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 2
        headers = {**gate.bearer(), "X-Forwarded-For": "192.0.2.8"}
        assert (await gate.post(**headers)).status_code == 201
