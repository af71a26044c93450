"""Screenshots: for a look after a test, and with HUSTINGS_SCREENSHOTS set, for docs/images."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

DOCS = Path(__file__).parents[2] / "docs" / "images"
SHOWN = frozenset(
    {
        "desk-hands-phone",
        "desk-live",
        "desk-live-phone",
        "desk-warning",
        "green-room-phone",
        "listen-live",
        "listen-live-phone",
        "listen-poll-phone",
        "listen-replay-phone",
        "listen-scheduled-phone",
        "moderation-phone",
        "new-space",
        "speaker-live-phone",
        "take-seat-phone",
        "unplugged-phone",
    }
)
SMALL_BYTES = 150_000  # above, a picture of the docs is reduced to a palette
COLOURS = 256


class Album:
    """The pictures of one walk; `folder` keeps them for a look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def take(self, page: Page, name: str, *, top: bool = False) -> None:
        """What a page shows; with `top` its beginning, wherever somebody has scrolled to."""
        if top:
            await page.evaluate("scrollTo(0, 0)")
        path = self._folder / f"{name}.png"
        await page.screenshot(path=path, animations="disabled")
        if name in SHOWN and os.environ.get("HUSTINGS_SCREENSHOTS"):
            DOCS.mkdir(exist_ok=True)
            publish(path, DOCS / path.name)


def publish(path: Path, target: Path) -> None:
    """A copy of a picture, small enough for a repository."""
    if path.stat().st_size <= SMALL_BYTES:
        shutil.copy(path, target)
        return
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(target, optimize=True)
