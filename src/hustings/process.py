"""This process and its place on the machine: death signal, priority, descriptors, log lines."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import re
import resource
import signal
import socket
import sys
from typing import Final

log = logging.getLogger("hustings.process")

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
# Loaded once, here: between fork and exec, where `die_with_parent` also runs, nothing may be.
_libc: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_NICE_BESIDE_STAGE: Final = 10


def instance(role: str, index: int, pid: int) -> str:
    """The name of one process of a role, among all machines: fit to stand in a subject."""
    machine = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())
    return f"{role}-{index}-{pid}-{machine}"


def die_with_parent(parent: int) -> None:
    """Get SIGTERM when process `parent`, which started this one, is gone (Linux only).

    So a supervisor that is killed leaves nobody behind. If it is gone already, ends at once.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the supervisor is gone")


def go_realtime() -> bool:
    """Put this process before all normal ones (SCHED_RR, priority 1); False where not allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (OSError, AttributeError):
        return False
    return True


def realtime_allowed() -> bool:
    """Whether a child of this process may `go_realtime`."""
    try:
        before, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        os.sched_setscheduler(0, before, parameter)
    except (OSError, AttributeError):
        return False
    return True


def keep_heap() -> None:
    """Take all objects that exist by now, modules above all, out of garbage collection for good.

    Looking through them takes 27 ms, which would fall into the middle of something now and then.
    """
    gc.collect()
    gc.freeze()


def step_aside() -> None:
    """Make room for the stage where it cannot have real-time priority: nice +10."""
    os.nice(_NICE_BESIDE_STAGE)


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files to the hard one; returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def log_to_stderr(level: str) -> None:
    """Print log lines of at least `level` to standard error, one line each, without a time: whoever
    collects them (the supervisor, the journal) adds it."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("hustings").setLevel(level.upper())
