"""The doctor finds what is wrong, and says what to do about it."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from hustings.archive.keeping import UNLIKE
from hustings.config import Settings
from hustings.drills import doctor
from hustings.drills.doctor import Verdict
from tests.drills.ports import free_ports
from tests.store.s3 import S3Server


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


def test_a_store_that_cannot_be_used(settings: Settings) -> None:
    assert verdicts(settings)["store"] is Verdict.GOOD
    away = msgspec.structs.replace(
        settings,
        store_url="s3://recordings",
        store_endpoint="http://127.0.0.1:9",
        store_key="key",
        store_secret="not to be shown",
    )
    [found] = doctor.store(away)
    assert found.verdict is Verdict.BAD
    assert "cannot be reached" in found.found
    assert "shown" not in found.found + found.advice
    [found] = doctor.store(msgspec.structs.replace(settings, store_url="bogus"))
    assert found.verdict is Verdict.BAD


def test_a_bucket_is_tried(settings: Settings, s3_server: S3Server) -> None:
    [found] = doctor.store(msgspec.structs.replace(settings, **s3_server.settings()))
    assert (found.verdict, found.found) == (Verdict.GOOD, "stores and reads at s3://recordings")


def test_recordings_that_are_unlike(settings: Settings, tmp_path: Path) -> None:
    [found] = doctor.likeness(settings)
    assert found.verdict is Verdict.GOOD
    (tmp_path / UNLIKE).write_text('{"abcdefghij": ["replay.m4a is not in the store."]}')
    [found] = doctor.likeness(settings)
    assert (found.what, found.verdict) == ("recording of abcdefghij", Verdict.BAD)
    assert found.found == "replay.m4a is not in the store."
    (tmp_path / UNLIKE).write_text("{}")
    assert [one.verdict for one in doctor.likeness(settings)] == [Verdict.GOOD]
    (tmp_path / UNLIKE).write_text("no JSON")
    assert [one.verdict for one in doctor.likeness(settings)] == [Verdict.WEAK]
