"""Screenshots: for a look after a test, and with HUSTINGS_SCREENSHOTS set, for docs/images."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

DOCS = Path(__file__).parents[2] / "docs" / "images"
SMALL_BYTES = 150_000  # above, a picture of the docs is reduced to a palette
COLOURS = 256


class Album:
    """The pictures of one walk; `folder` keeps them for a look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def take(self, page: Page, name: str) -> None:
        """What a page shows, once nothing moves on it any more."""
        path = self._folder / f"{name}.png"
        await page.screenshot(path=path, animations="disabled")
        if os.environ.get("HUSTINGS_SCREENSHOTS"):
            DOCS.mkdir(exist_ok=True)
            publish(path, DOCS / path.name)


def publish(path: Path, target: Path) -> None:
    """A copy of a picture, small enough for a repository."""
    with Image.open(path) as picture:
        whole = picture.convert("RGB")
        if path.stat().st_size > SMALL_BYTES:
            whole = whole.quantize(COLOURS, dither=Image.Dither.NONE)
        whole.save(target, optimize=True)
