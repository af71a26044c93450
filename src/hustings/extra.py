"""Optional extras: whether what one needs is installed, found without importing any of it."""

from __future__ import annotations

import importlib.util
from typing import Final

# What is asked for; the packages' names are in pyproject.toml.
MODULES: Final = {
    "captions": (
        "ctranslate2",
        "earshot",
        "faster_whisper",
        "onnxruntime",
        "tokenizers",
    ),
    "denoise": ("pyrnnoise",),
}


def missing(extra: str) -> list[str]:
    """The modules of an extra that are not there; empty when it is installed."""
    return [name for name in MODULES[extra] if not _there(name)]


def _there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # hidden on purpose, or half there
        return False
