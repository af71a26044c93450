"""Settings: three sources, one set of names, refusals that say what is allowed, all documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hustings import cli, config
from hustings.errors import ConfigError
from hustings.supervisor.children import environment_of

DOCS = Path(__file__).parents[1] / "docs"


def load(flags: dict[str, object] | None = None, **environment: str) -> config.Settings:
    return config.load(file=None, environment=environment, flags=flags or {})


def test_precedence(tmp_path: Path) -> None:
    (tmp_path / "hustings.toml").write_text("edges = 2\nstages = 3\nspeakers_max = 4\n")
    settings = load(
        {"speakers_max": "6"}, HUSTINGS_DATA=str(tmp_path), HUSTINGS_STAGES="5", PATH="/bin"
    )
    assert (settings.edges, settings.stages, settings.speakers_max) == (2, 5, 6)


def test_lists_and_booleans() -> None:
    settings = load({"advertise": "192.0.2.1, 2001:db8::1", "restart": False})
    assert settings.advertise == ("192.0.2.1", "2001:db8::1")
    assert settings.restart is False
    assert load(HUSTINGS_RESTART="false").restart is False


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("studio_port", "http", "a whole number from 1 to 65535"),
        ("studio_port", "0", "a whole number from 1 to 65535"),
        ("gate_port", "8000", "a port that no other server uses"),
        ("edges", "65", "a whole number from 0 to 64"),
        ("restart", "maybe", "true or false"),
        ("log_level", "loud", "one of debug, info, warning, error"),
        ("host", "localhost", "an IP address"),
        ("advertise", "192.0.2.300", "an IP address"),
        ("listen_tls_cert", "/nowhere.pem", "a file"),
        ("cdn_url", "cdn.example", "an address with http:// or https://"),
        ("rung", "edge", "one of auto, live, slow, slower, segments, text, wait"),
        ("rung", "segments", "segments only with cdn_url set"),
        ("listeners_max", "0", "a whole number from 1 to 1000000"),
        ("studio_url", "example.org", "an address with http:// or https://"),
    ],
)
def test_refusals_name_the_setting(name: str, value: str, allowed: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(allowed)) as caught:
        load({name: value})
    assert caught.value.setting.startswith(name.split("_", maxsplit=1)[0])


def test_file_refusals(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(ConfigError, match="a file that exists"):
        config.load(file=path, environment={}, flags={})
    path.write_text("edges = ")
    with pytest.raises(ConfigError, match="a TOML file"):
        config.load(file=path, environment={}, flags={})
    path.write_text("egdes = 2")
    with pytest.raises(ConfigError, match="egdes"):
        config.load(file=path, environment={}, flags={})


def test_addresses() -> None:
    assert load().public_url("listen") == "http://localhost:8001"
    assert load({"host": "::1"}).public_url("gate") == "http://localhost:8002"
    assert load({"host": "192.0.2.7"}).public_url("studio") == "http://192.0.2.7:8000"
    assert load({"listen_url": "https://live.example/"}).public_url("listen") == (
        "https://live.example"
    )


def test_a_role_gets_the_settings_of_its_supervisor() -> None:
    settings = load({"advertise": "192.0.2.1,::1", "restart": False, "edges": 3})
    assert config.load(file=None, environment=environment_of(settings), flags={}) == settings


def test_a_wrong_setting_stops_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--edges", "many"]) == cli.USAGE_ERROR
    said = capsys.readouterr().err
    assert said == (
        "hustings: setting edges = 'many' cannot be used: allowed is a whole number from 0 to 64\n"
    )


def test_every_setting_is_documented() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", (DOCS / "settings.md").read_text(), re.M
    )
    assert [name for name, _, _ in rows] == list(config.names())
    for name, default, text in rows:
        assert text.startswith(config.describe(name)), name
        assert default.strip("`") == config.shown_default(name), name
