"""Opus through libopus: one frame in, one packet out, and the way back with loss.

Runs in the 20 ms tick: no call blocks; a call allocates one packet or one frame. The library is
the copy that PyAV's wheel carries, else the system's (`library()`; call it at start-up, so that its
absence is known before anybody speaks). Encoders and decoders belong to one thread at a time.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from hustings import limits
from hustings.clock import SAMPLE_RATE, TICK_SAMPLES
from hustings.errors import BadInput, ConfigError

Frame = NDArray[np.float32]

Application = Literal["voip", "audio"]

_APPLICATIONS: Final = {"voip": 2048, "audio": 2049}
_SET_BITRATE: Final = 4002
_SET_COMPLEXITY: Final = 4010
_SET_INBAND_FEC: Final = 4012
_SET_PACKET_LOSS_PERC: Final = 4014
_RESET_STATE: Final = 4028
_SET_PREDICTION_DISABLED: Final = 4042
_SAMPLES_MAX: Final = 5_760  # 120 ms, the longest packet (RFC 6716 section 3.2.5)
# Samples of one frame by configuration (RFC 6716 table 2): SILK, hybrid, CELT.
_FRAME_SAMPLES: Final = (480, 960, 1_920, 2_880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
_CELT_ONLY: Final = 16  # configurations from here on carry no LBRR (RFC 6716 table 2)


@functools.cache
def library() -> ctypes.CDLL:
    """Load libopus; `ConfigError` says where it was looked for."""
    tried = []
    for name in _places():
        try:
            return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError) as error:
            tried.append(f"{name} ({error})")
    raise ConfigError(
        "libopus",
        "; ".join(tried),
        allowed="the copy inside the `av` wheel, or the system's libopus.so.0",
    )


def version() -> str:
    """The library's name and version, such as "libopus 1.6.1"."""
    text: bytes = library().opus_get_version_string()
    return text.decode()


def samples_of(packet: bytes) -> int:
    """Duration of a packet in samples at 48 kHz; `BadInput` when it is not an Opus packet.

    Read off its first bytes (RFC 6716 section 3.1): a call of the library costs ten times as much.
    """
    head = packet[0] if packet else -1
    samples = _FRAME_SAMPLES[head >> 3]
    code = head & 3
    if code == 3:
        samples *= packet[1] & 63 if len(packet) > 1 else 0
    elif code:
        samples *= 2
    if head < 0 or not 0 < samples <= _SAMPLES_MAX:
        raise BadInput("Opus packet", expected="a packet by RFC 6716", got=f"{len(packet)} bytes")
    return samples


def has_fec(packet: bytes) -> bool:
    """Whether the packet carries a second copy (LBRR) of the sound before it.

    The flag is the bit after the voice-activity bits with which a SILK frame begins (RFC 6716
    section 4.2.3); it is read here because older libraries have no call for it.
    """
    if len(packet) < 2 or packet[0] >> 3 >= _CELT_ONLY:
        return False
    starts = (ctypes.c_void_p * 48)()
    sizes = (ctypes.c_int16 * 48)()
    offset = ctypes.c_int()
    count = library().opus_packet_parse(
        packet, len(packet), None, starts, sizes, ctypes.byref(offset)
    )
    if count <= 0 or sizes[0] == 0 or offset.value >= len(packet):
        return False
    first = packet[offset.value]
    silk_frames = max(1, samples_of(packet) // count // TICK_SAMPLES)
    mid = first >> 7 - silk_frames & 1
    stereo = packet[0] & 4
    side = first >> 6 - 2 * silk_frames & 1 if stereo else 0
    return bool(mid or side)


class OpusEncoder:
    """Encodes frames of 20 ms.

    `fec` adds the low-rate copy of each frame to the next packet, sized for `expected_loss_percent`
    (below 10 libopus leaves it out at the complexities used here). The decoded sound lies 312
    samples behind the input.
    """

    __slots__ = ("_encode", "_input", "_input_at", "_output", "_samples", "_state")

    def __init__(
        self,
        *,
        channels: int = 1,
        bitrate_bps: int,
        complexity: int,
        application: Application = "voip",
        fec: bool = True,
        expected_loss_percent: int = 10,
    ) -> None:
        lib = library()
        error = ctypes.c_int()
        self._state = ctypes.c_void_p(
            lib.opus_encoder_create(
                SAMPLE_RATE, channels, _APPLICATIONS[application], ctypes.byref(error)
            )
        )
        assert error.value == 0, f"libopus refused an encoder: {error.value}"
        self._set(_SET_COMPLEXITY, complexity)
        self.change(bitrate_bps=bitrate_bps, fec=fec, expected_loss_percent=expected_loss_percent)
        self._samples = TICK_SAMPLES * channels
        self._input = np.zeros(self._samples, np.float32)
        self._input_at = self._input.ctypes.data
        self._output = ctypes.create_string_buffer(limits.OPUS_PACKET_BYTES)
        self._encode = lib.opus_encode_float

    def change(self, *, bitrate_bps: int, fec: bool, expected_loss_percent: int = 10) -> None:
        """Encode otherwise from the next frame on; the stream goes on without a break."""
        self._set(_SET_BITRATE, bitrate_bps)
        self._set(_SET_INBAND_FEC, int(fec))
        self._set(_SET_PACKET_LOSS_PERC, expected_loss_percent if fec else 0)

    def encode_alone(self, pcm: Frame) -> bytes:
        """As `encode`, but the packet is not predicted from those before it.

        A decoder that heard something else before, or nothing, is in step from here on; otherwise
        energies are off for some frames, up to a burst of seven times the level.
        """
        self._set(_SET_PREDICTION_DISABLED, 1)
        packet = self.encode(pcm)
        self._set(_SET_PREDICTION_DISABLED, 0)
        return packet

    def encode(self, pcm: Frame) -> bytes:
        """The packet of one frame: 960 float32 samples, channels interleaved."""
        assert pcm.size == self._samples, f"a frame has {self._samples} samples, not {pcm.size}"
        # The copy makes any array contiguous and keeps its address known.
        self._input[:] = pcm
        size = self._encode(
            self._state, self._input_at, TICK_SAMPLES, self._output, limits.OPUS_PACKET_BYTES
        )
        assert size > 0, f"libopus could not encode: {size}"
        return ctypes.string_at(self._output, size)

    def _set(self, request: int, value: int) -> None:
        done = library().opus_encoder_ctl(self._state, request, ctypes.c_int(value))
        assert done == 0, f"libopus refused setting {request} = {value}"

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            library().opus_encoder_destroy(state)


class OpusDecoder:
    """Decodes packets of up to 120 ms, mono or stereo, to `channels`, with concealment.

    `rate` is that of the decoded samples: 48,000, or one of the lower ones that every Opus decoder
    makes by itself (8,000, 12,000, 16,000, 24,000; RFC 6716 section 2.1.3).
    """

    __slots__ = ("_channels", "_decode", "_output", "_output_at", "_state")

    def __init__(self, *, channels: int = 1, rate: int = SAMPLE_RATE) -> None:
        lib = library()
        error = ctypes.c_int()
        self._channels = channels
        self._state = ctypes.c_void_p(lib.opus_decoder_create(rate, channels, ctypes.byref(error)))
        assert error.value == 0, f"libopus refused a decoder: {error.value}"
        self._output = np.zeros(_SAMPLES_MAX * channels, np.float32)
        self._output_at = self._output.ctypes.data
        self._decode = lib.opus_decode_float

    def decode(self, packet: bytes) -> Frame:
        """The packet's samples (channels interleaved); `BadInput` when it cannot be decoded."""
        if not packet:
            raise BadInput("Opus packet", expected="at least one byte")
        return self._run(packet, _SAMPLES_MAX, 0)

    def decode_fec(self, packet: bytes, samples: int) -> Frame:
        """The `samples` before this packet, from the copy that it carries; concealed where it
        carries none. `samples` is a multiple of 2.5 ms."""
        if not packet:
            raise BadInput("Opus packet", expected="at least one byte")
        return self._run(packet, samples, 1)

    def conceal(self, samples: int) -> Frame:
        """A guess at `samples` lost samples, which fades when it goes on. A multiple of 2.5 ms."""
        return self._run(None, samples, 0)

    def reset(self) -> None:
        """Forget all past sound, as for a new sender."""
        library().opus_decoder_ctl(self._state, _RESET_STATE)

    def _run(self, packet: bytes | None, samples: int, fec: int) -> Frame:
        assert 0 < samples <= _SAMPLES_MAX
        size = len(packet) if packet else 0
        count = self._decode(self._state, packet, size, self._output_at, samples, fec)
        if count < 0:
            raise BadInput("Opus packet", expected="a packet by RFC 6716", got=f"{size} bytes")
        return self._output[: count * self._channels].copy()

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            library().opus_decoder_destroy(state)


def _places() -> list[str]:
    places = []
    try:
        # auditwheel puts a wheel's own libraries beside its package.
        folder = Path(str(metadata.distribution("av").locate_file("av.libs")))
        places = [str(path) for path in sorted(folder.glob("libopus-*.so*"))]
    except metadata.PackageNotFoundError:
        pass
    return [*places, ctypes.util.find_library("opus") or "libopus.so.0"]


def _declared(lib: ctypes.CDLL) -> ctypes.CDLL:
    state, number, data = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    lib.opus_get_version_string.restype = data
    lib.opus_encoder_create.restype = state
    lib.opus_encoder_create.argtypes = [number, number, number, ctypes.POINTER(number)]
    lib.opus_decoder_create.restype = state
    lib.opus_decoder_create.argtypes = [number, number, ctypes.POINTER(number)]
    lib.opus_encode_float.argtypes = [state, state, number, state, number]
    lib.opus_decode_float.argtypes = [state, data, number, state, number, number]
    lib.opus_encoder_destroy.argtypes = [state]
    lib.opus_encoder_destroy.restype = None
    lib.opus_decoder_destroy.argtypes = [state]
    lib.opus_decoder_destroy.restype = None
    lib.opus_packet_parse.argtypes = [data, number, state, state, state, state]
    return lib
