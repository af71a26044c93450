"""What a storm has left: the posted files, decoded and held against what was logged."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hustings.archive.verify import verify_folder
from hustings.clock import CHUNK_SAMPLES
from tests.archive.storm import LOOP, ZOMBIE_HZ, Evening, Meant, Outcome, mixed
from tests.tones import decode_file, level_dbfs, tone_level_dbfs

Sound = NDArray[np.float32]

EDGE: Final = 4_800  # samples at the borders of a run that codecs fade and smear


def differences(made: Evening, outcome: Outcome, *, public_pem: bytes) -> list[str]:
    """Everything in which the posted recording is not what was logged, or does not say so."""
    out = list(verify_folder(outcome.folder, public_pem).problems)
    told = json.loads((outcome.folder / "receipt.json").read_bytes())["receipt"]
    out += _told(made, told)
    for name, exact in (("replay.m4a", 1), ("replay.opus", 1), ("stems/ada.opus", 1)):
        path = outcome.folder / name
        if not path.exists():
            out += [f"{name}: is missing"] if any(slot.stem for slot in made.meant) else []
            continue
        heard = decode_file(path)
        if len(heard) != len(made.meant) * CHUNK_SAMPLES:
            out.append(f"{name}: {len(heard)} samples, not {len(made.meant)} slots")
            continue
        if tone_level_dbfs(heard, ZOMBIE_HZ) > -60:
            out.append(f"{name}: a stage that was replaced is heard")
        out += [f"{name}: {one}" for one in _heard(made, heard, name, exact)]
    return out


def _told(made: Evening, told: dict[str, Any]) -> list[str]:
    """Whether the receipt names every difference between what was sent and what is in the file."""
    meant, at = [], 0
    for what, some in groupby(made.meant, key=lambda slot: slot.what):
        slots = list(some)
        # One gap for each live stretch: a hold in the middle of it is none of it.
        for _, part in groupby(enumerate(slots), key=lambda one: one[1].n - one[0]):
            count = len(list(part))
            if what != "mix":
                meant.append((at * 320, count * 320, what == "remix"))
            at += count
    found = [(gap["at_ms"], gap["length_ms"], gap.get("remixed", False)) for gap in told["gaps"]]
    out = [] if found == meant else [f"gaps are {found}, not {meant}"]
    logged = sum(slot.what == "mix" for slot in made.meant)
    if told["audio"]["slots"] != len(made.meant) or told["audio"]["chunks"] != logged:
        out.append(f"audio is {told['audio']}, not {logged} of {len(made.meant)}")
    if told["counts"]["entries_unreadable"]["value"] != made.broken:
        out.append(f"{told['counts']['entries_unreadable']} is not {made.broken}")
    if any(not gap["cause"] for gap in told["gaps"]):
        out.append("a gap has no cause")
    return out


def _heard(made: Evening, heard: Sound, name: str, exact: int) -> list[str]:
    out, at = [], 0
    own = name.startswith("stems")

    def kind(slot: Meant) -> tuple[str, int]:
        if own:
            return ("sound" if slot.stem else "silence", 0)
        return ("silence" if slot.what == "silence" else "sound", slot.run)

    for (what, _), some in groupby(made.meant, key=kind):
        slots = list(some)
        for _, part in groupby(enumerate(slots), key=lambda one: one[1].n - one[0]):
            row = [slot for _, slot in part]
            begin, end = at * CHUNK_SAMPLES, (at + len(row)) * CHUNK_SAMPLES
            at += len(row)
            inside = heard[begin + EDGE : end - EDGE]
            if what == "silence":
                if level_dbfs(inside) > -70:
                    out.append(f"slot {at - len(row)}: {level_dbfs(inside):.0f} dB of silence")
                continue
            first = row[0].n * CHUNK_SAMPLES + EDGE
            code = np.roll(mixed(), -(first % (LOOP * CHUNK_SAMPLES)))
            wanted = np.resize(code, len(inside))
            off, alike = _lag(inside, wanted)
            if abs(off) > exact or alike < 0.75:
                out.append(f"slots {at - len(row)} to {at}: {off} samples off, {alike:.2f} alike")
    return out


def _lag(one: Sound, other: Sound) -> tuple[int, float]:
    """By how many samples the one is behind the other, and how alike they are there."""
    size = 1 << (2 * len(one)).bit_length()
    product = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    at = int(np.argmax(product))
    norm = float(np.linalg.norm(one) * np.linalg.norm(other)) or 1.0
    return (at if at < size // 2 else at - size), float(product[at]) / norm
