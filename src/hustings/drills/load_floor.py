"""What all visitors of one load worker share: plan, loop, dice, tallies, and what was heard."""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from hustings.drills import load_wire
from hustings.drills.load_fetching import Playlist
from hustings.drills.load_loop import Loop
from hustings.drills.load_news import Messages
from hustings.drills.load_plan import OPEN, Plan
from hustings.drills.load_reading import Library
from hustings.drills.load_report import Promotion, Tally
from hustings.drills.load_wire import Place

_PAGES: Final = 64  # different ones that are remembered
_STATE: Final = re.compile(rb'<script type="application/json" id="door">(.*?)</script>', re.DOTALL)


class Floor:
    """`rungs` counts where the visitors are now; `promotions` are those not yet reported."""

    def __init__(self, plan: Plan, loop: Loop) -> None:
        self.plan = plan
        self.loop = loop
        self.dice = random.Random(plan.seed * 1_000 + plan.worker)  # noqa: S311 - spreads load
        self.tallies = {"healthy": Tally()}
        if plan.slow:
            self.tallies["slow"] = Tally()
        if plan.stalled:
            self.tallies["stalled"] = Tally()
        self.rungs: Counter[str] = Counter()
        self.libraries = {codec: Library(codec) for codec in ("opus", "aac")}
        self.messages = Messages()
        self.promotions: list[Promotion] = []
        self.begins_s = 0.0
        self._pages: dict[bytes, bool] = {}
        self._playlist: tuple[bytes, Playlist] | None = None
        self._places: dict[str, Place] = {}
        self.home = self.place(plan.url)

    def place(self, url: str) -> Place:
        """Where a URL leads; looked up once."""
        known = self._places.get(url)
        if known is None:
            known = self._places[url] = load_wire.place(url, insecure=self.plan.insecure)
        return known

    def playlist(self, text: bytes, read: Callable[[bytes], Playlist]) -> Playlist:
        """A playlist, read once for all who get it."""
        if self._playlist is None or self._playlist[0] != text:
            self._playlist = text, read(text)
        return self._playlist[1]

    def is_true(self, page: bytes) -> bool:
        """Whether a page is this space's and says that it is open; judged once for all."""
        known = self._pages.get(page)
        if known is None:
            text = gzip.decompress(page) if page.startswith(b"\x1f\x8b") else page
            found = _STATE.search(text)
            state = json.loads(found[1]) if found else {}
            known = state.get("space") == self.plan.space and state.get("status") in OPEN
            self._pages[page] = known
            if len(self._pages) > _PAGES:
                del self._pages[next(iter(self._pages))]
        return known

    def slot(self) -> int:
        """Tenths of a second since the start."""
        return int((time.monotonic() - self.begins_s) * 10)

    def request(
        self,
        method: str,
        target: str,
        where: Place,
        *,
        body: bytes = b"",
        fields: Mapping[str, str] | None = None,
    ) -> bytes:
        """A request's bytes."""
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {where.authority}",
            "User-Agent: hustings-load",
        ]
        if body:
            lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
        return "\r\n".join((*lines, "", "")).encode() + body
