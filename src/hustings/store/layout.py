"""Names of files in the store and in an edge's spool. Spelt here and only here.

A recording as it was first posted is version 0 and lies in the space's folder itself. What is made
of it by editing lies beside it, `versions/<n>/` with the same names, so that a version is published
by one event and never in pieces.
"""

from __future__ import annotations

from typing import Final

SPACES: Final = "spaces/"  # a folder for each space


def folder(space: str) -> str:
    """Everything of one space."""
    return f"{SPACES}{space}/"


def version_folder(space: str, version: int = 0) -> str:
    """The files of one version of the recording."""
    return f"{folder(space)}versions/{version}/" if version else folder(space)


def replay_aac(space: str, version: int = 0) -> str:
    """The replay for every player: AAC in MP4."""
    return f"{version_folder(space, version)}replay.m4a"


def replay_opus(space: str, version: int = 0) -> str:
    """The replay as Ogg Opus."""
    return f"{version_folder(space, version)}replay.opus"


def master(space: str, version: int = 0) -> str:
    """The replay brought to -16 LUFS: AAC in MP4."""
    return f"{version_folder(space, version)}master.m4a"


def stem(space: str, seat: str, version: int = 0) -> str:
    """One speaker's own track, aligned with the replay: Ogg Opus."""
    return f"{version_folder(space, version)}stems/{seat}.opus"


def timeline(space: str, version: int = 0) -> str:
    """What happened when: JSON."""
    return f"{version_folder(space, version)}timeline.json"


def chapters(space: str, version: int = 0) -> str:
    """The chapters, as podcast players read them: JSON chapters 1.2."""
    return f"{version_folder(space, version)}chapters.json"


def waveform(space: str, version: int = 0) -> str:
    """How loud the replay is, slot by slot: JSON."""
    return f"{version_folder(space, version)}waveform.json"


def talk(space: str, version: int = 0) -> str:
    """What the audience wrote and voted: JSON."""
    return f"{version_folder(space, version)}talk.json"


def transcript(space: str, form: str = "json", version: int = 0) -> str:
    """What was said; `form` is json, vtt or txt."""
    return f"{version_folder(space, version)}transcript.{form}"


def transcript_draft(space: str) -> str:
    """What was said as a machine heard it, on the clock of version 0: JSON."""
    return f"{folder(space)}draft/transcript.json"


def crowd(space: str) -> str:
    """How many listened, and when: JSON."""
    return f"{folder(space)}crowd.json"


def events(space: str) -> str:
    """What was decided in the space, as it stood in its log: JSON."""
    return f"{folder(space)}events.json"


def receipt(space: str) -> str:
    """The signed summary of the recording, the newest: JSON."""
    return f"{folder(space)}receipt.json"


def receipt_number(space: str, number: int) -> str:
    """The signed summary as it was at one revision; the first is number 1."""
    return f"{folder(space)}receipts/{number}.json"


def clip(space: str, clip: str, name: str) -> str:
    """A file of a clip: clip.json, audio.m4a, card.webp, video-<shape>.mp4."""
    return f"{folder(space)}clips/{clip}/{name}"


def reel_index(space: str) -> str:
    """Which chunks the reel holds, and the hashes of its packs: JSON (`store.reel`)."""
    return f"{folder(space)}reel.json"


def reel_pack(space: str, first: int) -> str:
    """The live chunks from number `first` on, as they were logged (`store.reel`)."""
    return f"{folder(space)}reel/{first}.pack"


def cover(picture: str) -> str:
    """The same, square and large, as directories of podcasts want it: JPEG."""
    return f"pictures/{picture}/cover.jpg"


def links(space: str) -> str:
    """The links to a private space's recording that work, an object for each."""
    return f"links/{space}/"


def link(space: str, link: str) -> str:
    """One of them: JSON (`store.links`)."""
    return f"{links(space)}{link}.json"


def receipt_key(key: str) -> str:
    """The public key, by its id, of another installation whose receipts are kept here: PEM."""
    return f"keys/{key}.pem"


def sound(sound: str) -> str:
    """A hold sound that somebody brought, as a loop: WAV, 16 bits, mono, 48 kHz."""
    return f"sounds/{sound}.wav"


def picture(picture: str, size: str) -> str:
    """A picture that somebody gave to a space or to themselves, `wide` or `square`: WebP."""
    return f"pictures/{picture}/{size}.webp"
