"""A child process that carries load: it is given commands and answers each, a JSON line each."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import sys
from types import TracebackType
from typing import Any, Final

from hustings import process

_LINE_BYTES: Final = 16 * 1024 * 1024


class Worker:
    """`python -m bench.<module>`, on the cores of whoever starts it. A context manager.

    `nice` puts it behind other load on its core.
    """

    def __init__(self, module: str, *, nice: int = 0) -> None:
        self._module = module
        self._nice = nice
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Worker:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"bench.{self._module}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            preexec_fn=functools.partial(_settle, os.getpid(), self._nice),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 10)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def ask(self, do: str, **given: object) -> dict[str, Any]:
        """Give a command; its answer, once there is one."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **given}).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"bench.{self._module} has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _settle(parent: int, nice: int) -> None:
    process.die_with_parent(parent)
    os.nice(nice)
