"""What is left of a recording whose time is over: what was decided, and the receipts that were
announced. Whatever is made or stored of it afterwards, by work that was under way, goes as well.
"""

from __future__ import annotations

import hashlib
from typing import Final

from hustings.space import Space
from hustings.store import layout
from hustings.store.objects import Objects

_LEFT: Final = ("events.json", "receipt.json", "receipts/")


async def delete(space: Space, objects: Objects) -> None:
    """Delete everything else. What is done twice is done once."""
    folder = layout.folder(space.id)
    for path in await objects.list(folder):
        if not path.removeprefix(folder).startswith(_LEFT):
            await objects.delete(path)
    for path in await objects.list(layout.links(space.id)):
        await objects.delete(path)
    await _announced(space, objects)


async def _announced(space: Space, objects: Objects) -> None:
    """Let the newest receipt be the one that was announced: another may have been signed since."""
    newest = await objects.whole(layout.receipt(space.id))
    if newest is None or _sha256(newest) == space.receipt_sha256:
        return
    number = space.replay.revision
    announced = await objects.whole(layout.receipt_number(space.id, number))
    if announced is None or _sha256(announced) != space.receipt_sha256:
        return
    await objects.put(layout.receipt(space.id), announced)
    folder = layout.receipt_number(space.id, 1).rpartition("/")[0] + "/"
    for path in await objects.list(folder):
        name = path.removeprefix(folder).removesuffix(".json")
        if name.isdigit() and int(name) > number:
            await objects.delete(path)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
