"""Which links to recordings work: asked of the store, and remembered for some seconds."""

from __future__ import annotations

import time
from collections import OrderedDict

from hustings import limits
from hustings.store import layout
from hustings.store.objects import Objects


class Links:
    """The links of all spaces (`store.links`), as this edge knows them."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: OrderedDict[tuple[str, str], tuple[bool, float]] = OrderedDict()

    async def stands(self, space: str, link: str) -> bool:
        """Whether a link has not been ended; `StoreError` when the store does not say."""
        stood, until_s = self._known.get((space, link), (False, 0.0))
        if time.monotonic() < until_s:
            return stood
        stands = await self._objects.size(layout.link(space, link)) is not None
        self._known[space, link] = stands, time.monotonic() + limits.LINK_FRESH_S
        self._known.move_to_end((space, link))
        while len(self._known) > limits.LINKS_KEPT_COUNT:
            self._known.popitem(last=False)
        return stands
