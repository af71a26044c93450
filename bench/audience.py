"""A crowd as a benchmark deals with it: made, brought in, and its answers shown in errors."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from bench.worker import Worker

_JOIN_S: Final = 60.0
_TRIES: Final = 6
_LOST_S: Final = 5.0  # who is not in by then has been forgotten by the server


@contextlib.asynccontextmanager
async def crowd(
    form: str,
    port: int,
    path: str,
    *,
    number_ms: int,
    size: int = 0,
    tls: bool = False,
    first: str = "a",
    nice: int = 0,
) -> AsyncIterator[Worker]:
    """A process of listeners to one stream; see `crowd.py`. Nobody has come yet.

    `first` is the letter with which its visitors' keys begin: crowds of one edge differ in it.
    """
    async with Worker("crowd", nice=nice) as made:
        await made.ask(
            "open",
            form=form,
            port=port,
            path=path,
            number_ms=number_ms,
            size=size,
            tls=tls,
            visitors=first if form == "push" else "",
        )
        yield made


async def join(people: Worker, count: int, *, within_s: float) -> dict[str, Any]:
    """Have that many come and hear sound, all of them: else `RuntimeError`."""
    came = await people.ask("join", count=count, within_s=within_s, wait_s=_JOIN_S)
    if came["listeners"] != count or len(came["first_s"]) != count:
        raise RuntimeError(f"not all {count} came in: {short(came)}")
    return came


async def gather(people: Worker, count: int, *, per_s: float) -> None:
    """Have that many come to a server that loses some on the way: those come once more."""
    here = 0
    for _ in range(_TRIES):
        within_s = (count - here) / per_s
        await people.ask("join", count=count - here, within_s=within_s, wait_s=within_s + _LOST_S)
        here = (await people.ask("weed"))["listeners"]
        if here == count:
            return
    raise RuntimeError(f"of {count} only {here} came in")


def short(answer: dict[str, Any]) -> dict[str, Any]:
    """A crowd's answer without its long lists, for an error."""
    return {k: len(v) if k in ("first_s", "in_s") else v for k, v in answer.items()}
