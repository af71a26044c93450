"""Fragmented MP4 (ISO/IEC 14496-12, CMAF) with one mono sound track: the programme as it is pushed.

    init_segment   ftyp moov                  a constant per codec
    fragment       [emsg] moof mdat           one chunk, decode time absolute since the doors opened
    segment        styp (moof mdat)*          up to six chunks; a logged gap leaves a chunk out

The same bytes serve every listener, who may join at any moof. There is no edit list: codec delay is
in the decode times (see `chunk`). Opus is carried as "Encapsulation of Opus in ISO Base Media File
Format" 0.6.8 says; the encoder's look-ahead of 312 samples stands in `dOps` as PreSkip.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from hustings import chunk
from hustings.clock import SAMPLE_RATE, sample_of
from hustings.formats.boxes import box, full_box

Codec: TypeAlias = Literal["opus", "aac"]
CODECS: Final[tuple[Codec, ...]] = ("opus", "aac")

EVENT_SCHEME: Final = b"urn:hustings:events:2026"
EVENT_VALUE: Final = b"1"

_TRACK: Final = 1
_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED: Final = 0x55C4  # language "und", three letters of five bits
_SYNC_SAMPLE: Final = 0x02000000  # depends on no other sample (section 8.8.3.1)
# AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): AAC-LC, 48 kHz, one channel.
_AAC_CONFIG: Final = b"\x11\x88"
_AAC_BPS_MAX: Final = 192_000
_FRAME_SAMPLES: Final = {"opus": chunk.OPUS_FRAME_SAMPLES, "aac": chunk.AAC_FRAME_SAMPLES}
_OPUS_SILENCE: Final = (chunk.SILENT_OPUS_FRAME,) * chunk.OPUS_FRAMES
_AAC_SILENCE: Final = (chunk.SILENT_AAC_FRAME,) * chunk.AAC_FRAMES


def mime(codec: Codec) -> str:
    """The media type with its codecs parameter (RFC 6381), as MediaSource wants it."""
    return f'audio/mp4; codecs="{"opus" if codec == "opus" else "mp4a.40.2"}"'


def decode_time(codec: Codec, n: int) -> int:
    """Decode time of chunk `n`, in samples at 48 kHz."""
    return chunk.decode_time_opus(n) if codec == "opus" else chunk.decode_time_aac(n)


def init_segment(codec: Codec) -> bytes:
    """`ftyp` and `moov`: what a player needs before the first fragment. Always the same bytes."""
    return _INIT[codec]


def fragment(
    codec: Codec,
    n: int,
    frames: Sequence[bytes],
    *,
    sequence: int | None = None,
    events: bytes | None = None,
) -> bytes:
    """Chunk `n` as `moof` and `mdat`, behind an `emsg` if there are `events`.

    `sequence` is mfhd's number, n + 1 unless given. `events` is the message data of the `emsg`.
    """
    told = b"" if events is None else event_message(n, events)
    head = _moof(codec, n, frames, n + 1 if sequence is None else sequence)
    return told + head + box(b"mdat", *frames)


def silent_fragment(codec: Codec, n: int, *, events: bytes | None = None) -> bytes:
    """Chunk `n` as silence of its full length: what push and plain streams fill a gap with."""
    return fragment(codec, n, _OPUS_SILENCE if codec == "opus" else _AAC_SILENCE, events=events)


def segment(codec: Codec, chunks: Sequence[tuple[int, Sequence[bytes]]]) -> bytes:
    """A segment of numbered chunks. Numbers that are left out are gaps in the decode times."""
    return _STYP + b"".join(fragment(codec, n, frames) for n, frames in chunks)


def event_message(n: int, data: bytes) -> bytes:
    """An `emsg` of version 1 (ISO/IEC 23009-1, 5.10.3.3) that takes effect as chunk `n` begins.

    Its time is programme time, the same for both codecs; its id is the chunk's number.
    """
    return full_box(
        b"emsg",
        1,
        0,
        struct.pack(">IQII", SAMPLE_RATE, sample_of(n), 0, n & 0xFFFFFFFF),
        EVENT_SCHEME + b"\0",
        EVENT_VALUE + b"\0",
        data,
    )


def _moof(codec: Codec, n: int, frames: Sequence[bytes], sequence: int) -> bytes:
    sizes = struct.pack(f">{len(frames)}I", *map(len, frames))
    # The offset of the sound counts from the start of the moof, and the mdat follows at once.
    data_offset = _MOOF_BYTES + len(sizes) + 8
    return box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", sequence & 0xFFFFFFFF)),
        box(
            b"traf",
            # default-base-is-moof, default duration and flags given
            full_box(
                b"tfhd",
                0,
                0x020028,
                struct.pack(">III", _TRACK, _FRAME_SAMPLES[codec], _SYNC_SAMPLE),
            ),
            full_box(b"tfdt", 1, 0, struct.pack(">Q", decode_time(codec, n))),
            # data offset and a size per sample
            full_box(b"trun", 0, 0x000201, struct.pack(">Ii", len(frames), data_offset), sizes),
        ),
    )


def _sample_entry(codec: Codec) -> bytes:
    if codec == "opus":
        kind = b"Opus"
        config = box(
            b"dOps",
            struct.pack(">BBHIhB", 0, 1, chunk.OPUS_LOOKAHEAD_SAMPLES, SAMPLE_RATE, 0, 0),
        )
    else:
        kind = b"mp4a"
        config = full_box(b"esds", 0, 0, _elementary_stream())
    fixed = struct.pack(">6xHIIHHHHI", 1, 0, 0, 1, 16, 0, 0, SAMPLE_RATE << 16)
    return box(kind, fixed, config)


def _elementary_stream() -> bytes:
    # ISO/IEC 14496-1, 7.2.6: ES_Descriptor > DecoderConfigDescriptor > DecoderSpecificInfo.
    # The bit rate is a setting of the stage and this header a constant, so it names the setting's
    # bound as the maximum, and no average (0, which 7.2.6.6.2 has for a variable rate).
    specific = _descriptor(5, _AAC_CONFIG)
    rates = struct.pack(">BB3xII", 0x40, 0x15, _AAC_BPS_MAX, 0)
    config = _descriptor(4, rates + specific)
    return _descriptor(3, struct.pack(">HB", _TRACK, 0) + config + _descriptor(6, b"\x02"))


def _descriptor(tag: int, data: bytes) -> bytes:
    return bytes((tag, len(data))) + data


def _moov(codec: Codec) -> bytes:
    empty_table = bytes(4)
    sample_table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), _sample_entry(codec)),
        full_box(b"stts", 0, 0, empty_table),
        full_box(b"stsc", 0, 0, empty_table),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, empty_table),
    )
    here = full_box(b"url ", 0, 1)  # the sound is in this very stream
    media_info = box(
        b"minf",
        full_box(b"smhd", 0, 0, bytes(4)),
        box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), here)),
        sample_table,
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, SAMPLE_RATE, 0, _UNDETERMINED, 0)),
        full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"soun"), b"programme\0"),
        media_info,
    )
    track_header = full_box(
        b"tkhd",
        0,
        3,
        struct.pack(">IIIII8xhhH2x", 0, 0, _TRACK, 0, 0, 0, 0, 0x100),
        _MATRIX,
        bytes(8),
    )
    movie_header = full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">IIIIIH10x", 0, 0, SAMPLE_RATE, 0, 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", _TRACK + 1),
    )
    defaults = full_box(
        b"trex", 0, 0, struct.pack(">IIIII", _TRACK, 1, _FRAME_SAMPLES[codec], 0, _SYNC_SAMPLE)
    )
    return box(b"moov", movie_header, box(b"trak", track_header, media), box(b"mvex", defaults))


# moof 8, mfhd 16, traf 8, tfhd 24, tfdt 20, trun 20 and a size per sample.
_MOOF_BYTES: Final = 96
_INIT: Final[dict[Codec, bytes]] = {
    codec: box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41dash") + _moov(codec) for codec in CODECS
}
_STYP: Final = box(b"styp", b"msdh", bytes(4), b"msdhcmfs")
