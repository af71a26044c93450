"""ffmpeg's WHIP muxer, inside PyAV, as a program: sends a sound file to a WHIP address.

Run as `python -m tests.stage.publisher ADDRESS CERTIFICATE KEY FILE [TOKEN]`. A process of its own,
because the muxer holds the interpreter's lock while it waits for the network.
"""

from __future__ import annotations

import sys
import time

import av


def publish(address: str, certificate: str, key: str, file: str, token: str = "") -> None:
    """Send the file, no faster than it sounds. The muxer insists on the passive DTLS role."""
    options = {"cert_file": certificate, "key_file": key}
    if token:
        options["authorization"] = token
    fit = av.AudioResampler("s16", "stereo", 48_000, frame_size=960)
    with av.open(file) as source, av.open(address, "w", format="whip", options=options) as out:
        stream = out.add_stream("libopus", rate=48_000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "stereo"
        begin, sent = time.monotonic(), 0
        for frame in source.decode(audio=0):
            for piece in fit.resample(frame):
                piece.pts = sent * 960
                sent += 1
                for packet in stream.encode(piece):
                    out.mux(packet)
                time.sleep(max(0.0, begin + 0.02 * sent - time.monotonic()))


if __name__ == "__main__":
    publish(*sys.argv[1:])
