"""ffmpeg's WHIP muxer, inside PyAV, as a program: whistles to a WHIP address for some seconds.

Run as `python -m tests.stage.publisher ADDRESS CERTIFICATE KEY SECONDS`. A process of its own,
because the muxer holds the interpreter's lock while it waits for the network.
"""

from __future__ import annotations

import sys
import time

import av
import numpy as np

from tests import tones


def publish(address: str, certificate: str, key: str, seconds: float) -> None:
    """Send a tone of 600 Hz. The muxer insists on the passive DTLS role."""
    options = {"cert_file": certificate, "key_file": key}
    with av.open(address, "w", format="whip", options=options) as out:
        stream = out.add_stream("libopus", rate=48_000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "stereo"
        second = np.round(tones.tone(600, 1.0) * 32767).astype(np.int16).reshape(50, 960)
        begin = time.monotonic()
        for i in range(round(seconds * 50)):
            both = np.repeat(second[i % 50], 2).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
            frame.sample_rate = 48_000
            frame.pts = i * 960
            for packet in stream.encode(frame):
                out.mux(packet)
            time.sleep(max(0.0, begin + 0.02 * i - time.monotonic()))


if __name__ == "__main__":
    publish(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
