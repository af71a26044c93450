"""How much memory is left: on the machine, and in the control group that this process runs in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_MACHINE: Final = Path("/proc/meminfo")
_OWN_GROUP: Final = Path("/proc/self/cgroup")
_GROUPS: Final = Path("/sys/fs/cgroup")
_UNKNOWN: Final = 2**62


class Memory:
    """Reads what is left. A system that does not say is taken to have enough."""

    def __init__(self, *, machine: Path = _MACHINE, group: Path | None = None) -> None:
        self._machine = machine
        self._group = _own_group() if group is None else group

    def left_bytes(self) -> int:
        """Bytes that may still be had."""
        try:
            on_machine = _field(self._machine.read_text(), "MemAvailable:") * 1024
        except (OSError, ValueError):
            on_machine = _UNKNOWN
        return min(on_machine, self._in_group())

    def _in_group(self) -> int:
        """What the group's bound leaves (cgroup v2); its reclaimable file pages are not in use."""
        try:
            bound = (self._group / "memory.max").read_text().strip()
            if bound == "max":
                return _UNKNOWN
            used = int((self._group / "memory.current").read_text())
            pages = _field((self._group / "memory.stat").read_text(), "inactive_file")
        except (OSError, ValueError):
            return _UNKNOWN
        return int(bound) - used + pages


def _own_group() -> Path:
    try:
        lines = _OWN_GROUP.read_text().splitlines()
    except OSError:
        return _GROUPS
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    return _GROUPS / own


def _field(text: str, name: str) -> int:
    for line in text.splitlines():
        words = line.split()
        if words and words[0] == name:
            return int(words[1])
    raise ValueError(name)
