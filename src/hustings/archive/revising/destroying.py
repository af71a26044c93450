"""Destroying what was erased, in every place that had it: the log, the drafts, and what was made.

The original and what is published are made without it before; here goes what is left of it. It is
done before the receipt says so, and whatever is interrupted is done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final

from hustings import caption, chunk, stem
from hustings.archive.revising.words import erased
from hustings.archive.revising.workshop import Workshop
from hustings.clock import CHUNK_MS, CHUNK_SAMPLES
from hustings.errors import BadInput
from hustings.formats import transcript
from hustings.log.contract import Entry, Log
from hustings.log.subjects import Kind
from hustings.space import Space
from hustings.store.reel import Index, Reel

DRAFT: Final = "draft/transcript.json"

# Sound, and words that a machine heard in it. The store has all of it that is left.
_HEARD: Final = (Kind.MIX, Kind.STEM, Kind.CAPTION)

# What was made of the original; of the new one it is made for the version that is published.
_MADE_OF_IT: Final = frozenset(
    {"master.m4a", "transcript.json", "transcript.vtt", "transcript.txt"}
)


async def destroy(space: Space, *, shop: Workshop, log: Log, numbers: frozenset[int]) -> list[str]:
    """Destroy in the log and in the store what was erased: of the sound, the chunks of `numbers`.

    What else the log has of the sound goes with it, because the store has it. Returns the names of
    files that are gone.
    """
    if await log.exists(space.id):
        await log.erase(space.id, [seq async for seq in _heard(space.id, log, numbers)])
        await log.purge(space.id, _HEARD)
    gone = [name for name in await shop.names() if name in _MADE_OF_IT or _older(name, space)]
    await shop.drop(gone)
    return gone


async def forget_words(space: Space, *, shop: Workshop) -> None:
    """Take out of the draft what was erased. Once that is announced, and not before: from what is
    missing in it then, nobody could tell any more which sentences to take out of the log."""
    data = await shop.whole(DRAFT) if space.replay.erasures else None
    if data is None:
        return
    draft = transcript.decode(data)
    left = await asyncio.to_thread(erased, draft, space.replay.erasures)
    if left != draft:
        await shop.keep(DRAFT, transcript.encode(left))


async def _heard(space: str, log: Log, numbers: frozenset[int]) -> AsyncIterator[int]:
    """The entries in which something of these chunks is, and of those around them: codecs carry
    sound over into the next."""
    near = numbers | {n - 1 for n in numbers} | {n + 1 for n in numbers}
    async for entry in log.read(space, _HEARD):
        try:
            if not near.isdisjoint(_numbers(entry)):
                yield entry.seq
        except BadInput:
            yield entry.seq  # nobody knows what is in it


def _numbers(entry: Entry) -> Iterable[int]:
    match entry.kind:
        case Kind.MIX:
            return (chunk.unpack(entry.data).n,)
        case Kind.STEM:
            return {one.sample // CHUNK_SAMPLES for one in stem.unpack(entry.data).packets}
        case _:
            said = caption.decode(entry.data)
            return range(said.at_ms // CHUNK_MS, said.end_ms // CHUNK_MS + 1)


def _older(name: str, space: Space) -> bool:
    if not name.startswith("versions/"):
        return False
    number = name.split("/")[1]
    return number.isdigit() and int(number) <= space.version


def numbers_of(index: Index, slots: Iterable[int]) -> frozenset[int]:
    """The programme's numbers of some slots of the recording."""
    live = [n for first, end in Reel(index.runs).spans() for n in range(first, end)]
    return frozenset(live[slot] for slot in slots if slot < len(live))
