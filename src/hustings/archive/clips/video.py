"""The clip's video: H.264 of 25 frames a second beside the copied sound, and subtitles, in MP4.

A slot is eight frames, so sound and picture end at one instant. Pictures are kept as the encoder
wants them (BT.709, 4:2:0): what moves is converted when it changes, a few times a second, and a
frame costs little more than its encoding. One thread: the stage has the other cores.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import OutputContainer
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from hustings.archive import splice
from hustings.archive.clips.ink import Canvas
from hustings.archive.clips.looks import Box
from hustings.archive.clips.said import Sentence
from hustings.archive.clips.scene import Moment, Scene
from hustings.chunk import AAC_FRAME_SAMPLES, SILENT_AAC_FRAME
from hustings.clock import CHUNK_MS, SAMPLE_RATE
from hustings.formats import m4a

FRAMES_PER_S: Final = 25
FRAMES_PER_SLOT: Final = FRAMES_PER_S * CHUNK_MS // 1000
_TICK: Final = Fraction(1, FRAMES_PER_S)
_SAMPLE: Final = Fraction(1, SAMPLE_RATE)
_MS: Final = Fraction(1, 1000)
_OPTIONS: Final[dict[str, object]] = {
    "preset": "veryfast",
    "tune": "stillimage",
    "crf": "20",
    "bf": "0",
}
_KEYFRAMES: Final = 4 * FRAMES_PER_S  # apart at most: where a player can jump to
_BT709: Final = 1  # the same number for primaries, transfer and matrix (ITU-T H.273)
_LIMITED: Final = 1  # black is 16 and white 235
# Red, green and blue to brightness and the two differences of colour (ITU-R BT.709).
_MATRIX: Final = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]],
    np.float32,
)
_SCALE: Final = np.array([219 / 255, 224 / 255, 224 / 255], np.float32)
_TRACK: Final = (_MATRIX * _SCALE[:, None]).T
_ZERO: Final = np.array([16, 128, 128], np.float32)
# What the description of the subtitles is made of (the head of an .ass file).
_STYLE: Final = b"""[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

Progress = Callable[[float], None]
Plane = NDArray[np.uint8]


class Picture:
    """A picture as brightness and two differences of colour, these at half the resolution."""

    def __init__(self, width: int, height: int) -> None:
        self.data: Plane = np.empty((height * 3 // 2, width), np.uint8)
        small = height // 4, height // 2, width // 2
        self._planes = (
            self.data[:height],
            self.data[height : height + small[0]].reshape(small[1:]),
            self.data[height + small[0] :].reshape(small[1:]),
        )

    @classmethod
    def of(cls, canvas: Canvas) -> Picture:
        """A drawn picture. Its width is even, its height a multiple of four."""
        pixels = canvas.pixels
        made = cls(pixels.shape[1], pixels.shape[0])
        parts = pixels.astype(np.float32) @ _TRACK + _ZERO
        made._planes[0][:] = np.rint(parts[..., 0])
        for number in (1, 2):
            one = parts[..., number]
            small = (one[::2, ::2] + one[1::2, ::2] + one[::2, 1::2] + one[1::2, 1::2]) / 4
            made._planes[number][:] = np.rint(small)
        return made

    def paste(self, other: Picture, at: Box, columns: tuple[int, int] | None = None) -> None:
        """Another picture at a place, or some of its columns. All numbers are even."""
        left, right = columns or (0, at.width)
        for scale, ours, theirs in zip((1, 2, 2), self._planes, other._planes, strict=True):
            rows = slice(at.y // scale, at.end // scale)
            x = at.x // scale
            ours[rows, x + left // scale : x + right // scale] = theirs[
                :, left // scale : right // scale
            ]


def write(
    path: Path,
    scene: Scene,
    *,
    sound: Sequence[bytes],
    levels: NDArray[np.float32],
    sentences: Sequence[Sentence],
    tags: dict[str, str],
    progress: Progress,
) -> None:
    """Write the video. `sound` are the AAC frames with the one before the first; `progress` is
    told the share that is done."""
    count = (len(sound) - 1) * AAC_FRAME_SAMPLES * FRAMES_PER_S // SAMPLE_RATE
    container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
    with container:
        container.metadata.update(tags)
        picture = _picture_stream(container, scene)
        voice = container.add_stream("aac", rate=SAMPLE_RATE)
        voice.layout = "mono"
        voice.time_base = _SAMPLE
        captions = _captions_stream(container) if sentences else None
        if captions is not None:
            _caption(container, captions, sentences, count * 1000 // FRAMES_PER_S)
        given = 0
        for number, pixels in enumerate(frames(scene, levels, count)):
            frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
            frame.pts, frame.time_base = number, _TICK
            container.mux(picture.encode(frame))
            upto = min(len(sound), 2 + (number + 1) * SAMPLE_RATE // FRAMES_PER_S // 1024)
            for place in range(given, upto):
                container.mux_one(_sound_packet(voice, sound[place], place))
            given = upto
            if number % FRAMES_PER_S == 0:
                progress(number / count)
        for place in range(given, len(sound)):
            container.mux_one(_sound_packet(voice, sound[place], place))
        container.mux(picture.encode(None))
    _switch_off_captions(path)
    progress(1.0)


def frames(scene: Scene, levels: NDArray[np.float32], count: int) -> Iterator[Plane]:
    """So many frames. The same array each time, drawn upon."""
    still = scene.still()
    whole = Picture.of(still)
    quiet, loud = (_wave(scene, still, levels, played=played) for played in (False, True))
    box = scene.wave
    whole.paste(quiet, box)
    moments = scene.moments()
    shown: Moment | None = None
    place = played = 0
    for number in range(count):
        at_ms = number * 1000 // FRAMES_PER_S
        while place + 1 < len(moments) and moments[place + 1].at_ms <= at_ms:
            place += 1
        if moments[place] is not shown:
            _show(whole, scene, still, moments[place], shown)
            shown = moments[place]
        upto = round(box.width * (number + 1) / count) // 2 * 2
        if upto > played:
            whole.paste(loud, box, (played, upto))
            played = upto
        yield whole.data


def _show(
    whole: Picture, scene: Scene, still: Canvas, moment: Moment, before: Moment | None
) -> None:
    """Draw what is not as it was before."""
    size = scene.look.width, scene.look.height
    if before is None or before.speaker != moment.speaker:
        box = scene.look.who
        canvas = still.part(0, 0, *size)
        scene.draw_speaker(canvas, moment.speaker)
        whole.paste(Picture.of(canvas.part(box.x, box.y, box.width, box.height)), box)
    if before is None or (before.page, before.said) != (moment.page, moment.said):
        box = scene.look.words
        canvas = still.part(0, 0, *size)
        scene.draw_words(canvas, moment)
        if scene.pages:
            whole.paste(Picture.of(canvas.part(box.x, box.y, box.width, box.height)), box)


def _wave(scene: Scene, still: Canvas, levels: NDArray[np.float32], *, played: bool) -> Picture:
    box = scene.wave
    canvas = still.part(0, 0, scene.look.width, scene.look.height)
    scene.draw_wave(canvas, levels, played=played)
    return Picture.of(canvas.part(box.x, box.y, box.width, box.height))


def _picture_stream(container: OutputContainer, scene: Scene) -> VideoStream:
    stream: VideoStream = container.add_stream("libx264", rate=FRAMES_PER_S)
    stream.width, stream.height = scene.look.width, scene.look.height
    stream.pix_fmt = "yuv420p"
    stream.options = dict(_OPTIONS)
    stream.time_base = _TICK
    context = stream.codec_context
    context.gop_size = _KEYFRAMES
    context.thread_count = 1
    context.color_range = _LIMITED
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    return stream


def _captions_stream(container: OutputContainer) -> SubtitleStream:
    stream: SubtitleStream = container.add_stream("mov_text")
    stream.time_base = _MS
    # The encoder is never used, like that of the sound: it provides the description of the track.
    stream.codec_context.subtitle_header = _STYLE
    return stream


def _caption(
    container: OutputContainer,
    stream: SubtitleStream,
    sentences: Sequence[Sentence],
    end_ms: int,
) -> None:
    """The sentences as 3GPP timed text: of several at once the one that begins last; where nobody
    speaks an empty one, since times of samples have no holes."""
    now_ms = 0
    for place, one in enumerate(sentences):
        following = sentences[place + 1].at_ms if place + 1 < len(sentences) else end_ms
        begin, end = max(now_ms, one.at_ms), min(one.end_ms, following, end_ms)
        if end <= begin:
            continue
        _caption_packet(container, stream, one.text, begin, end)
        now_ms = end


def _switch_off_captions(path: Path) -> None:
    """Leave it to people to switch the subtitles on: the words stand in the picture already. The
    muxer enables the first track of each kind (flags of tkhd: ISO/IEC 14496-12 section 8.3.2)."""
    with path.open("r+b") as file:
        (size,) = struct.unpack(">I", file.read(4))
        file.seek(size)
        (size,) = struct.unpack(">I", file.read(4))
        file.seek(-4, os.SEEK_CUR)
        begin = file.tell()
        moov = file.read(size)
        for track in m4a.boxes(moov, 8):
            if track.kind != b"trak" or b"sbtl" not in moov[track.start : track.end]:
                continue
            head = next(m4a.boxes(moov, track.inside, track.end))
            assert head.kind == b"tkhd", "the muxer writes it first"
            file.seek(begin + head.inside + 3)
            file.write(bytes((moov[head.inside + 3] & ~1,)))


def _caption_packet(
    container: OutputContainer, stream: SubtitleStream, text: str, at_ms: int, end_ms: int
) -> None:
    written = text.encode()
    packet = av.Packet(struct.pack(">H", len(written)) + written)
    packet.stream = stream
    packet.time_base = _MS
    packet.pts = packet.dts = at_ms
    packet.duration = end_ms - at_ms
    packet.is_keyframe = True
    container.mux_one(packet)


def _sound_packet(stream: av.AudioStream, frame: bytes, place: int) -> av.Packet[Any]:
    packet = av.Packet(frame or SILENT_AAC_FRAME)
    packet.stream = stream
    packet.time_base = _SAMPLE
    packet.pts = packet.dts = place * AAC_FRAME_SAMPLES - splice.AAC_PRIMING_SAMPLES
    packet.duration = AAC_FRAME_SAMPLES
    packet.is_keyframe = True
    return packet
