"""Hosts' own hold sounds on this stage process: fetched from the store once, kept while in use.

Nothing waits for a sound: until it is there, and whenever the store does not answer, the built-in
one is heard. The fetch runs beside the tick, piece by piece; what is kept is read without decoding
(see `formats.wav`).
"""

from __future__ import annotations

import asyncio
import logging
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.audio.hold import HoldSound
from hustings.config import Settings
from hustings.errors import BadInput, ConfigError, StoreError
from hustings.formats import wav
from hustings.stage.programme import ProgrammeFeed
from hustings.store import layout

log = logging.getLogger("hustings.stage")

Pcm = NDArray[np.int16]


class Sounds:
    """The sounds of one process, shared by the spaces that play them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: WeakValueDictionary[str, Pcm] = WeakValueDictionary()
        self._turn = asyncio.Lock()

    async def get(self, sound: str) -> Pcm:
        """The samples of a sound. Raises `StoreError` while it cannot be had, `BadInput` when it
        is none."""
        async with self._turn:
            pcm = self._kept.get(sound)
            if pcm is None:
                pcm = self._kept[sound] = np.frombuffer(
                    wav.samples(await self._fetch(layout.sound(sound))), "<i2"
                )
            return pcm

    async def _fetch(self, path: str) -> bytearray:
        from hustings.store.objects import Objects  # a stage without such a sound needs no store

        objects = Objects.open(self._settings)
        size = await objects.size(path)
        if size is None:
            raise StoreError(f"{path}: is not in the store")
        if size + sum(2 * len(kept) for kept in self._kept.values()) > limits.HOLD_SOUNDS_BYTES:
            raise StoreError(f"{path}: this stage holds too many hold sounds")
        data = bytearray(size)
        for at in range(0, size, limits.HOLD_READ_BYTES):
            # Small pieces: what is copied at once is copied beside the tick.
            data[at : at + limits.HOLD_READ_BYTES] = await objects.get(
                path, at, min(size, at + limits.HOLD_READ_BYTES)
            )
        return data


class Holding:
    """The hold sound of one space, as its programme is to play it."""

    def __init__(self, sounds: Sounds, space: str) -> None:
        self._sounds = sounds
        self._space = space
        self._wanted = ""
        self._fetching: asyncio.Task[None] | None = None

    def want(self, sound: str, programme: ProgrammeFeed, group: asyncio.TaskGroup) -> None:
        """Play the sound of this id as soon as it is there; "" is the built-in one."""
        if sound == self._wanted:
            return
        self._wanted = sound
        self.close()
        if sound:
            self._fetching = group.create_task(self._fetch(sound, programme))
        else:
            programme.hold_with(HoldSound())

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._fetching is not None:
            self._fetching.cancel()

    async def _fetch(self, sound: str, programme: ProgrammeFeed) -> None:
        while True:
            try:
                async with asyncio.timeout(limits.HOLD_FETCH_S):
                    programme.hold_with(HoldSound(await self._sounds.get(sound)))
                return
            except (StoreError, ConfigError, BadInput, OSError) as error:
                log.warning("space %s: its hold sound is not there: %s", self._space, error)
            await asyncio.sleep(limits.HOLD_AGAIN_S)
