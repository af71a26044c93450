"""A server under test as a child process: alone on its core, measured by the kernel's accounting.

The server has core 0 to itself. Everything else that a benchmark runs, its own process included,
stays on the other cores (`step_aside`), and what it starts inherits that.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import usage
from hustings import process

SERVER_CORE: Final = 0
_END_S: Final = 15.0


def step_aside() -> None:
    """Leave the server's core to the server, and raise this process's limit of open files."""
    process.raise_descriptor_limit()
    others = os.sched_getaffinity(0) - {SERVER_CORE}
    if others:
        os.sched_setaffinity(0, others)


@dataclass(slots=True)
class Child:
    """A running server. `stop` ends it; so does the end of this process."""

    process: asyncio.subprocess.Process
    words: Path

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        words: Path,
        environment: Mapping[str, str] | None = None,
        user: int | None = None,
        piped: bool = False,
        realtime: bool = False,
        pass_fds: tuple[int, ...] = (),
    ) -> Child:
        """Start `command` on the server's core; what it says goes to the file `words`.

        `user` is the user and group id it gives itself up to; `piped` gives it pipes for input and
        output; `realtime` puts it before all normal processes, where that is allowed.
        """
        with words.open("wb") as file:
            made = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if piped else file,
                stderr=file,
                env={**os.environ, **(environment or {})},
                pass_fds=pass_fds,
                preexec_fn=functools.partial(_settle, os.getpid(), user, realtime),
            )
        return cls(made, words)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def cpu_s(self) -> float:
        """CPU time that it and its children have taken so far, in the kernel as well."""
        return usage.cpu_seconds(usage.tree(self.pid))

    def memory_kib(self) -> int:
        """Memory of its own in user space, its children's included: neither files nor sockets."""
        return usage.anonymous_kib(usage.tree(self.pid))

    def pause(self) -> None:
        """Have it stand still until `go_on`."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause."""
        self.process.send_signal(signal.SIGCONT)

    def said(self) -> str:
        """The last of what it has said, for an error."""
        return self.words.read_text(errors="replace")[-2000:]

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL for one that does not go."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), _END_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def _settle(parent: int, user: int | None, realtime: bool) -> None:
    process.die_with_parent(parent)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {SERVER_CORE})
    if realtime:
        process.go_realtime()
    if user is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        process.die_with_parent(parent)  # a change of user takes the death signal away
