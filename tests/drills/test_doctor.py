"""The doctor finds what is wrong, and says what to do about it."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from hustings.config import Settings
from hustings.drills import doctor
from hustings.drills.doctor import Verdict
from tests.drills.ports import free_ports


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    studio, listen, gate, media = free_ports(4)
    return Settings(
        data=str(tmp_path),
        studio_port=studio,
        listen_port=listen,
        gate_port=gate,
        media_port=media,
        stages=1,
    )


def verdicts(settings: Settings) -> dict[str, Verdict]:
    return {f.what: f.verdict for f in doctor.examine(settings)}


def test_a_sound_machine(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    found = list(doctor.examine(settings))
    assert [f for f in found if f.verdict is Verdict.BAD] == []
    assert {"disk sync", "open files", "codecs", "nats-server"} <= {f.what for f in found}
    assert all(f.advice for f in found if f.verdict is not Verdict.GOOD)
    assert doctor.doctor(settings) == 0
    assert "libopus" in capsys.readouterr().out


def test_a_port_that_is_taken(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.studio_port))
        taken.listen()
        assert verdicts(settings)[f"port {settings.studio_port} (studio_port)"] is Verdict.BAD
        assert doctor.doctor(settings) == 1


def test_an_address_of_another_machine(settings: Settings) -> None:
    elsewhere = msgspec.structs.replace(settings, host="192.0.2.1")
    found = verdicts(elsewhere)
    assert found[f"port {settings.studio_port} (studio_port)"] is Verdict.BAD
    assert found["studio at http://192.0.2.1:" + str(settings.studio_port)] is Verdict.BAD
    everywhere = msgspec.structs.replace(settings, host="0.0.0.0")
    assert verdicts(everywhere)["speakers reach 0.0.0.0"] is Verdict.BAD


def test_a_certificate_that_does_not_load(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("not a certificate")
    path = str(tmp_path / "a.pem")
    wrong = msgspec.structs.replace(settings, gate_tls_cert=path, gate_tls_key=path)
    assert verdicts(wrong)["TLS"] is Verdict.BAD
