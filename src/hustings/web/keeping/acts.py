"""What pages and API do with the links to a private recording alike. Each is noted in the audit
log, for whom it is."""

from __future__ import annotations

from typing import Final

from hustings.errors import StoreError
from hustings.space import Refusal
from hustings.web import studio as studios
from hustings.web.keeping.links import Given
from hustings.web.problem import Problem
from hustings.web.room import deeds
from hustings.web.standing import Standing
from hustings.web.studio import Studio

_AWAY: Final = "The recordings cannot be reached right now. Try again in a moment."
_PUBLIC: Final = "Everybody who has its address may listen to this recording: it needs no link."


def away() -> Problem:
    """The store does not answer."""
    return Problem(503, "store-away", _AWAY, retry_s=5)


def needed(asker: Standing) -> bool:
    """Whether there is a recording that takes a link."""
    space = asker.space
    return space.private and space.recording_ready and not space.gone


async def links(studio: Studio, asker: Standing) -> list[Given]:
    """The links that work, the newest first. `StoreError` while the store is away."""
    if not needed(asker):
        return []
    return await studio.links.all(asker.space.id, now_ms=studios.now_ms())


async def give(studio: Studio, asker: Standing, name: str) -> Given | Refusal:
    """Make a link for somebody."""
    if not asker.space.private:
        return Refusal("public", _PUBLIC)
    try:
        made = await studio.links.make(
            asker.space.id, name=name, by=asker.by, now_ms=studios.now_ms()
        )
    except StoreError:
        raise away() from None
    if not isinstance(made, Refusal):
        await deeds.note(studio, asker, "link.made", f"space:{asker.space.id}", snapshot=name)
    return made


async def end(studio: Studio, asker: Standing, link: str) -> bool:
    """Have a link work no more; whether there was one."""
    try:
        name = await studio.links.end(asker.space.id, link)
    except StoreError:
        raise away() from None
    if name is None:
        return False
    await deeds.note(studio, asker, "link.ended", f"space:{asker.space.id}", snapshot=name)
    return True


def address(studio: Studio, given: Given) -> str:
    """What a link is: the address of the recording with the ticket of whoever it is for."""
    return (
        f"{studio.settings.public_url('listen')}/live/{given.space}/replay.m4a?ticket={given.token}"
    )
