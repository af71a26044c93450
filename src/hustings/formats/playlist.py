"""Media playlists of HTTP Live Streaming (RFC 8216bis, draft-pantos-hls-rfc8216bis). Pure.

    head        what stands before the segments
    entry       one segment: its parts, its length, its address
    parts       the segment in the making: only parts, and the hint of the next one
    END         nothing follows

A playlist is these texts in a row. Addresses are relative to the playlist's own. Lengths are whole
milliseconds here and decimal seconds in the text. Dates are given as text (ISO 8601, milliseconds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

MIME: Final = "application/vnd.apple.mpegurl"
END: Final = "#EXT-X-ENDLIST\n"

# Delta updates need version 9 (section 8), everything else less.
VERSION: Final = 9

Kind: TypeAlias = Literal["EVENT", "VOD"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A partial segment, of independent frames as all of ours. `gap`: it is not there."""

    uri: str
    ms: int
    gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment. `date` is when it was heard, "" to leave it out; `breaks`: its time stamps do not
    continue those of the segment before."""

    uri: str
    ms: int
    date: str = ""
    gap: bool = False
    breaks: bool = False
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the server offers and asks for (sections 4.4.3.8 and 4.4.3.7). 0: not offered."""

    target_s: int
    hold_back_ms: int = 0
    skip_until_ms: int = 0
    part_ms: int = 0
    part_hold_back_ms: int = 0
    blocks: bool = False


def head(
    control: Control, *, sequence: int, map_uri: str, kind: Kind | None = None, skipped: int = 0
) -> str:
    """The tags before the segments. `sequence` is the number of the first segment, of one that is
    `skipped` where the visitor has the oldest already (section 6.2.5.1)."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{control.target_s}",
    ]
    if offers := _offers(control):
        lines.append(f"#EXT-X-SERVER-CONTROL:{offers}")
    if control.part_ms:
        lines.append(f"#EXT-X-PART-INF:PART-TARGET={seconds(control.part_ms)}")
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{sequence}")
    if kind is not None:
        lines.append(f"#EXT-X-PLAYLIST-TYPE:{kind}")
    lines.append(f'#EXT-X-MAP:URI="{map_uri}"')
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    return "\n".join(lines) + "\n"


def entry(segment: Segment) -> str:
    """A segment with its tags."""
    lines = ["#EXT-X-DISCONTINUITY"] if segment.breaks else []
    if segment.date:
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{segment.date}")
    lines += [_part(part) for part in segment.parts]
    if segment.gap:
        lines.append("#EXT-X-GAP")
    lines += [f"#EXTINF:{seconds(segment.ms)},", segment.uri]
    return "\n".join(lines) + "\n"


def parts(listed: Sequence[Part], *, date: str = "", hint: str = "") -> str:
    """The parts of the segment that is not finished, and the address of the next part."""
    lines = [f"#EXT-X-PROGRAM-DATE-TIME:{date}"] if listed and date else []
    lines += [_part(part) for part in listed]
    if hint:
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{hint}"')
    return "".join(f"{line}\n" for line in lines)


def seconds(ms: int) -> str:
    """Milliseconds as decimal seconds, as short as they can be written."""
    whole, rest = divmod(ms, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".")


def _part(part: Part) -> str:
    state = "GAP=YES" if part.gap else "INDEPENDENT=YES"
    return f'#EXT-X-PART:DURATION={seconds(part.ms)},URI="{part.uri}",{state}'


def _offers(control: Control) -> str:
    offers = ["CAN-BLOCK-RELOAD=YES"] if control.blocks else []
    for name, ms in (
        ("CAN-SKIP-UNTIL", control.skip_until_ms),
        ("HOLD-BACK", control.hold_back_ms),
        ("PART-HOLD-BACK", control.part_hold_back_ms),
    ):
        if ms:
            offers.append(f"{name}={seconds(ms)}")
    return ",".join(offers)
