"""Where a figure comes from: the commit, the day, the machine."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess


def stamp() -> dict[str, str]:
    """`commit` that is checked out ("" outside of a repository), `date` in UTC."""
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {"commit": commit, "date": datetime.datetime.now(datetime.UTC).date().isoformat()}


def machine() -> str:
    """Cores, architecture, system."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}"
