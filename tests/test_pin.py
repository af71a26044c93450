"""A pinned rung: written whole, refused when it is none, seen by whoever looks."""

from __future__ import annotations

import logging
import resource
from pathlib import Path

import pytest

from hustings import cli, pin
from hustings.config import Settings
from hustings.errors import ConfigError


def test_the_file_counts_more_than_the_setting(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path), rung="slow")
    one = pin.Pin(settings)
    assert one.look() == "slow"
    pin.write(settings, "text")
    assert one.look() == "text"
    pin.write(settings, "auto")
    assert one.look() is None
    (tmp_path / pin.FILE_NAME).unlink()
    assert one.look() == "slow"
    assert [path.name for path in tmp_path.iterdir()] == []


def test_what_is_no_rung_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(data=str(tmp_path))
    one = pin.Pin(settings)
    pin.write(settings, "slower")
    assert one.look() == "slower"
    for written in (b"fast", b"", b"\xff\xfe", b"segments", b"wait\nlive"):
        (tmp_path / "new").write_bytes(written)
        (tmp_path / "new").replace(tmp_path / pin.FILE_NAME)
        with caplog.at_level(logging.WARNING):
            assert one.look() == "slower"
        assert len(caplog.records) == 1, "it is said once, not every second"
        assert one.look() == "slower"
        assert len(caplog.records) == 1
        caplog.clear()


def test_a_file_that_could_not_be_read_is_read_again(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path))
    one = pin.Pin(settings)
    pin.write(settings, "text")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))  # no descriptor is left
    try:
        assert one.look() is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert one.look() == "text"


def test_segments_need_a_cdn(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cdn_url"):
        pin.write(Settings(data=str(tmp_path)), "segments")
    pin.write(Settings(data=str(tmp_path), cdn_url="https://cdn.example"), "segments")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["pin", "text", "--data", str(tmp_path)]) == 0
    assert (tmp_path / "rung").read_text() == "text\n"
    assert "text" in capsys.readouterr().out
    assert cli.main(["pin", "auto", "--data", str(tmp_path)]) == 0
    assert (tmp_path / "rung").read_text() == "auto\n"
    for arguments, says in (
        (["pin", "fast", "--data", str(tmp_path)], "one of auto, live, slow, slower, segments"),
        (["pin", "live", "--data", str(tmp_path / "nowhere")], "the data folder"),
    ):
        assert cli.main(arguments) == cli.USAGE_ERROR
        assert says in capsys.readouterr().err
    assert (tmp_path / "rung").read_text() == "auto\n"
