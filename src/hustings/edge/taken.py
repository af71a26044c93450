"""talk.json of a recording without what was taken down after it was stored. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

_LISTS: Final = ("chat", "questions")


def without(data: bytes, removed: Collection[str]) -> bytes | None:
    """The document without these messages and questions; None when it is none."""
    try:
        document: dict[str, Any] = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    for name in _LISTS:
        if isinstance(listed := document.get(name), list):
            document[name] = [one for one in listed if one.get("id") not in removed]
    return msgspec.json.encode(document)
