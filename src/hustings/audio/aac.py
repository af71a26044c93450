"""AAC-LC through PyAV: one frame of 1024 samples in, one raw frame out.

Not for the 20 ms tick: the stage runs it on a helper thread, where PyAV releases the interpreter
while it encodes.
"""

from __future__ import annotations

from typing import Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from hustings.chunk import AAC_FRAME_SAMPLES
from hustings.clock import SAMPLE_RATE

Frame = NDArray[np.float32]

# AAC-LC, 48 kHz, mono (ISO/IEC 14496-3 section 1.6.2.1).
AUDIO_SPECIFIC_CONFIG: Final = b"\x11\x88"


class AacEncoder:
    """Encodes mono frames; every frame yields exactly one raw AAC-LC frame.

    The codec holds one frame back, so it is primed with one of silence: the decoded sound lies
    2,048 samples behind the input. What is held back at the end is never written.
    """

    __slots__ = ("_context", "_pts")

    def __init__(self, *, bitrate_bps: int) -> None:
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = SAMPLE_RATE
        context.layout = "mono"
        context.format = "fltp"
        context.bit_rate = bitrate_bps
        # A third of the cost of the default search, at rates where the difference is not heard.
        context.options = {"aac_coder": "fast"}
        context.open()
        self._context = context
        self._pts = 0
        first = context.encode(self._frame(np.zeros(AAC_FRAME_SAMPLES, np.float32)))
        assert not first, "the AAC encoder holds one frame back"

    def encode(self, frame: Frame) -> bytes:
        """The raw AAC frame that follows, for one frame of 1024 float32 samples."""
        assert frame.size == AAC_FRAME_SAMPLES, f"a frame has 1024 samples, not {frame.size}"
        packets = self._context.encode(self._frame(frame))
        assert len(packets) == 1, f"one frame must yield one packet, not {len(packets)}"
        return bytes(packets[0])

    def _frame(self, pcm: Frame) -> av.AudioFrame:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm, np.float32)[np.newaxis, :], format="fltp", layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._pts
        self._pts += AAC_FRAME_SAMPLES
        return frame
