"""The label: what players show of a recording besides its sound, in the two files' own terms.

Loudness stands in it so that a player can play recordings of different evenings equally loud:
ReplayGain counts from -18 LUFS, the comment of Ogg Opus (RFC 7845 section 5.2.1) from -23 LUFS in
steps of 1/256 dB.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hustings import __version__
from hustings.archive.chapters import Chapter
from hustings.audio.loudness import QUIET_LUFS, Loudness
from hustings.formats import m4a
from hustings.space import Space

MADE_BY: Final = f"hustings {__version__}"
_REPLAY_GAIN_LUFS: Final = -18.0
_R128_LUFS: Final = -23.0
_Q8: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """`date` is a day or empty, `address` where the recording is at home, `picture` a JPEG."""

    title: str
    artist: str = ""
    series: str = ""
    date: str = ""
    address: str = ""
    description: str = ""
    picture: bytes = b""
    chapters: Sequence[Chapter] = ()
    loudness: Loudness = field(default_factory=Loudness)

    @classmethod
    def of(
        cls,
        space: Space,
        *,
        address: str,
        picture: bytes,
        chapters: Sequence[Chapter],
        loudness: Loudness,
    ) -> Label:
        """The label of a space's recording."""
        return cls(
            title=space.title,
            artist=space.host,
            date=day(space.live_at_ms),
            address=address,
            description=space.description,
            picture=picture,
            chapters=chapters,
            loudness=loudness,
        )

    def items(self) -> bytes:
        """The items of the MP4 file's list."""
        texts = (
            (b"\xa9nam", self.title),
            (b"\xa9ART", self.artist),
            (b"aART", self.artist),
            (b"\xa9alb", self.series),
            (b"\xa9day", self.date),
            (b"\xa9cmt", self.address),
            (b"desc", self.description),
            (b"ldes", self.description),
            (b"\xa9too", MADE_BY),
        )
        out = [m4a.item(kind, text) for kind, text in texts if text]
        if self._measured:
            gain_db = _REPLAY_GAIN_LUFS - self.loudness.integrated_lufs
            peak = 10 ** (self.loudness.true_peak_dbtp / 20)
            out.append(m4a.named("replaygain_track_gain", f"{gain_db:.2f} dB"))
            out.append(m4a.named("replaygain_track_peak", f"{peak:.6f}"))
        if self.picture:
            out.append(m4a.picture(self.picture))
        return b"".join(out)

    def comments(self) -> list[tuple[str, str]]:
        """The comments of the Ogg file."""
        texts = [
            ("TITLE", self.title),
            ("ARTIST", self.artist),
            ("ALBUM", self.series),
            ("DATE", self.date),
            ("CONTACT", self.address),
            ("DESCRIPTION", self.description),
        ]
        if self._measured:
            gain = round((_R128_LUFS - self.loudness.integrated_lufs) * _Q8)
            texts.append(("R128_TRACK_GAIN", str(max(-32768, min(32767, gain)))))
        for number, chapter in enumerate(self.chapters):
            texts.append((f"CHAPTER{number:03}", _clock(chapter.start_ms)))
            texts.append((f"CHAPTER{number:03}NAME", chapter.title))
        return [one for one in texts if one[1]]

    @property
    def _measured(self) -> bool:
        return self.loudness.integrated_lufs > QUIET_LUFS


def day(at_ms: int | None) -> str:
    """The day of a moment (Unix milliseconds) in UTC; empty if it is none."""
    if not at_ms:
        return ""
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).date().isoformat()


def _clock(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
