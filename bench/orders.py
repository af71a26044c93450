"""The worker's side of `bench.worker`: commands come in as JSON lines, each is answered by one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

_LINE_BYTES: Final = 16 * 1024 * 1024


async def obey(do: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]) -> None:
    """Hand each command's name and values to `do`, and tell its answer, until the input ends."""
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb", buffering=0)
    )
    while line := await reader.readline():
        given = json.loads(line)
        answer = await do(given.pop("do"), given)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
