"""Every address of the listen origin is documented."""

from __future__ import annotations

import re
from pathlib import Path

from hustings.edge import events, routes, talk

DOCS = Path(__file__).parents[2] / "docs" / "listen.md"


def test_every_address_is_documented() -> None:
    assert routes.__doc__ is not None
    table = re.findall(r"^(/.+)$", routes.__doc__, re.M)
    addresses = [part for line in table for part in re.split(r"\s{2,}|, ", line) if "/" in part]
    addresses = [a for a in addresses if a.startswith(("/", "stems"))]
    assert len(addresses) >= 12
    text = DOCS.read_text()
    assert [a for a in addresses if f"`{a}`" not in text] == []


def test_every_event_is_documented() -> None:
    source = Path(events.__file__).read_text() + Path(talk.__file__).read_text()
    kinds = set(re.findall(r'"type": "(\w+)"', source))
    assert kinds
    documented = set(re.findall(r"^\| `(\w+)` \| `", DOCS.read_text(), re.M))
    assert kinds == documented
