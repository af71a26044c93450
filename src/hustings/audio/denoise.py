"""Noise suppression by RNNoise: what is not speech goes, also while somebody speaks.

A recurrent network on bands of the spectrum (J.-M. Valin, "A Hybrid DSP/Deep Learning Approach to
Real-Time Full-Band Speech Enhancement", MMSP 2018), full-band at 48 kHz. The library is the copy
inside the wheel of `pyrnnoise` (extra `denoise`), called directly: importing that package would
load a plotting library.

Runs in the 20 ms tick: 0.7 ms a frame, no waiting, no allocation but the frame's. What comes out
lies 20 ms behind what goes in.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings.clock import TICK_SAMPLES

Frame = NDArray[np.float32]

DELAY_SAMPLES: Final = 960  # one of its frames of overlap, and one of look-ahead
_FRAME: Final = 480
_FULL: Final = np.float32(32_768)  # it reckons in 16-bit steps
_NAMES: Final = {"darwin": "librnnoise.dylib", "win32": "rnnoise.dll"}


@functools.cache
def library() -> ctypes.CDLL | None:
    """RNNoise, or None where it is not installed. Call it at start-up: it reads 15 MB."""
    try:
        found = importlib.util.find_spec("pyrnnoise")
    except (ImportError, ValueError):
        found = None
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / _NAMES.get(sys.platform, "librnnoise.so")
        try:
            return _declared(ctypes.CDLL(str(path)))
        except (OSError, AttributeError):
            continue
    return None


class Denoiser:
    """Takes the noise out of successive frames of 960 samples. Only where `library()` is there."""

    __slots__ = ("_at", "_buffer", "_process", "_state")

    def __init__(self) -> None:
        lib = library()
        assert lib is not None, "noise suppression is not installed"
        self._state = ctypes.c_void_p(lib.rnnoise_create(None))
        self._process = lib.rnnoise_process_frame
        self._buffer = np.zeros(TICK_SAMPLES, np.float32)
        self._at = self._buffer.ctypes.data

    def process(self, frame: Frame) -> Frame:
        """The frame before this one, without its noise. The input stays as it is."""
        np.multiply(frame, _FULL, out=self._buffer)
        for at in range(0, TICK_SAMPLES, _FRAME):
            here = self._at + at * self._buffer.itemsize
            self._process(self._state, here, here)
        out: Frame = self._buffer / _FULL
        return out

    def __del__(self) -> None:
        if (state := getattr(self, "_state", None)) and (lib := library()) is not None:
            lib.rnnoise_destroy(state)


def _declared(lib: ctypes.CDLL) -> ctypes.CDLL:
    state = ctypes.c_void_p
    lib.rnnoise_create.restype = state
    lib.rnnoise_create.argtypes = [state]
    lib.rnnoise_destroy.restype = None
    lib.rnnoise_destroy.argtypes = [state]
    lib.rnnoise_process_frame.restype = ctypes.c_float
    lib.rnnoise_process_frame.argtypes = [state, state, state]
    return lib
