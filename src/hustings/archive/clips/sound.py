"""The clip's sound: the replay's AAC frames, copied. Nothing is encoded again.

A slot has 15 frames, and a decoder needs the one before the first (see `archive.splice`): it is
copied too, and cut by the edit list of whatever file it stands in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from hustings.archive import splice
from hustings.archive.label import Label
from hustings.archive.replay import AacFile
from hustings.chunk import AAC_FRAMES
from hustings.clock import CHUNK_SAMPLES, SAMPLE_RATE
from hustings.errors import BadInput

_BLOCK_SAMPLES: Final = 64


def frames(source: Path, first: int, slots: int) -> list[bytes]:
    """The frames of so many slots of a replay from slot `first` on, with the one before them."""
    begin = first * CHUNK_SAMPLES - splice.AAC_PRIMING_SAMPLES
    wanted = 1 + slots * AAC_FRAMES
    found: list[bytes] = []
    try:
        with av.open(str(source)) as container:
            stream = container.streams.audio[0]
            assert stream.time_base is not None
            if begin > 0:
                container.seek(begin, stream=stream)
            for packet in container.demux(stream):
                if packet.pts is None or packet.pts * stream.time_base * SAMPLE_RATE < begin:
                    continue
                found.append(bytes(packet))
                if len(found) == wanted:
                    break
    except (av.FFmpegError, IndexError) as error:
        raise BadInput(source.name, expected="a replay", got=str(error)) from error
    if len(found) < wanted:
        raise BadInput(source.name, expected=f"{wanted} frames", got=f"{len(found)}")
    return found


def write(path: Path, found: list[bytes], label: Label) -> None:
    """The frames as a file of their own."""
    file = AacFile(path)
    try:
        file.prime(found[0])
        file.add(found[1:])
    except BaseException:
        file.abandon()
        raise
    file.close(label)


def levels(path: Path, count: int) -> NDArray[np.float32]:
    """How loud so many equal parts of a file are: the root of the mean square of each, 0 to 1."""
    powers: list[NDArray[np.float32]] = []  # of short blocks: ten minutes of sound would be much
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            sound = frame.to_ndarray()[0].astype(np.float32)
            whole = len(sound) // _BLOCK_SAMPLES * _BLOCK_SAMPLES
            powers.append(np.square(sound[:whole]).reshape(-1, _BLOCK_SAMPLES).mean(axis=1))
    blocks = np.concatenate(powers)
    edges = np.linspace(0, len(blocks), count + 1).astype(int)
    return np.sqrt(np.add.reduceat(blocks, edges[:-1]) / np.diff(edges)).astype(np.float32)
