"""The round trip over HTTP: what the gate carries to the stage, and how the answers come out."""

from __future__ import annotations

from hustings import signal
from hustings.ticket import Scope
from tests.gate.test_whip import SPACE, STUDIO, Gate, gate

__all__ = ["gate"]

AT = f"/whip/{SPACE}/a1b2/trial"
FIGURES = signal.TrialFigures(
    speech_dbfs=-23.0,
    floor_dbfs=-61.5,
    peak_dbfs=-9.0,
    clipped=0.0,
    concealed=0.01,
    loss_up=0.02,
    jitter_ms=4.0,
    buffer_ms=40.0,
    rtt_ms=38.5,
)


async def test_it_is_begun_looked_at_and_broken_off(gate: Gate) -> None:
    begun = signal.TrialReport(state="recording", left_ms=3_000)
    gate.stage.told = signal.Answer(status=202, session="a1b2", trial=begun)
    answer = await gate.client.post(AT, headers=gate.bearer())
    assert answer.status_code == 202
    assert answer.json() == {"state": "recording", "left_ms": 3_000, "figures": None}
    assert answer.headers["cache-control"] == "no-store"
    done = signal.TrialReport(state="done", figures=FIGURES)
    gate.stage.told = signal.Answer(status=200, session="a1b2", trial=done)
    answer = await gate.client.get(AT, headers=gate.bearer())
    assert answer.status_code == 200
    assert answer.json()["figures"]["rtt_ms"] == 38.5
    assert answer.json()["figures"]["echo_db"] is None
    assert (await gate.client.delete(AT, headers=gate.bearer())).status_code == 200
    assert [one.act for one in gate.stage.trials] == ["start", "look", "stop"]
    assert {(one.session, one.ticket.seat) for one in gate.stage.trials} == {("a1b2", "s1")}


async def test_what_the_stage_refuses_comes_as_a_problem(gate: Gate) -> None:
    said = "You are on air. Mute yourself to test your sound."
    gate.stage.told = signal.Answer(status=409, code="on_air", detail=said)
    answer = await gate.client.post(AT, headers=gate.bearer())
    assert (answer.status_code, answer.json()["code"]) == (409, "on_air")
    assert answer.json()["detail"] == said


async def test_it_takes_the_ticket_of_a_speaker(gate: Gate) -> None:
    assert (await gate.client.post(AT)).status_code == 401
    listener = gate.bearer(gate.ticket(scope=Scope.LISTEN))
    assert (await gate.client.get(AT, headers=listener)).status_code == 403
    stranger = gate.bearer(gate.ticket(space="zzzzzzzzzz"))
    assert (await gate.client.delete(AT, headers=stranger)).status_code == 403
    odd = await gate.client.get(f"/whip/{SPACE}/a-b/trial", headers=gate.bearer())
    assert (odd.status_code, odd.json()["code"]) == (404, "session")
    assert gate.stage.trials == []


async def test_without_a_stage_there_is_no_session(gate: Gate) -> None:
    await gate.stage.leave()
    answer = await gate.client.post(AT, headers=gate.bearer())
    assert (answer.status_code, answer.json()["code"]) == (404, "session")


async def test_a_page_of_the_studio_may_ask(gate: Gate) -> None:
    asked = {"Origin": STUDIO, "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Headers"] = "authorization"
    answer = await gate.client.options(AT, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == STUDIO
    plain = await gate.client.options(AT)
    assert plain.headers["allow"] == "POST, GET, DELETE, OPTIONS"
