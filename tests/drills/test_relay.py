"""The doctor's word on TURN servers: one that relays, one with another secret, and none at all."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from hustings.config import Settings
from hustings.drills import doctor, relay
from hustings.drills.doctor import Verdict
from tests import coturn


@coturn.needed
async def test_the_doctor_asks_each_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "WAIT_S", 1.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        nobody = f"turn:127.0.0.1:{silent.getsockname()[1]}"
        async with coturn.coturn(tmp_path / "turn") as server:
            urls = (server.url(), server.url("tcp"), nobody)

            def findings(secret: str) -> list[tuple[Verdict, str]]:
                settings = Settings(turn_urls=urls, turn_secret=secret)
                return [(one.verdict, one.found) for one in doctor.relays(settings)]

            found = await asyncio.to_thread(findings, coturn.SECRET)
            assert [verdict for verdict, _ in found] == [Verdict.GOOD, Verdict.GOOD, Verdict.BAD]
            assert found[2][1] == "no answer"
            wrong = await asyncio.to_thread(findings, "another")
            assert [verdict for verdict, _ in wrong] == [Verdict.BAD] * 3
            assert "401" in wrong[0][1]
