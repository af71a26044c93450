"""What a request of an HLS player costs, and how fast blocked reloads are let go.

Parts, segments and the playlist are asked for over connections that are kept alive, from our edge
and from nginx in turn, which serves the same bytes as files; CPU of the server per request. Then
5,000 players wait for the next part, as LL-HLS has them do, and each answer is timed from the
moment at which the stage sends that chunk: what the log takes to store it is part of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import re
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import child, packages, report
from bench.feeding import SPACE, Stage, stage
from bench.nginx import Nginx, nginx
from bench.ours import Ours, ours
from bench.report import Peer, Row
from bench.worker import Worker
from hustings.chunk import SEGMENT_CHUNKS

NGINX: Final = 1.1
RELEASED_MS: Final = 100.0

_ROOT: Final = f"/live/{SPACE}"
_PLAYLIST: Final = f"{_ROOT}/index.m3u8"
_CONNECTIONS: Final = 128
_FILES: Final = 6
_AHEAD_PARTS: Final = 7  # 2.2 s: everybody has asked by then
_UNIT: Final = "µs/request"
_PLAIN: Final = {"User-Agent": "bench", "Accept": "*/*"}
_PACKED: Final = {**_PLAIN, "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many, and how often."""

    rounds: int
    requests: int
    waiting: int
    releases: int
    chunks_first: int  # in the full run, a playlist as long as it ever is


FULL: Final = Plan(rounds=5, requests=60_000, waiting=5_000, releases=10, chunks_first=200)
QUICK: Final = Plan(rounds=1, requests=15_000, waiting=2_000, releases=2, chunks_first=40)


async def main(plan: Plan) -> int:
    """Measure, print; returns 0 if all targets are met."""
    child.step_aside()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="hustings-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # nginx' worker is an unprivileged user
        async with stage(folder / "nats") as running, ours(folder / "edge", running) as edge:
            await running.reached(plan.chunks_first)
            rows += [
                await _compare(edge, plan, folder / what, what, running.n)
                for what in ("part", "segment", "playlist")
            ]
            rows.append(await _released(edge, running, plan))
    return report.show("hls", rounds=plan.rounds, rows=rows)


async def _compare(edge: Ours, plan: Plan, folder: Path, what: str, n: int) -> Row:
    """One kind of file: ours and nginx in turn."""
    theirs: list[float] = []
    here: list[float] = []
    version = "missing"
    files = await asyncio.to_thread(_fetched, edge.port, _paths(what, n))
    async with contextlib.AsyncExitStack() as open_:
        peer: Nginx | None = None
        try:
            peer = await open_.enter_async_context(nginx(folder, files=files))
            version = peer.version
        except packages.Missing as error:
            sys.stderr.write(f"{error}\n")
        asking = await open_.enter_async_context(_asker(edge.port, connections=_CONNECTIONS))
        there = None
        if peer is not None:
            there = await open_.enter_async_context(_asker(peer.port, connections=_CONNECTIONS))
        paths = list(files)
        for _ in range(plan.rounds):
            here.append(await _cost(asking, edge.child, paths, plan.requests))
            if peer is not None and there is not None:
                theirs.append(await _cost(there, peer.child, paths, plan.requests))
    size = round(statistics.mean(map(len, files.values())))
    return report.times_at_most(
        f"CPU of a request for a {what} of {size} bytes, {_CONNECTIONS} connections kept alive",
        _UNIT,
        here,
        Peer("nginx", version, theirs),
        NGINX,
    )


async def _cost(asking: Worker, server: child.Child, paths: Sequence[str], requests: int) -> float:
    before_s = server.cpu_s()
    await _ask(asking, "run", paths=paths, requests=requests, same=paths != [_PLAYLIST])
    return (server.cpu_s() - before_s) / requests * 1e6


async def _released(edge: Ours, running: Stage, plan: Plan) -> Row:
    """How long after a chunk was sent everybody who waits for it has the playlist."""
    p99_ms: list[float] = []
    async with _asker(edge.port, connections=plan.waiting, fields=_PACKED) as waiting:
        for _ in range(plan.releases):
            n = await _listed(edge) + _AHEAD_PARTS
            query = f"_HLS_msn={n // SEGMENT_CHUNKS}&_HLS_part={n % SEGMENT_CHUNKS}"
            answer = await _ask(waiting, "hold", path=f"{_PLAYLIST}?{query}")
            sent_s = dict(running.sent)[n]
            if answer["asked_s"] > sent_s:
                raise RuntimeError("not everybody had asked before the chunk came")
            if min(answer["at_s"]) < sent_s:
                raise RuntimeError("somebody was answered before the chunk came")
            if answer["bodies"] != 1:
                raise RuntimeError("not everybody was given the same playlist")
            after_ms = [(at - sent_s) * 1000 for at in answer["at_s"]]
            p99_ms.append(statistics.quantiles(after_ms, n=100, method="inclusive")[98])
    return report.at_most(
        f"{plan.waiting} blocked reloads let go, 99 of 100, since the stage sent the chunk",
        "ms",
        p99_ms,
        RELEASED_MS,
    )


async def _listed(edge: Ours) -> int:
    """Number of the newest chunk that the playlist has."""
    text = (await asyncio.to_thread(_fetched, edge.port, [_PLAYLIST]))[_PLAYLIST].decode()
    parts = re.findall(r'#EXT-X-PART:[^\n]*URI="aac/p(\d+)\.m4s"', text)
    return int(parts[-1])


def _paths(what: str, n: int) -> list[str]:
    """The newest files of a kind that are settled for sure, when `n` chunks were made."""
    match what:
        case "part":
            newest = n - 3
            return [f"{_ROOT}/aac/p{i}.m4s" for i in range(newest - _FILES + 1, newest + 1)]
        case "segment":
            newest = n // SEGMENT_CHUNKS - 2
            return [f"{_ROOT}/aac/{k}.m4s" for k in range(newest - _FILES + 1, newest + 1)]
        case _:
            return [_PLAYLIST]


def _fetched(port: int, paths: Sequence[str]) -> dict[str, bytes]:
    """The bodies of some paths, by a client that is not ours."""
    bodies = {}
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for path in paths:
        client.request("GET", path)
        answer = client.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} is answered with {answer.status}: {body[:200]!r}")
        bodies[path] = body
    client.close()
    return bodies


@contextlib.asynccontextmanager
async def _asker(
    port: int, *, connections: int, fields: Mapping[str, str] | None = None
) -> AsyncIterator[Worker]:
    async with Worker("asker") as asking:
        await _ask(
            asking,
            "open",
            port=port,
            connections=connections,
            fields=fields or _PLAIN,
        )
        yield asking


async def _ask(asking: Worker, do: str, **given: object) -> dict[str, Any]:
    answer = await asking.ask(do, **given)
    if "error" in answer:
        raise RuntimeError(f"the requests failed: {answer['error']}")
    return answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.hls", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument("--quick", action="store_true", help="fewer requests, under a minute")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(QUICK if given.quick else FULL)))
