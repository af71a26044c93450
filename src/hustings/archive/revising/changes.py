"""What a revision changes in the receipt: files, and what was edited and erased. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hustings.archive import receipt
from hustings.archive.receipt import StoredFile
from hustings.audio.loudness import Loudness
from hustings.clock import CHUNK_MS
from hustings.space import Space
from hustings.space.cuts import widened


def changes(
    before: Mapping[str, Any],
    space: Space,
    *,
    through: int,
    version: int,
    files: Mapping[str, StoredFile],
    gone: Collection[str],
    loudness: Loudness | None,
) -> dict[str, Any]:
    """The members of the receipt `before` that are others now, None of one that is not there any
    more. `space` is as it was while wishes up to `through` were carried out, `version` what is
    published since; `files` are new, by name, and `gone` those that are not there any more."""
    replay = space.replay
    stale = f"versions/{replay.version}/" if 0 < replay.version < version else None
    kept = [
        entry
        for entry in before["files"]
        if entry["name"] not in files
        and entry["name"] not in gone
        and not (stale and str(entry["name"]).startswith(stale))
    ]
    new = [receipt.described(file) for file in files.values()]
    changed: dict[str, Any] = {"files": sorted([*kept, *new], key=lambda one: one["name"])}
    changed["space"] = {**before["space"], "title": space.title}
    if version:
        cuts = replay.cuts(through)
        changed["published"] = {
            "version": version,
            "folder": f"versions/{version}/",
            "duration_ms": cuts.duration_ms,
            "kept": [
                {"at_ms": first * CHUNK_MS, "length_ms": (end - first) * CHUNK_MS}
                for first, end in cuts.kept
            ],
        }
    if loudness is not None:
        changed["loudness"] = receipt.measured(loudness)
    changed["edits"] = [
        {
            "kind": one.kind,
            "at_ms": widened(one.from_ms, one.to_ms)[0] * CHUNK_MS,
            "length_ms": _length_ms(one.from_ms, one.to_ms),
            "reason": one.reason,
        }
        for one in replay.in_force(through)
    ] or None
    changed["erased"] = [
        {
            "at_ms": one.at_ms,
            "kind": "seat" if one.seat else "span",
            "length_ms": _length_ms(one.from_ms, one.to_ms),
        }
        for one in replay.erasures
    ] or None
    return changed


def _length_ms(from_ms: int, to_ms: int) -> int:
    first, end = widened(from_ms, to_ms)
    return (end - first) * CHUNK_MS
