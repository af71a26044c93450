"""Recordings for tests: from a script to files, and what is in those files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from hustings.archive.receipt import Count
from hustings.archive.recording import Finished, Recording
from tests.archive.script import Script

ADDRESS = "https://listen.example/s/abcdefghij"


def record(script: Script, folder: Path, *, picture: bytes = b"") -> Finished:
    """The recording of a script that ends."""
    recording = Recording(script.space, folder, address=ADDRESS)
    for entry in script.entries:
        recording.apply(entry)
    assert recording.ended
    assert recording.close(picture=picture)
    finished = recording.finish(
        counts={"listening_most": Count(3, "by hand")}, beside={"crowd.json": b"{}"}
    )
    assert finished is not None
    return finished


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file; it must have no complaint."""
    options = "-v error -show_format -show_streams -show_chapters -of json"
    done = subprocess.run(
        ["ffprobe", *options.split(), str(path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def read(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_bytes())
