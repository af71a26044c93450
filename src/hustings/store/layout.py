"""Names of files in the store and in an edge's spool. Spelt here and only here."""

from __future__ import annotations


def folder(space: str) -> str:
    """Everything of one space."""
    return f"spaces/{space}/"


def replay_aac(space: str) -> str:
    """The replay for every player: AAC in MP4."""
    return f"spaces/{space}/replay.m4a"


def replay_opus(space: str) -> str:
    """The replay as Ogg Opus."""
    return f"spaces/{space}/replay.opus"


def stem(space: str, seat: str) -> str:
    """One speaker's own track, aligned with the replay: Ogg Opus."""
    return f"spaces/{space}/stems/{seat}.opus"


def timeline(space: str) -> str:
    """What happened when: JSON."""
    return f"spaces/{space}/timeline.json"


def crowd(space: str) -> str:
    """How many listened, and when: JSON."""
    return f"spaces/{space}/crowd.json"


def receipt(space: str) -> str:
    """The signed summary of the recording: JSON."""
    return f"spaces/{space}/receipt.json"


def reel_index(space: str) -> str:
    """Which chunks the reel holds, and the hashes of its packs: JSON (`store.reel`)."""
    return f"spaces/{space}/reel.json"


def picture(picture: str, size: str) -> str:
    """A picture that somebody gave to a space or to themselves, `wide` or `square`: WebP."""
    return f"pictures/{picture}/{size}.webp"


def reel_pack(space: str, first: int) -> str:
    """The live chunks from number `first` on, as they were logged (`store.reel`)."""
    return f"spaces/{space}/reel/{first}.pack"
