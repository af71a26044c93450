"""Hold sounds that hosts bring: checked, made into a loop, kept in the store.

What was sent is never served: a child reads it, and what it makes of it is a WAV file of one kind,
which browsers play and the stage reads. A sound's id is the SHA-256 of what was sent, so the same
one is kept once and its address never changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np

from hustings import limits
from hustings.errors import StoreError
from hustings.quota import Policy, Quotas
from hustings.store import layout
from hustings.store.objects import Objects
from hustings.web.problem import Problem

BUILT_IN: Final = "built-in"
_MAKER: Final = "hustings.web.holding.making"
_ID: Final = re.compile(f"[0-9a-f]{{{limits.PICTURE_ID_CHARS}}}")
_NO_STORE: Final = "Sounds cannot be kept right now. Try again in a moment."
_HEAVY: Final = f"This sound is too large: at most {limits.SOUND_BYTES // 1024**2} MB."
_BUSY: Final = "Other sounds are being made at this moment. Try again in a moment."
_MANY: Final = f"At most {limits.SOUNDS_DAY_COUNT} hold sounds a day can be sent."
EACH: Final = Policy(name="sounds", count=limits.SOUNDS_DAY_COUNT, window_s=86_400)
_WHY: Final = {
    "kind": "This is no sound that can be read. Send a WAV, MP3, M4A, Ogg or FLAC file.",
    "length": f"A hold sound is {limits.SOUND_S_MIN} second to {limits.SOUND_S_MAX // 60} minutes "
    "long.",
    "silent": "There is nothing to be heard in this sound.",
}


class Sounds:
    """The hold sounds of this installation, in the object store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._turn = asyncio.Lock()  # making one takes a core and some hundred megabytes
        self._waiting = 0  # each with its file in memory
        self._quotas = Quotas()

    async def take(self, data: bytes, *, by: str) -> str:
        """Keep the sound that an account sent, and return its id.

        Raises `Problem` (413, 422, 429, 503) with a sentence when it is none, too large, one of too
        many, or has to wait behind too many others.
        """
        if len(data) > limits.SOUND_BYTES:
            raise Problem(413, "too-large", _HEAVY)
        sound = hashlib.sha256(data).hexdigest()[: limits.PICTURE_ID_CHARS]
        if await self.exists(sound):
            return sound
        if self._waiting >= limits.SOUNDS_WAITING_COUNT:
            raise Problem(503, "busy", _BUSY, retry_s=10)
        standing = self._quotas.take(EACH, by, now_s=time.monotonic())
        if standing.refused:
            raise Problem(429, "rate", _MANY, retry_s=standing.reset_s)
        self._waiting += 1
        try:
            await self._keep(sound, data)
        finally:
            self._waiting -= 1
        return sound

    async def _keep(self, sound: str, data: bytes) -> None:
        async with self._turn:
            with tempfile.TemporaryDirectory(prefix="hustings-sound-") as folder:
                source, target = Path(folder) / "sent", Path(folder) / "made.wav"
                await asyncio.to_thread(source.write_bytes, data)
                if why := await _made(source, target):
                    raise Problem(422, "sound", why)
                try:
                    await self._objects.put(layout.sound(sound), target)
                except StoreError:
                    raise Problem(503, "store-away", _NO_STORE, retry_s=5) from None

    async def exists(self, sound: str) -> bool:
        """Whether there is a sound of this id."""
        if not _ID.fullmatch(sound):
            return False
        try:
            return bool(await self._objects.size(layout.sound(sound)))
        except StoreError:
            raise Problem(503, "store-away", _NO_STORE, retry_s=5) from None


def path(sound: str) -> str:
    """Where a sound is heard, on the studio; "" is the built-in one."""
    return f"/sounds/{sound or BUILT_IN}.wav"


@functools.cache
def built_in() -> bytes:
    """The built-in hold sound as a file: 0.9 MB."""
    from hustings.audio.hold import loop
    from hustings.formats import wav

    pcm = np.round(loop() * 32767).astype("<i2")
    return wav.head(len(pcm)) + pcm.tobytes()


async def _made(source: Path, target: Path) -> str:
    """Have a child make it; returns why it could not, in a sentence."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _MAKER, str(source), str(target), str(os.getpid())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said = b""
    try:
        async with asyncio.timeout(limits.SOUND_MAKE_S):
            said, _ = await child.communicate()
    except TimeoutError:
        pass
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    word = said.decode(errors="replace").strip()
    return "" if word == "made" and child.returncode == 0 else _WHY.get(word, _WHY["kind"])
