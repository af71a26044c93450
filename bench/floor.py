"""The floor under every send loop: `floor.c`, compiled when it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bench import packages
from bench.child import Child

_SOURCE: Final = Path(__file__).with_name("floor.c")


class Floor:
    """A running floor, paused between measurements. `port` is where it listens."""

    name = "C loop of send()"

    def __init__(self, child: Child, port: int, compiler: str) -> None:
        self.child = child
        self.port = port
        self.version = compiler


@contextlib.asynccontextmanager
async def floor(folder: Path, *, frame_bytes: int, every_ms: int) -> AsyncIterator[Floor]:
    """A floor that sends frames of that size that often."""
    folder.mkdir(parents=True, exist_ok=True)
    program, compiler = _compiled(folder / "floor")
    child = await Child.start(
        [str(program), "0", str(frame_bytes), str(every_ms)],
        words=folder / "floor.txt",
        piped=True,
    )
    try:
        assert child.process.stdout is not None
        line = await asyncio.wait_for(child.process.stdout.readline(), 10)
        yield Floor(child, int(line), compiler)
    finally:
        await child.stop()


def _compiled(program: Path) -> tuple[Path, str]:
    """The program, and what compiled it."""
    compiler = str(packages.need("cc", package="gcc"))
    subprocess.run([compiler, "-O2", "-o", str(program), str(_SOURCE)], check=True)
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return program, f"{said.stdout.splitlines()[0]} -O2"
