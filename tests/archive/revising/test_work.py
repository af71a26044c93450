"""Heavy work in a process of its own: it ends in time, and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from hustings import limits
from hustings.archive.clips.plan import ClipPlan
from hustings.archive.revising import work
from hustings.archive.revising.work import MakeClip, Master, Rebuild, Said, WorkFailed

SAID = Said(title="An evening")


def endless(tmp_path: Path) -> Master:
    """Work on a file that never says what is in it."""
    source = tmp_path / "replay.m4a"
    os.mkfifo(source)
    return Master(source=str(source), target=str(tmp_path / "m.m4a"), duration_ms=100, said=SAID)


async def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_work_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORK_LEAST_S", 0.5)
    before = await children()
    async with asyncio.timeout(10):
        with pytest.raises(WorkFailed, match=r"master was not done in 1 s"):
            await work.done(endless(tmp_path), folder=tmp_path, progress=lambda _: None)
    assert await children() <= before


async def test_work_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    before = await children()
    task = asyncio.create_task(
        work.done(endless(tmp_path), folder=tmp_path, progress=lambda _: None)
    )
    async with asyncio.timeout(10):
        while await children() <= before:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await children() <= before


async def test_what_fails_says_why(tmp_path: Path) -> None:
    order = Master(source=str(tmp_path / "none"), target="", duration_ms=100, said=SAID)
    with pytest.raises(WorkFailed, match=r"(?s)master ended with 1: .*No such file"):
        await work.done(order, folder=tmp_path, progress=lambda _: None)


def test_long_work_has_long() -> None:
    hour = Rebuild(space="s", source="", folder="", slots=11_250, kept=((0, 11_250),), said=SAID)
    assert work.time_s(hour) == limits.WORK_LEAST_S + limits.WORK_RATIO * 3_600
    plan = ClipPlan(id="c", space="s", title="t", from_ms=0, to_ms=640)
    clip = MakeClip(plan=plan, shapes=("wide", "tall"), source="", folder="")
    assert work.time_s(clip) == pytest.approx(limits.WORK_LEAST_S + limits.WORK_RATIO * 1.28)
