"""The plan of a clip: what is to be made, on the clock of the version that is published. Pure.

A clip is chosen on the clock of the recording as it was first posted, and follows its edits: what
was cut out of the recording is not in the clip either, and of a clip that lay wholly within it
nothing is left. Where something was erased, there is no clip any more at all: it was chosen for
what was said, by somebody who cannot be asked whether the rest still says it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, get_args

from hustings import limits
from hustings.clock import CHUNK_MS
from hustings.space import Space
from hustings.space.cuts import Cuts, widened
from hustings.space.replay import Clip, ClipShape, Erasure

# Of one clip, with the slot that it begins in the middle of. It may have reached over what was cut
# out and has been put back since.
_SLOTS: Final = limits.CLIP_MS // CHUNK_MS + 1
SHAPES: Final[tuple[ClipShape, ...]] = get_args(ClipShape)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPlan:
    """A clip to be made. Times are whole slots on the published version's clock; `address` is the
    clip's page and `made_at_ms` (Unix time) when it was wished for."""

    id: str
    space: str
    title: str
    space_title: str = ""
    host: str = ""
    address: str = ""
    language: str = ""
    from_ms: int
    to_ms: int
    made_at_ms: int = 0

    @property
    def first(self) -> int:
        """The first slot."""
        return self.from_ms // CHUNK_MS

    @property
    def slots(self) -> int:
        """How many slots it has."""
        return self.to_ms // CHUNK_MS - self.first

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.slots * CHUNK_MS


def overlaps(clip: Clip, erasures: Iterable[Erasure]) -> bool:
    """Whether something of the clip was erased, all of it or one voice."""
    first, end = widened(clip.from_ms, clip.to_ms)
    return any(
        low < end and first < high
        for one in erasures
        for low, high in (widened(one.from_ms, one.to_ms),)
    )


def plan(space: Space, cuts: Cuts, *, listen: str) -> tuple[ClipPlan, ...]:
    """The clips that a version has which is cut like this; `listen` is the edges' public address.

    Clips of the space that are not among them have to go.
    """
    plans = (_planned(space, clip, cuts, listen) for clip in space.replay.clips.values())
    return tuple(one for one in plans if one is not None)


def _planned(space: Space, clip: Clip, cuts: Cuts, listen: str) -> ClipPlan | None:
    if overlaps(clip, space.replay.erasures):
        return None
    first, end = widened(clip.from_ms, clip.to_ms)
    kept = [
        (max(first, low), min(end, high)) for low, high in cuts.kept if low < end and first < high
    ]
    if not kept:
        return None
    from_ms = cuts.nearest(kept[0][0] * CHUNK_MS)
    slots = min(sum(high - low for low, high in kept), _SLOTS)
    return ClipPlan(
        id=clip.id,
        space=space.id,
        title=clip.title,
        space_title=space.title,
        host=space.host,
        address=f"{listen}/c/{space.id}/{clip.id}",
        language=space.language,
        from_ms=from_ms,
        to_ms=from_ms + slots * CHUNK_MS,
        made_at_ms=clip.at_ms,
    )
