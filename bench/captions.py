"""Captions and transcripts of a live space: how soon, how right, at what cost, and to whom.

The whole product with two speakers on WebRTC who talk at the same time: one voice is people's (out
of packages), one is espeak-ng's. What edges are told is compared with what was said, word by word;
then the transcript. In turns with captions switched off, which shows whether the mixer notices.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench import report, speech, usage
from bench.speech import RATE, Sound, words
from hustings.captions.engine import Whole
from hustings.captions.hearing import BOUNDS
from hustings.captions.stretch import Stretches
from hustings.captions.whisper import Whisper
from hustings.config import Settings
from hustings.drills.host import Host, Person
from hustings.drills.installation import Installation
from hustings.drills.speaker import NotSeated, Speaker
from hustings.formats import transcript as transcripts
from hustings.log import subjects
from hustings.log.connect import connect
from hustings.log.contract import Message
from hustings.store import layout

SOON_S: Final = 1.5
SOON_WORST_S: Final = 3.0
LIVE_REAL: Final = 0.12
LIVE_SYNTHETIC: Final = 0.25
AFTER_REAL: Final = 0.06
AFTER_SYNTHETIC: Final = 0.15
LIVE_CPU: Final = 0.30
AFTER_CPU: Final = 0.50
LIVE_MIB: Final = 350.0
AFTER_MIB: Final = 700.0

_SEATED_S: Final = 20.0
_TRANSCRIPT_S: Final = 300.0
_AHEAD_S: Final = 0.3  # a word is compared with what was said until then
_SENTENCES: Final = (
    "Please open the window before the meeting begins on Monday morning.",
    "A good neighbour sometimes brings fresh bread and coffee.",
    "The recording is signed so that everybody can check it later.",
    "Today we talk about the archive and what it keeps.",
    "The train to the coast leaves at seven and arrives before noon.",
    "Most people listen quietly while a few of them speak.",
    "She wrote a long letter to her sister about the garden.",
    "When the rain stopped we walked along the river.",
    "He asked whether the library would open again in spring.",
    "There were three chairs at the table and nobody in the room.",
    "We will publish the minutes of this evening tomorrow.",
    "My brother repairs old clocks in a small shop near the station.",
)


@dataclass(frozen=True, slots=True)
class Script:
    """What one speaker says: the sound, its words, and when each of them ends in it (seconds)."""

    sound: Sound
    text: str
    ends: tuple[tuple[str, float], ...]


@dataclass(slots=True)
class Heard:
    """What was told of one seat: the sentences, and since when each word was shown."""

    finals: dict[str, str] = field(default_factory=dict)
    delays_s: dict[int, float] = field(default_factory=dict)  # by number of the word

    def take(self, told: dict[str, Any], script: Script, *, now_s: float) -> None:
        """A caption that came so long after the beginning."""
        shown = " ".join([*self.finals.values(), told["text"]])
        if told["final"]:
            self.finals[told["id"]] = told["text"]
        said = [(word, end) for word, end in script.ends if end <= now_s + _AHEAD_S]
        match = SequenceMatcher(a=[word for word, _ in said], b=words(shown), autojunk=False)
        for block in match.get_matching_blocks():
            for number in range(block.a, block.a + block.size):
                self.delays_s.setdefault(number, now_s - said[number][1])


@dataclass(slots=True)
class Evening:
    """One round: what was measured."""

    skipped: int = 0
    worst_ms: float = 0.0
    delays_s: list[float] = field(default_factory=list)
    live: dict[str, float] = field(default_factory=dict)  # word error rates
    after: dict[str, float] = field(default_factory=dict)
    live_cpu: float = 0.0
    live_mib: float = 0.0
    after_cpu: float = 0.0
    after_mib: float = 0.0


async def main(*, rounds: int, quick: bool) -> int:
    """Measure, print; returns 0 if all bounds hold."""
    with tempfile.TemporaryDirectory(prefix="hustings-bench-") as name:
        folder = Path(name)
        scripts = await asyncio.to_thread(_scripts, folder / "weights", quick=quick)
        without, evenings = [], []
        for number in range(rounds):
            if not quick:
                without.append(await _evening(folder / f"off{number}", scripts, captions="off"))
            evenings.append(await _evening(folder / f"on{number}", scripts, captions="on"))
    return report.show("captions", rounds=rounds, rows=_rows(evenings, without))


def _rows(evenings: list[Evening], without: list[Evening]) -> list[report.Row]:
    def row(what: str, unit: str, values: list[float], bound: float) -> report.Row:
        return report.at_most(what, unit, values, bound)

    late = [quantiles[18] for e in evenings if (quantiles := _quantiles(e.delays_s, 20))]
    rows = [
        row("end of a word to its caption, two who talk at once, p50", "s",
            [statistics.median(e.delays_s) for e in evenings], SOON_S),
        row("the same, p95", "s", late, SOON_WORST_S),
        row("words wrong, live, people's voices", "share",
            [e.live["real"] for e in evenings], LIVE_REAL),
        row("words wrong, live, espeak-ng", "share",
            [e.live["synthetic"] for e in evenings], LIVE_SYNTHETIC),
        row("words wrong, transcript, people's voices", "share",
            [e.after["real"] for e in evenings], AFTER_REAL),
        row("words wrong, transcript, espeak-ng", "share",
            [e.after["synthetic"] for e in evenings], AFTER_SYNTHETIC),
        row("CPU of captions, per second that a seat talks", "s",
            [e.live_cpu for e in evenings], LIVE_CPU),
        row("CPU of the transcript, per second that a seat talks", "s",
            [e.after_cpu for e in evenings], AFTER_CPU),
        row("memory of captions, at most", "MiB", [e.live_mib for e in evenings], LIVE_MIB),
        row("memory of the transcript's process, at most", "MiB",
            [e.after_mib for e in evenings], AFTER_MIB),
        row("ticks that the mixer skipped meanwhile", "ticks",
            [float(e.skipped) for e in evenings], 0.0),
    ]  # fmt: skip
    for what, unit, name in (
        ("ticks that the mixer skipped", "ticks", "skipped"),
        ("the mixer's latest tick", "ms", "worst_ms"),
    ):
        peer = report.Peer("captions off", "", [float(getattr(e, name)) for e in without])
        if any(peer.values):
            ours = [float(getattr(e, name)) for e in evenings]
            rows.append(report.noted(f"{what}, against captions off", unit, ours, peer))
    return rows


def _quantiles(values: list[float], parts: int) -> list[float]:
    return statistics.quantiles(values, n=parts) if len(values) > 1 else []


def _scripts(weights: Path, *, quick: bool) -> dict[str, Script]:
    """What both say; of equal length."""
    austen, austen_text = speech.read_aloud()
    pause = np.zeros(RATE // 2, np.float32)
    if quick:
        real, real_text = austen, austen_text
    else:
        pieces = (
            speech.sample("two_cities.wav"),
            pause,
            speech.sample("beckett.wav"),
            pause,
            austen,
        )
        real = np.concatenate(pieces)
        real_text = " ".join((speech.CITIES, speech.BECKETT, austen_text))
    spoken: list[Sound] = []
    said: list[str] = []
    for sentence in _SENTENCES * 9:
        if sum(map(len, spoken)) > len(real) - 4 * RATE:
            break
        spoken += [speech.espeak(sentence), pause]
        said.append(sentence)
    whole = Whisper(None, weights).open_whole("en")
    return {
        "real": Script(real, real_text, _ends(whole, real)),
        "synthetic": Script(np.concatenate(spoken), " ".join(said),
                            _ends(whole, np.concatenate(spoken))),
    }  # fmt: skip


def _ends(whole: Whole, sound: Sound) -> tuple[tuple[str, float], ...]:
    """When each word ends, as the better engine hears it in the clean sound."""
    heard = speech.at_16k(sound)
    stretches = Stretches(BOUNDS)
    found = []
    for stretch in [*stretches.feed(heard, at=0), *stretches.flush()]:
        for word in whole.words(stretch.sound()):
            end_s = stretch.at / 16_000 + word.end_ms / 1000
            found += [(text, end_s) for text in words(word.text)]
    return tuple(found)


async def _evening(folder: Path, scripts: dict[str, Script], *, captions: str) -> Evening:
    made = Evening()
    flags = {"captions": captions, "log_level": "debug"}
    async with Installation(folder, flags) as installation:
        await asyncio.sleep(2.0)
        await _speak(installation, folder, scripts, made)
    ticks = 0
    for line in installation.lines:
        if found := re.search(r"(\d+) ticks, (\d+) skipped, .* latest ([\d.]+) ms", line):
            ticks += int(found[1])
            made.skipped += int(found[2])
            made.worst_ms = max(made.worst_ms, float(found[3]))
    assert ticks, "the stage did not say how its ticks went"
    return made


async def _speak(
    installation: Installation, folder: Path, scripts: dict[str, Script], made: Evening
) -> None:
    host = Host(installation.studio_url)
    await host.sign_up((folder / "first-link").read_text().strip(), name="Real")
    space = await host.create("A bench")
    people: dict[str, Person] = {"real": host, "synthetic": await host.invite(space, "Synthetic")}
    begin: list[int] = []
    heard: dict[str, Heard] = {name: Heard() for name in scripts}
    seats: dict[str, str] = {}

    async def on_caption(message: Message) -> None:
        told = json.loads(message.data)
        now_s = time.monotonic() - begin[0] / RATE
        name = seats[told["seat"]]
        heard[name].take(told, scripts[name], now_s=now_s)

    async with asyncio.TaskGroup() as group:
        tasks = []
        speakers = []
        for name, person in people.items():
            seat = await person.seat(space)
            seats[seat.id] = name
            speakers.append(_speaker(installation, space, seat.ticket, scripts[name].sound, begin))
            tasks.append(group.create_task(_until_ended(speakers[-1])))
        async with asyncio.timeout(_SEATED_S):
            await asyncio.gather(*(one.connected.wait() for one in speakers))
        await host.step(space, "doors")
        await host.step(space, "live")
        await asyncio.sleep(3.0)
        async with _listening(folder, space, on_caption):
            pid = installation.processes().get("captions-0")
            before = usage.cpu_seconds([pid]) if pid else 0.0
            begin.append(round(time.monotonic() * RATE))
            length_s = max(len(script.sound) for script in scripts.values()) / RATE
            await asyncio.sleep(length_s + 3.0)
            if pid:
                spoken_s = sum(len(script.sound) for script in scripts.values()) / RATE
                made.live_cpu = (usage.cpu_seconds([pid]) - before) / spoken_s
                made.live_mib = _peak_mib(pid)
        await host.step(space, "end")
        for task in tasks:
            task.cancel()
    if pid:
        _judge(made, heard, scripts)
        draft_path = folder / "store" / layout.transcript_draft(space)
        await _transcribed(draft_path, pid, seats, scripts, made)


def _judge(made: Evening, heard: dict[str, Heard], scripts: dict[str, Script]) -> None:
    for name, one in heard.items():
        made.delays_s += one.delays_s.values()
        made.live[name] = speech.error_rate(scripts[name].text, " ".join(one.finals.values()))


async def _transcribed(
    draft_path: Path, pid: int, seats: dict[str, str], scripts: dict[str, Script], made: Evening
) -> None:
    """Wait for the transcript, and see what its process takes."""
    cpu: dict[int, float] = {}
    async with asyncio.timeout(_TRANSCRIPT_S):
        while not draft_path.exists():
            for child in usage.tree(pid)[1:]:
                with contextlib.suppress(OSError):
                    # Threads that have ended are not counted any more.
                    cpu[child] = max(usage.cpu_seconds([child]), cpu.get(child, 0.0))
                    made.after_mib = max(made.after_mib, _peak_mib(child))
            await asyncio.sleep(0.05)
    made.after_cpu = sum(cpu.values()) / sum(len(s.sound) / RATE for s in scripts.values())
    draft = transcripts.decode(draft_path.read_bytes())
    for seat, name in seats.items():
        text = " ".join(cue.text for cue in draft.cues if cue.seat == seat)
        made.after[name] = speech.error_rate(scripts[name].text, text)


@contextlib.asynccontextmanager
async def _listening(folder: Path, space: str, on_caption: Any) -> AsyncIterator[None]:
    """As an edge hears of captions."""
    passwords = json.loads((folder / "keys" / "nats.json").read_text())
    live_url, log_url = (
        f"nats://127.0.0.1:{(folder / name / 'port').read_text().strip()}"
        for name in ("live", "log")
    )
    settings = Settings(
        live_servers=(live_url,),
        log_servers=(log_url,),
        nats_user="edge",
        nats_password=passwords["edge"],
    )
    _, live, close = await connect(settings, name="bench")
    try:
        end = await live.subscribe(subjects.live(space, "captions"), on_caption)
        yield
        await end()
    finally:
        await close()


def _speaker(
    installation: Installation, space: str, ticket: str, sound: Sound, begin: list[int]
) -> Speaker:
    def say(sample: int, count: int) -> Sound:
        out = np.zeros(count, np.float32)
        at = sample - begin[0] if begin else -count
        part = sound[max(0, at) : max(0, at + count)]
        out[max(0, -at) : max(0, -at) + len(part)] = part
        return out

    return Speaker(gate_url=installation.gate_url, space=space, ticket=ticket, voice=say)


async def _until_ended(speaker: Speaker) -> None:
    with contextlib.suppress(NotSeated):
        await speaker.run()


def _peak_mib(pid: int) -> float:
    """The most memory that a process has had, shared files included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.captions", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument("--quick", action="store_true", help="one short round")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(rounds=1 if given.quick else 2, quick=given.quick)))
