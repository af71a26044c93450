"""Debian packages that peers come from: there already, or installed by the system's client."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PLACES: Final = (*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/sbin")


class Missing(Exception):
    """A program that a benchmark needs is not there and cannot be had."""


def need(program: str, *, package: str) -> Path:
    """Path of `program`; `package` is installed when it is missing. `Missing` when it stays so."""
    return _need(program, package, _find)


def need_file(path: str, *, package: str) -> Path:
    """The same for a file that a package brings."""
    return _need(path, package, lambda name: Path(name) if Path(name).exists() else None)


def _need(program: str, package: str, find: Callable[[str], Path | None]) -> Path:
    found = find(program)
    if found is None and os.geteuid() == 0 and _find("apt-get") is not None:
        sys.stderr.write(f"installing {package} ...\n")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
        ):
            subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=False)
        found = find(program)
    if found is None:
        raise Missing(f"{program} is not there: install the package {package}")
    return found


def _find(program: str) -> Path | None:
    found = shutil.which(program, path=os.pathsep.join(_PLACES))
    return None if found is None else Path(found)
