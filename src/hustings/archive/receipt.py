"""The receipt: what was recorded, what is missing, and the hashes of every file, signed.

    {"receipt": {…}, "signature": {"algorithm": "Ed25519", "key": "<id>", "value": "<base64>"}}

Signed is the canonical form of the member `receipt`: JSON by RFC 8785, which for what stands in it
(objects, lists, texts, whole numbers, ASCII names) is: names sorted, no white space, UTF-8. So a
receipt may be reformatted and stays valid. Times and lengths are whole milliseconds. The signature
is plain Ed25519 (RFC 8032); the key's id is the beginning of the SHA-256 of its 32 raw bytes.

A receipt depends on the log alone, but for the count of listeners, which is kept beside it: built
again after a crash, it is the same.

It is revised, never replaced: each revision names the hash of the one before, and all are kept. So
a chain that ends with the newest receipt proves what was changed, when and why.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hustings import __version__
from hustings.archive.journal import Journal
from hustings.archive.spans import Span, Spans, duration_ms
from hustings.audio.loudness import Loudness
from hustings.clock import SAMPLE_RATE
from hustings.errors import BadInput

VERSION: Final = 1
ALGORITHM: Final = "Ed25519"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the recording: `name` within the space's folder, `duration_ms` if it is sound."""

    name: str
    length: int
    sha256: str
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A number and how it was counted."""

    value: int
    how: str


def stored(name: str, path: Path, *, duration_ms: int | None = None) -> StoredFile:
    """Describe a file of the recording. Reads it whole."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredFile(name, path.stat().st_size, digest, duration_ms)


def build(
    journal: Journal,
    spans: Spans,
    *,
    files: list[StoredFile],
    counts: Mapping[str, Count],
    loudness: Loudness | None = None,
) -> dict[str, Any]:
    """The member `receipt` of a finished recording: its first revision."""
    return {
        "version": VERSION,
        "made_by": f"hustings {__version__}",
        "space": _space(journal),
        "audio": _audio(spans),
        "files": [described(file) for file in files],
        "gaps": [part for gap in spans.gaps for part in _gap(journal, spans, gap)],
        "holds": [
            {
                "at_ms": hold.at_ms,
                "length_ms": hold.length_ms,
                "reason": hold.reason,
                "by_system": hold.by_system,
                **({"cut": True} if hold.cut else {}),
            }
            for hold in journal.holds(spans)
        ],
        "epochs": [
            {"epoch": reign.epoch, "first_chunk": reign.first_n, "chunks": reign.count}
            for reign in spans.reigns
        ],
        "seats": _seats(journal, spans),
        "counts": {
            name: {"value": count.value, "how": count.how} for name, count in counts.items()
        },
        **({} if loudness is None else {"loudness": measured(loudness)}),
        "revision": {
            "number": 1,
            "at_ms": journal.space.ended_at_ms or 0,
            "previous_sha256": None,
            "why": ["posted"],
        },
    }


def revise(
    newest: bytes,
    *,
    changes: Mapping[str, Any],
    why: Sequence[str],
    private_pem: bytes,
    at_ms: int,
) -> tuple[bytes, int]:
    """The receipt that follows the `newest` one, signed, and its number.

    `changes` are members to be put in place of those of that name; None takes one away. `why` says
    in a word each what was done. Raises `BadInput` when `newest` is no receipt.
    """
    before, _ = _parsed(newest)
    number = revision(newest) + 1
    after = {name: value for name, value in {**before, **changes}.items() if value is not None}
    after["made_by"] = f"hustings {__version__}"
    after["revision"] = {
        "number": number,
        "at_ms": at_ms,
        "previous_sha256": hashlib.sha256(newest).hexdigest(),
        "why": list(why),
    }
    return sign(after, private_pem), number


def revision(data: bytes) -> int:
    """The number of a receipt's revision; one of an earlier version of the program is the first."""
    told = _parsed(data)[0].get("revision", {})
    number = told.get("number", 1) if isinstance(told, dict) else 0
    if not isinstance(number, int) or number < 1:
        raise BadInput("receipt", expected="a revision from 1 on", got=repr(number))
    return number


def previous(data: bytes) -> str | None:
    """The SHA-256 of the receipt before this one, None of the first."""
    told = _parsed(data)[0].get("revision", {})
    found = told.get("previous_sha256") if isinstance(told, dict) else None
    return None if found is None else str(found)


def described(file: StoredFile) -> dict[str, Any]:
    """A file as an entry of the member `files`."""
    entry: dict[str, Any] = {"name": file.name, "bytes": file.length, "sha256": file.sha256}
    if file.duration_ms is not None:
        entry["duration_ms"] = file.duration_ms
    return entry


def measured(loudness: Loudness) -> dict[str, str]:
    """The member `loudness`: in words, because all numbers of a receipt are whole."""
    return {
        "integrated": f"{loudness.integrated_lufs:.1f} LUFS",
        "range": f"{loudness.range_lu:.1f} LU",
        "true_peak": f"{loudness.true_peak_dbtp:.1f} dBTP",
        "how": "EBU R 128 on the decoded Opus file, all of it",
    }


def canonical(receipt: Mapping[str, Any]) -> bytes:
    """The bytes that are signed."""
    return json.dumps(
        receipt, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    ).encode()


def sign(receipt: Mapping[str, Any], private_pem: bytes) -> bytes:
    """The receipt as a file, signed with the installation's key."""
    key = serialization.load_pem_private_key(private_pem, None)
    assert isinstance(key, Ed25519PrivateKey), "receipts are signed with Ed25519"
    signature = {
        "algorithm": ALGORITHM,
        "key": _key_id(key.public_key()),
        "value": base64.b64encode(key.sign(canonical(receipt))).decode(),
    }
    whole = {"receipt": receipt, "signature": signature}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def verify(data: bytes, public_pem: bytes, files: Mapping[str, Path]) -> list[str]:
    """What is wrong with a receipt and the files in hand: an empty list says that nothing is.

    `files` holds paths by their name in the receipt ("replay.m4a"); those that are not in hand are
    left out. Of an edited recording the published file and the original go by one name. Each
    problem is a sentence that names the file. Raises `BadInput` when `data` is no receipt or the
    key is none.
    """
    receipt, signature = _parsed(data)
    problems = []
    if not _signed(receipt, signature, _public(public_pem)):
        problems.append("The receipt is not signed with this key, or was changed.")
    for name, path in files.items():
        entries = [entry for entry in receipt["files"] if _called(str(entry["name"]), name)]
        if not entries:
            problems.append(f"{name}: the receipt does not list this file.")
            continue
        try:
            found = stored(name, path)
        except OSError as error:
            problems.append(f"{name}: cannot be read ({error.strerror}).")
            continue
        if any(found.sha256 == entry["sha256"] for entry in entries):
            continue
        lengths = {entry["bytes"] for entry in entries}
        if found.length not in lengths:
            wanted = " or ".join(str(length) for length in sorted(lengths))
            problems.append(f"{name}: has {found.length} bytes, not {wanted}.")
        else:
            problems.append(f"{name}: was changed, its SHA-256 is {found.sha256}.")
    return problems


def key_id(public_pem: bytes) -> str:
    """The id of a public key, as a receipt names it; `BadInput` when it is none."""
    return _key_id(_public(public_pem))


def hashes(data: bytes) -> dict[str, str]:
    """The names of the listed files by SHA-256; `BadInput` when `data` is no receipt."""
    return {str(entry["sha256"]): str(entry["name"]) for entry in _parsed(data)[0]["files"]}


def _called(listed: str, name: str) -> bool:
    """Whether a listed file goes by that name: an edited version's does without its folder."""
    return listed == name or (listed.startswith("versions/") and listed.split("/", 2)[2] == name)


def names(data: bytes) -> list[str]:
    """The files that a receipt lists; `BadInput` when `data` is no receipt."""
    return [str(entry["name"]) for entry in _parsed(data)[0]["files"]]


def _parsed(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        whole = json.loads(data)
        receipt, signature = whole["receipt"], whole["signature"]
        for entry in receipt["files"]:
            entry["name"], entry["bytes"], entry["sha256"]
        signature["algorithm"], signature["value"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput("receipt", expected="a receipt of Hustings", got=repr(error)) from error
    if receipt.get("version") != VERSION:
        raise BadInput("receipt", expected=f"version {VERSION}", got=repr(receipt.get("version")))
    return receipt, signature


def _signed(receipt: dict[str, Any], signature: dict[str, Any], key: Ed25519PublicKey) -> bool:
    try:
        value = base64.b64decode(str(signature["value"]), validate=True)
        key.verify(value, canonical(receipt))
    except (InvalidSignature, ValueError):
        return False
    return bool(signature["algorithm"] == ALGORITHM)


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise BadInput("receipt key", expected="a PEM public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("receipt key", expected="an Ed25519 public key")
    return key


def _key_id(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _space(journal: Journal) -> dict[str, Any]:
    space = journal.space
    return {
        "id": space.id,
        "title": space.title,
        "host": space.host,
        "language": space.language,
        "live_at_ms": space.live_at_ms,
        "ended_at_ms": space.ended_at_ms,
    }


def _audio(spans: Spans) -> dict[str, Any]:
    audio_ms = duration_ms(spans.slots)
    return {
        "duration_ms": audio_ms,
        "clock_ms": spans.clock_ms,
        "difference_ms": audio_ms - spans.clock_ms,
        "sample_rate": SAMPLE_RATE,
        "slots": spans.slots,
        "chunks": spans.chunks,
    }


def _seats(journal: Journal, spans: Spans) -> list[dict[str, Any]]:
    talked = journal.talk_ms(spans)
    return [
        {"id": seat.seat, "name": seat.name, "talk_ms": talked.get(seat.seat, 0)}
        for seat in journal.seats.values()
    ]


def _gap(journal: Journal, spans: Spans, gap: Span) -> Iterator[dict[str, Any]]:
    cause = journal.cause(gap)
    for part, remixed in spans.parts(gap):
        told = {
            "at_ms": duration_ms(part.index),
            "length_ms": duration_ms(part.count),
            "cause": cause,
        }
        yield {**told, "remixed": True} if remixed else told
