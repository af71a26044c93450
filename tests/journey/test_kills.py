"""The failure table on one machine: every role and server is killed (-9) in mid-speech.

One live space, two speakers who say a time code without a pause, listeners on both codecs. What
each row promises is measured in programme time, from decoded sound and from the receipt. The same
checks are then run with restarting switched off, where every one of them must fail.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from hustings.clock import SAMPLE_RATE
from hustings.drills import evening
from tests.journey import broken
from tests.journey.people import BACK_S, Night, night

BETWEEN_S = 4.5  # from one kill to the next: more than the window in which loss is looked for

# The longest speech that a listener may lose, and the longest time that a player may stand still.
# One slot (0.1 s) is what reading the code at a change of speakers may cost.
LOST_S = {
    "web-0": 0.1,
    "gate-0": 0.1,
    "archive-0": 0.1,
    "log": 0.1,
    "live": 0.5,
    "edge-0": 0.1,
    "stage": 1.5,
}
STALL_S = {"edge-0": 1.0, "stage": 1.5, "live": 0.5}


def problems(now: Night, what: str) -> list[str]:
    """What the table promises for a kill of `what` and did not hold."""
    out = []
    kill = next(kill for kill in now.kills if kill.what == what)
    if not now.back[what]:
        out.append(f"{what} did not come back in {BACK_S} s")
    for one in now.crowd:
        lost = broken.seconds_lost(one, kill)
        if lost > LOST_S[what] + 1e-9:
            out.append(f"{what}: a listener ({one.codec}) lost {lost:.1f} s of speech")
    return out


async def test_every_kill_costs_what_the_table_says(tmp_path: Path) -> None:
    async with night(tmp_path, restart=True) as now:
        for what in LOST_S:
            await now.kill(what)
            rest = now.kills[-1].at + BETWEEN_S - time.monotonic()
            await asyncio.sleep(max(rest, 2.0))
        joins = [speaker.joins for speaker in now.speakers]
        await now.host.step(now.space, "end")
        door = await evening.posted(now.host, now.installation.listen_url, now.space)
        listen_url = now.installation.listen_url
        receipt = json.loads(await now.host.page(listen_url + door["replay"]["receipt"]))["receipt"]
        replay = await asyncio.to_thread(evening.fetch, listen_url + door["replay"]["m4a"])
        opus = await asyncio.to_thread(evening.fetch, listen_url + door["replay"]["opus"])
        lines = "\n".join(now.installation.lines[-200:])
    found = [problem for what in LOST_S for problem in problems(now, what)]
    assert found == [], f"{found}\n{lines}"
    assert joins == [2, 2], "each speaker came back to the stage once, by themselves"
    # The recording: at most a gap where the stage was away, with its cause, and nothing else. A
    # takeover within a chunk leaves no number out; that there was one, the epochs say.
    assert {gap["cause"] for gap in receipt["gaps"]} <= {"takeover"}, receipt["gaps"]
    assert sum(gap["length_ms"] for gap in receipt["gaps"]) <= 1_500
    assert len(receipt["epochs"]) == 2
    missing = broken.seconds_missing(replay)
    assert len([s for s in missing if s > 0.1]) <= 1, missing
    assert max(missing, default=0.0) <= 1.5
    assert len(replay) / SAMPLE_RATE == pytest.approx(
        receipt["audio"]["duration_ms"] / 1000, abs=0.1
    )
    # Both codecs hold one programme, before and after the other stage took over.
    offsets = broken.offsets_ms(replay, opus)
    assert len(offsets) >= 10
    assert max(map(abs, offsets)) <= 2.0, offsets
    for one in now.crowd:
        assert broken.longest_stall(one) <= max(STALL_S.values())
        assert broken.samples_missing(one) <= 1.5 * SAMPLE_RATE


async def test_without_restarting_every_check_fails(tmp_path: Path) -> None:
    order = ("web-0", "gate-0", "archive-0", "log", "stage", "edge-0", "live")
    async with night(tmp_path, restart=False) as now:
        for what in order:
            await now.kill(what)
            if what == "stage":  # the spare takes over: only a second kill leaves nobody
                spare = now.installation.processes()
                for name in [n for n in spare if n.startswith("stage")]:
                    os.kill(spare[name], 9)
                await asyncio.sleep(broken.WINDOW_S)
    assert all(problems(now, what) for what in order), [problems(now, what) for what in order]
    sound = " ".join(problems(now, "stage"))
    assert "lost" in sound, "the sound's check alone must fail too"
