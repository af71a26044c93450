"""The programme's clock: arithmetic between chunk numbers, samples, milliseconds and boot time.

Pure: whoever needs the time reads it and passes it in. Three clocks are kept apart:

- monotonic: paces the 20 ms tick; never jumps, stands still while the machine sleeps;
- boot time (CLOCK_BOOTTIME): carries the chunk number over a takeover on the same boot;
- wall: is shown to people and stamped on events, and decides nothing about the sound.
"""

from __future__ import annotations

from typing import Final

from hustings import limits

SAMPLE_RATE: Final = 48_000
CHUNK_SAMPLES: Final = 15_360
CHUNK_MS: Final = 320
CHUNK_NS: Final = CHUNK_MS * 1_000_000
TICK_MS: Final = 20
TICK_SAMPLES: Final = 960
TICKS_PER_CHUNK: Final = 16


def sample_of(n: int) -> int:
    """First programme sample (48 kHz) of chunk `n`."""
    return n * CHUNK_SAMPLES


def ms_of(n: int) -> int:
    """Programme time in milliseconds at which chunk `n` begins."""
    return n * CHUNK_MS


def chunk_at_ms(ms: int) -> int:
    """The chunk that contains programme time `ms`."""
    return ms // CHUNK_MS


def chunks_elapsed(since_ns: int, now_ns: int) -> int:
    """Whole chunk periods between two readings of one clock; 0 if it went backwards."""
    return max(0, now_ns - since_ns) // CHUNK_NS


def resume_number(*, last_n: int, elapsed_ns: int) -> int:
    """Chunk number with which a stage that takes over continues.

    `last_n` is the newest chunk in the log, `elapsed_ns` the time since it was stamped: of the boot
    clock when the boot is the same, of the log server's stamps otherwise. The result is greater
    than `last_n`, and at most ten minutes ahead of it (`limits.CHUNKS_SKIP_MAX`), so that a wall
    clock that jumped cannot tear a hole of hours into the programme.
    """
    skipped = max(0, elapsed_ns) // CHUNK_NS
    return last_n + 1 + min(skipped, limits.CHUNKS_SKIP_MAX)
