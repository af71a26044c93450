"""A crowd that talks: messages, reactions, votes and hands at given rates, and what became of each.

    plan = TalkPlan(url=origin, space=space, studio=studio_url, chat_per_s=200, said_per_s=5_000)
    async with talking(plan) as crowd:      # guests have said their names
        await crowd.begin()
        await asyncio.sleep(20)
        report = await crowd.end()          # after the last answer

Guests write and raise hands at the studio, each with a ticket of their own; visitors react and vote
at the edge, each on a connection that is kept alive. They live in one process of their own
(`load_talker`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import ssl
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from hustings import limits
from hustings.drills.load_plan import Plan
from hustings.drills.load_report import Spread
from hustings.errors import BadInput, HustingsError

READY_S: Final = 60.0
END_S: Final = 30.0
_ASK_S: Final = 5.0
_PIPE_BYTES: Final = 64 * 1024 * 1024
_SLACK: Final = 1.15  # so that nobody is near the bound of what one person may do
_RATE_MAX: Final = 100_000.0
_COUNT_MAX: Final = 50_000


class TalkPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is done in a second, and how often in all. `url` is the edge's origin.

    `votes` visitors vote in each of `ballots`, spread over `spread_s`; `hands` guests, who do not
    write, raise a hand one after the other.
    """

    url: str
    space: str
    studio: str
    chat_per_s: float = 0.0
    said_per_s: float = 0.0
    votes: int = 0
    hands: int = 0
    ballots: tuple[str, ...] = ()
    spread_s: float = 15.0
    base: int = 0
    nice: int = 0
    insecure: bool = False

    def checked(self) -> TalkPlan:
        """The plan itself; `BadInput` when it cannot be carried out."""
        for name, value in (("chat", self.chat_per_s), ("reactions", self.said_per_s)):
            if not 0 <= value <= _RATE_MAX:
                raise BadInput(name, expected=f"0 to {_RATE_MAX:.0f} a second", got=str(value))
        for name, count in (("votes", self.votes), ("hands", self.hands)):
            if not 0 <= count <= _COUNT_MAX:
                raise BadInput(name, expected=f"0 to {_COUNT_MAX}", got=str(count))
        if self.hands > limits.HANDS_COUNT:
            raise BadInput("hands", expected=f"at most {limits.HANDS_COUNT}", got=str(self.hands))
        return self

    @property
    def guests(self) -> int:
        """How many are needed, so that nobody writes faster than a person may."""
        each_per_s = limits.CHAT_BURST_COUNT / limits.CHAT_BURST_S / _SLACK
        return self.hands + math.ceil(self.chat_per_s / each_per_s)

    @property
    def visitors(self) -> int:
        """How many are needed, so that nobody reacts faster than is counted."""
        each_per_s = limits.SAID_PER_S / 2
        return max(self.votes, math.ceil(self.said_per_s / each_per_s))


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the command asks for; see `TalkPlan`."""

    chat_per_s: float
    said_per_s: float
    votes: int
    hands: int

    @property
    def any(self) -> bool:
        """Whether anybody is to talk at all."""
        return any((self.chat_per_s, self.said_per_s, self.votes, self.hands))


def plan(crowd: Plan, wishes: Wishes, seconds: float) -> TalkPlan:
    """The plan for the space of a crowd: its studio and its open polls are asked of the edge.
    Blocks; `HustingsError` when the edge does not say."""
    context = None
    if crowd.insecure:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    found = {}
    for name in ("door.json", "talk.json"):
        address = f"{crowd.url}/live/{crowd.space}/{name}"
        try:
            with urllib.request.urlopen(address, timeout=_ASK_S, context=context) as answer:  # noqa: S310
                found[name] = json.load(answer)
        except (OSError, ValueError) as error:
            raise HustingsError(f"{address} cannot be read: {error}") from None
    return TalkPlan(
        url=crowd.url,
        space=crowd.space,
        studio=found["door.json"]["studio"],
        chat_per_s=wishes.chat_per_s,
        said_per_s=wishes.said_per_s,
        votes=wishes.votes,
        hands=wishes.hands,
        ballots=tuple(one["id"] for one in found["talk.json"]["polls"] if not one["closed"]),
        spread_s=seconds * 0.75,
        base=crowd.base,
        nice=crowd.nice,
        insecure=crowd.insecure,
    ).checked()


class Deed(msgspec.Struct):
    """One kind of thing that was done: how often it was `sent` and `accepted`, and what else came
    of it. `held` is how often it was due while everybody still waited for an answer."""

    sent: int = 0
    accepted: int = 0
    held: int = 0
    refused: dict[str, int] = {}
    errors: dict[str, int] = {}
    ms: Spread = msgspec.field(default_factory=Spread)


class TalkReport(msgspec.Struct, kw_only=True):
    """What was done within `seconds`. `messages` are the ids of those acknowledged, in the order of
    their answers; `raised` the persons whose hands went up, in order."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    guests: int = 0
    visitors: int = 0
    chat: Deed = msgspec.field(default_factory=Deed)
    reactions: Deed = msgspec.field(default_factory=Deed)
    votes: Deed = msgspec.field(default_factory=Deed)
    hands: Deed = msgspec.field(default_factory=Deed)
    messages: list[str] = []
    raised: list[str] = []

    @property
    def deeds(self) -> dict[str, Deed]:
        """All kinds by name."""
        return {
            "messages": self.chat,
            "reactions": self.reactions,
            "votes": self.votes,
            "hands": self.hands,
        }

    @property
    def sound(self) -> bool:
        """Whether everything that was sent was accepted."""
        return all(one.accepted == one.sent and not one.errors for one in self.deeds.values())

    def figures(self) -> dict[str, object]:
        """The report without lists, for people and programs."""
        kinds = {
            name: {
                "sent": one.sent,
                "accepted": one.accepted,
                "per_s": round(one.accepted / self.seconds, 1) if self.seconds else None,
                "held": one.held,
                "refused": one.refused,
                "errors": one.errors,
                "ms": one.ms.figures(),
            }
            for name, one in self.deeds.items()
            if one.sent
        }
        return {
            "seconds": round(self.seconds, 2),
            "guests": self.guests,
            "visitors": self.visitors,
            "load_cores": round(self.cpu_s / self.seconds, 3) if self.seconds else None,
            **kinds,
        }


class Talkers:
    """The process, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ready(self, plan: TalkPlan) -> None:
        """Give it the plan, and wait until its guests have joined."""
        self._write(msgspec.json.encode(plan) + b"\n")
        if await self._line(READY_S) != b"ready\n":
            await self._died("did not start")

    async def begin(self) -> None:
        """Have them talk."""
        self._write(b"go\n")
        if await self._line(READY_S) != b"going\n":
            await self._died("did not begin")

    async def end(self) -> TalkReport:
        """Have them fall silent; returns what was done once the last answer has come."""
        self._write(b"end\n")
        line = await self._line(END_S)
        if not line.startswith(b"{"):
            await self._died("ended early")
        return msgspec.json.decode(line, type=TalkReport)

    async def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5.0)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _line(self, seconds: float) -> bytes:
        assert self._process.stdout is not None
        try:
            return await asyncio.wait_for(self._process.stdout.readline(), seconds)
        except TimeoutError:
            raise HustingsError(f"the crowd that talks says nothing for {seconds} s") from None

    async def _died(self, how: str) -> None:
        assert self._process.stderr is not None
        words = (await self._process.stderr.read()).decode(errors="replace")[-800:]
        raise HustingsError(f"the crowd that talks {how}: {words.strip()}")

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(data)


@asynccontextmanager
async def talking(plan: TalkPlan) -> AsyncIterator[Talkers]:
    """People who have joined, and talk between `begin` and `end`."""
    talkers = Talkers(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hustings.drills.load_talker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_PIPE_BYTES,
            start_new_session=True,  # Ctrl-C is for whoever started this
        )
    )
    try:
        await talkers.ready(plan.checked())
        yield talkers
    finally:
        await talkers.stop()
