"""The stem batch's wire form."""

from __future__ import annotations

import pytest

from hustings import stem
from hustings.errors import BadInput

BATCH = stem.StemBatch(
    epoch=4, number=9, packets=(stem.StemPacket("s1", 2, 65_535, 2**32 - 1, 48_000, b"\xf8"),)
)


def test_wire_form() -> None:
    assert stem.unpack(stem.pack(BATCH)) == BATCH


@pytest.mark.parametrize("data", [b"", b"\x00", stem.pack(BATCH)[:-1]])
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="stem batch"):
        stem.unpack(data)
