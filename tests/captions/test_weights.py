"""Weights are those that are pinned, or the operator's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hustings.captions import weights
from hustings.errors import ConfigError


def test_the_packages_hold_what_is_pinned(tmp_path: Path) -> None:
    folder = weights.whisper(None, tmp_path)
    assert {p.name for p in folder.iterdir()} == {
        "model.bin", "config.json", "tokenizer.json", "vocabulary.txt",
    }  # fmt: skip
    made = (folder / "model.bin").stat().st_mtime_ns
    assert weights.whisper(None, tmp_path) == folder
    assert (folder / "model.bin").stat().st_mtime_ns == made, "it is joined once"
    assert (weights.moonshine(None) / "encoder_model.ort").is_file()


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    folder = weights.whisper(None, tmp_path)
    with (folder / "model.bin").open("r+b") as file:
        file.seek(70_000_000)
        file.write(b"\0\0\0\0")
    weights.whisper(None, tmp_path)  # joined anew
    assert weights._sha256(folder / "model.bin") == weights._WHISPER_MODEL
    (folder / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"config\.json.*56a6d811"):
        weights.whisper(None, tmp_path)


def test_a_package_with_other_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "moonshine_voice"
    shutil.copytree(weights.moonshine(None), wrong / "assets" / "tiny-en")
    (wrong / "__init__.py").touch()
    (wrong / "assets" / "tiny-en" / "tokenizer.bin").write_bytes(b"other")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"tokenizer\.bin.*the file with SHA-256 6884b35f"):
        weights.moonshine(None)


def test_the_operators_own_come_first(tmp_path: Path) -> None:
    own = tmp_path / "models"
    for name in (weights.MOONSHINE, weights.WHISPER):
        (own / name).mkdir(parents=True)
    assert weights.moonshine(own) == own / weights.MOONSHINE
    assert weights.whisper(own, tmp_path) == own / weights.WHISPER
    assert weights.moonshine(tmp_path / "none").name == "tiny-en"
