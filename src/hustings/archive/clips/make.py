"""Making a clip: its files from those of the published recording.

    clip.json             what it is, and what is said in it
    audio.m4a             the sound, copied from the replay
    video-<shape>.mp4     the sound with its waveform, the speaker and the words
    card.webp             the preview card

Slow, and for a process of its own: a minute of square video takes some seconds of a core.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from hustings.archive.clips import card, looks, sound, video
from hustings.archive.clips.ink import Canvas
from hustings.archive.clips.looks import LOOKS
from hustings.archive.clips.plan import SHAPES, ClipPlan
from hustings.archive.clips.said import Sentence, sentences
from hustings.archive.clips.scene import Scene, Speaker
from hustings.archive.label import Label
from hustings.formats import transcript as transcripts
from hustings.space.replay import ClipShape

VERSION: Final = 1
_COVER_PIXELS: Final = 800
_PICTURE: Final = "picture.webp"
Progress = Callable[[float], None]


class _Seat(msgspec.Struct, frozen=True):
    id: str
    name: str


class _Event(msgspec.Struct, frozen=True):
    type: str
    at_ms: int
    end_ms: int = 0
    seat: str = ""


class _Timeline(msgspec.Struct, frozen=True):
    """What a clip wants of timeline.json."""

    seats: tuple[_Seat, ...] = ()
    events: tuple[_Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the recording's files say of the clip."""

    sentences: tuple[Sentence, ...]
    speakers: tuple[Speaker, ...]
    language: str
    picture: Path | None


def make(
    clip: ClipPlan,
    source: Path,
    folder: Path,
    *,
    progress: Progress,
    shapes: Sequence[ClipShape] = ("square",),
) -> None:
    """Make a clip's files in `folder` of those of a recording's version in `source`: replay.m4a,
    timeline.json, and where there are transcript.json and picture.webp. `progress` is told the
    share that is done. Raises `BadInput` when the recording has no such stretch.
    """
    wanted = [shape for shape in SHAPES if shape in shapes]
    known = _known(clip, source)
    frames = sound.frames(source / "replay.m4a", clip.first, clip.slots)
    cover = _poster(clip, known)
    label = Label(
        title=clip.title,
        artist=clip.host,
        series=clip.space_title,
        address=clip.address,
        picture=cover.jpeg(_COVER_PIXELS),
    )
    audio = folder / "audio.m4a"
    sound.write(audio, frames, label)
    levels = sound.levels(audio, card.BARS)
    drawn = card.draw(clip, speakers=known.speakers, levels=levels, picture=known.picture)
    (folder / "card.webp").write_bytes(drawn.webp())
    for number, shape in enumerate(wanted):
        scene = _scene(clip, known, shape)
        video.write(
            folder / f"video-{shape}.mp4",
            scene,
            sound=frames,
            levels=sound.levels(audio, scene.bars),
            sentences=known.sentences,
            tags=_tags(clip),
            progress=_shared(progress, number, len(wanted)),
        )
    (folder / "clip.json").write_bytes(_document(clip, known, wanted))
    progress(1.0)


def _shared(progress: Progress, place: int, count: int) -> Progress:
    """Of several things, one after the other, the share that all are done when one is."""
    return lambda share: progress((place + share) / count)


def _known(clip: ClipPlan, source: Path) -> _Known:
    said: tuple[Sentence, ...] = ()
    language = clip.language
    if (path := source / "transcript.json").exists():
        transcript = transcripts.decode(path.read_bytes())
        said = sentences(transcript, clip.from_ms, clip.to_ms)
        language = transcript.language or language
    picture = source / _PICTURE
    return _Known(
        sentences=said,
        speakers=_speakers(clip, source / "timeline.json", said),
        language=language,
        picture=picture if picture.exists() else None,
    )


def _speakers(clip: ClipPlan, path: Path, said: Sequence[Sentence]) -> tuple[Speaker, ...]:
    """Who begins to speak, and when: as the transcript says, without one as the stage heard it."""
    timeline = _timelines.decode(path.read_bytes())
    spoke = [one for one in timeline.events if one.type == "spoke"]
    colours = _colours(timeline.seats, spoke)
    if said:
        turns = [(one.at_ms, one.seat, one.name) for one in said]
    else:
        names = {seat.id: seat.name for seat in timeline.seats}
        turns = [
            (max(0, one.at_ms - clip.from_ms), one.seat, names.get(one.seat, ""))
            for one in spoke
            if one.at_ms < clip.to_ms and one.end_ms > clip.from_ms
        ]
    changes: list[Speaker] = []
    for at_ms, seat, name in turns:
        if not changes or changes[-1].seat != seat:
            changes.append(Speaker(at_ms, seat, name, colours.get(seat, 0)))
    return tuple(changes)


def _colours(seats: Sequence[_Seat], spoke: Sequence[_Event]) -> dict[str, int]:
    """Colours by seat: who says most of the whole recording has the first, as on its page."""
    talked = dict.fromkeys((seat.id for seat in seats), 0)
    for one in spoke:
        if one.seat in talked:
            talked[one.seat] += one.end_ms - one.at_ms
    order = sorted(talked, key=lambda seat: -talked[seat])
    return {seat: 1 + place % (len(looks.SEATS) - 1) for place, seat in enumerate(order)}


def _scene(clip: ClipPlan, known: _Known, shape: ClipShape) -> Scene:
    return Scene(
        clip,
        LOOKS[shape],
        sentences=known.sentences,
        speakers=known.speakers,
        picture=known.picture,
    )


def _poster(clip: ClipPlan, known: _Known) -> Canvas:
    """The square picture before anything is said."""
    scene = _scene(clip, known, "square")
    canvas = scene.still()
    first = scene.moments()[0]
    scene.draw_speaker(canvas, first.speaker)
    return canvas


def _tags(clip: ClipPlan) -> dict[str, str]:
    tags = {
        "title": clip.title,
        "artist": clip.host,
        "album": clip.space_title,
        "comment": clip.address,
    }
    return {name: text for name, text in tags.items() if text}


def _document(clip: ClipPlan, known: _Known, shapes: Sequence[ClipShape]) -> bytes:
    whole = {
        "version": VERSION,
        "id": clip.id,
        "space": clip.space,
        "title": clip.title,
        "at_ms": clip.from_ms,
        "duration_ms": clip.duration_ms,
        "made_at_ms": clip.made_at_ms,
        "language": known.language,
        "shapes": list(shapes),
        "text": " ".join(one.text for one in known.sentences),
        "cues": [
            {
                "id": one.id,
                "at_ms": one.at_ms,
                "end_ms": one.end_ms,
                "seat": one.seat,
                "name": one.name,
                "text": one.text,
            }
            for one in known.sentences
        ],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


_timelines = msgspec.json.Decoder(_Timeline)
