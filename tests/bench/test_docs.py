"""What the documentation says of the benchmarks is what they do."""

from __future__ import annotations

import re
from pathlib import Path

import bench.__main__
from bench import icecast, nginx
from bench.stage import janus
from bench.stage.__main__ import PARTS

DOCS = (Path(__file__).parents[2] / "docs" / "bench.md").read_text()

NAMES = ("clients", "folder", "host", "others", "password", "port", "transports")


def block(language: str) -> list[str]:
    found = re.search(rf"```{language}\n(.*?)```", DOCS, re.S)
    assert found is not None
    return [line.strip() for line in found[1].splitlines()]


def test_every_program_is_documented() -> None:
    for program, *_ in bench.__main__.PROGRAMS.values():
        assert f"`bench.{program}`" in DOCS


def test_every_part_of_the_stage_is_kept() -> None:
    kept = [more for program, *more in bench.__main__.PROGRAMS.values() if program == "stage"]
    assert kept == [["--only", part] for part in PARTS]


def test_the_peers_are_configured_as_documented() -> None:
    for language, text, filled in (
        ("xml", icecast.CONFIGURATION, {"clients": 5050}),
        ("nginx", nginx.CONFIGURATION, {}),
        ("libconfig", janus.CONFIGURATION, {}),
    ):
        values = dict.fromkeys(NAMES, "") | filled
        lines = {line.strip() for line in text.format(**values).splitlines()}
        documented = block(language)
        assert len(documented) > 8
        assert [line for line in documented if line not in lines] == []


def test_rooms_of_the_peer_are_made_as_documented() -> None:
    for name, value in (janus.ROOM | janus.JOIN).items():
        said = str(value).lower() if isinstance(value, bool) else str(value)
        assert f"`{name}` {said}" in DOCS
