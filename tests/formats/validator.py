"""A small judge of media playlists: the rules of RFC 8216bis that ours could break, read from text.

listing = parse(text)          what the playlist says
problems(listing)              rules of one playlist that it breaks
broken_promises(old, new)      rules between two versions of one playlist
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]+)(?:,|$)')


@dataclass
class Part:
    uri: str
    seconds: float
    gap: bool
    independent: bool


@dataclass
class Segment:
    uri: str
    seconds: float
    sequence: int
    parts: list[Part]
    date: datetime | None
    gap: bool
    breaks: bool


@dataclass
class Listing:
    """A playlist as read. `skipped` segments are not in `segments`; `rest` are the parts of the one
    in the making."""

    version: int = 1
    target: int = 0
    sequence: int = 0
    kind: str = ""
    ended: bool = False
    map_uri: str = ""
    skipped: int = 0
    part_target: float | None = None
    control: dict[str, str] = field(default_factory=dict)
    hints: list[dict[str, str]] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    rest: list[Part] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long what is listed lasts, without what is skipped."""
        return sum(s.seconds for s in self.segments) + sum(p.seconds for p in self.rest)

    @property
    def last(self) -> int:
        """The sequence number of the last whole segment."""
        return self.sequence + self.skipped + len(self.segments) - 1


def parse(text: str) -> Listing:
    """What a playlist says."""
    lines = text.split("\n")
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "", "the last line is ended too"
    made = Listing()
    pending: dict[str, Any] = {}
    for line in lines[1:-1]:
        tag, _, value = line.partition(":")
        if tag in _HEAD:
            _HEAD[tag](made, value)
            continue
        match tag:
            case "#EXT-X-PROGRAM-DATE-TIME":
                pending["date"] = datetime.fromisoformat(value)
            case "#EXT-X-DISCONTINUITY":
                pending["breaks"] = True
            case "#EXT-X-GAP":
                pending["gap"] = True
            case "#EXTINF":
                pending["seconds"] = float(value.rstrip(","))
            case "#EXT-X-PART":
                made.rest.append(_part(attributes(value)))
            case _ if line.startswith("#EXT"):
                made.unknown.append(line)
            case _ if line and not line.startswith("#"):
                sequence = made.sequence + made.skipped + len(made.segments)
                made.segments.append(_segment(line, sequence, pending, made.rest))
                pending, made.rest = {}, []
    return made


def attributes(text: str) -> dict[str, str]:
    """An attribute list (section 4.2)."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def problems(made: Listing) -> list[str]:
    """The rules of one playlist that are broken, each as a sentence."""
    out = [f"unknown tag {line}" for line in made.unknown]
    if made.version < (9 if made.skipped else 6):
        out.append("the version is too low for what is used")
    out += [
        f"{s.uri} is longer than the target duration"
        for s in made.segments
        if round(s.seconds) > made.target
    ]
    if made.part_target is not None:
        out += _part_problems(made, made.part_target)
    elif made.hints or any(s.parts for s in made.segments):
        out.append("parts without EXT-X-PART-INF")
    out += _control_problems(made)
    if made.ended and (made.hints or made.skipped):
        out.append("an ended playlist hints or skips")
    if not made.map_uri:
        out.append("fragmented MP4 without EXT-X-MAP")
    return out


def broken_promises(old: Listing, new: Listing) -> list[str]:
    """The rules between an older and a newer version that are broken (section 6.2.1)."""
    out = []
    if new.sequence < old.sequence:
        out.append("the media sequence goes back")
    known = {s.sequence: s for s in new.segments}
    for was in old.segments:
        now = known.get(was.sequence)
        if now is None:
            if old.kind == "EVENT" and was.sequence >= new.sequence + new.skipped:
                out.append(f"{was.uri} was taken out")
            continue
        if (was.uri, was.seconds, was.gap, was.breaks) != (
            now.uri,
            now.seconds,
            now.gap,
            now.breaks,
        ):
            out.append(f"{was.uri} has become another")
        if was.date is not None and now.date is not None and was.date != now.date:
            out.append(f"{was.uri} has another date")
    parts = {p.uri: p for s in new.segments for p in s.parts} | {p.uri: p for p in new.rest}
    out += [
        f"{part.uri} has become another" for part in old.rest if parts.get(part.uri, part) != part
    ]
    if old.kind == "EVENT" and new.sequence != old.sequence:
        out.append("an event's beginning was taken out")
    if old.ended:
        out.append("something follows the end")
    return out


def _part(given: dict[str, str]) -> Part:
    return Part(
        given["URI"],
        float(given["DURATION"]),
        given.get("GAP") == "YES",
        given.get("INDEPENDENT") == "YES",
    )


def _segment(uri: str, sequence: int, pending: dict[str, Any], parts: list[Part]) -> Segment:
    return Segment(
        uri,
        pending["seconds"],
        sequence,
        parts,
        pending.get("date"),
        pending.get("gap", False),
        pending.get("breaks", False),
    )


def _part_problems(made: Listing, target: float) -> list[str]:
    out = []
    for segment in made.segments:
        if segment.parts and abs(sum(p.seconds for p in segment.parts) - segment.seconds) > 1e-6:
            out.append(f"{segment.uri} is not as long as its parts")
        if segment.gap and any(not p.gap for p in segment.parts):
            out.append(f"{segment.uri} is a gap and its parts are not")
    for part in [p for s in made.segments for p in s.parts] + made.rest:
        if part.seconds > target:
            out.append(f"{part.uri} is longer than the part target")
        if not part.gap and not part.independent:
            out.append(f"{part.uri} does not say that it is independent")
    behind = 0.0
    for segment in reversed(made.segments):
        if behind > 3 * made.target and segment.parts:
            out.append(f"parts of {segment.uri} are listed for too long")
        near = behind + segment.seconds < 2 * made.target
        if near and not segment.parts and not segment.gap:
            out.append(f"parts of {segment.uri} are missing near the end")
        behind += segment.seconds
    if not made.ended and len(made.hints) != 1:
        out.append("not one preload hint")
    return out


def _control_problems(made: Listing) -> list[str]:
    out = []
    control = {k: float(v) for k, v in made.control.items() if v[0].isdigit()}
    if control.get("CAN-SKIP-UNTIL", 999) < 6 * made.target:
        out.append("CAN-SKIP-UNTIL is below six target durations")
    if control.get("HOLD-BACK", 999) < 3 * made.target:
        out.append("HOLD-BACK is below three target durations")
    if made.part_target is not None:
        if control.get("PART-HOLD-BACK", 0) < 3 * made.part_target:
            out.append("PART-HOLD-BACK is below three parts")
        if made.control.get("CAN-BLOCK-RELOAD") != "YES":
            out.append("parts without blocking reload")
    if made.skipped and made.seconds < control["CAN-SKIP-UNTIL"]:
        out.append("more is skipped than may be")
    return out


def _sets(name: str, read: Callable[[str], Any]) -> Callable[[Listing, str], None]:
    return lambda made, value: setattr(made, name, read(value))


_HEAD: dict[str, Callable[[Listing, str], None]] = {
    "#EXT-X-VERSION": _sets("version", int),
    "#EXT-X-TARGETDURATION": _sets("target", int),
    "#EXT-X-MEDIA-SEQUENCE": _sets("sequence", int),
    "#EXT-X-PLAYLIST-TYPE": _sets("kind", str),
    "#EXT-X-SERVER-CONTROL": _sets("control", attributes),
    "#EXT-X-PART-INF": _sets("part_target", lambda v: float(attributes(v)["PART-TARGET"])),
    "#EXT-X-MAP": _sets("map_uri", lambda v: attributes(v)["URI"]),
    "#EXT-X-SKIP": _sets("skipped", lambda v: int(attributes(v)["SKIPPED-SEGMENTS"])),
    "#EXT-X-PRELOAD-HINT": lambda made, value: made.hints.append(attributes(value)),
    "#EXT-X-ENDLIST": _sets("ended", lambda _: True),
}
