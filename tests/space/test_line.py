"""How good a line is."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest

from hustings.space.line import Line, Quality


@dataclass(frozen=True)
class Case:
    quality: Quality
    loss: float = 0.0
    loss_back: float = 0.0
    rtt_ms: float | None = 30.0
    buffer_ms: float = 40.0


@pytest.mark.parametrize(
    "case",
    [
        Case("good"),
        Case("good", rtt_ms=None),
        Case("good", loss=0.03, rtt_ms=200.0),
        Case("fair", loss=0.04),
        Case("fair", loss_back=0.08),
        Case("fair", rtt_ms=300.0),
        Case("fair", buffer_ms=140.0),
        Case("poor", loss=0.09),
        Case("poor", loss_back=0.5),
        Case("poor", rtt_ms=401.0),
        Case("poor", buffer_ms=240.0),
    ],
)
def test_quality(case: Case) -> None:
    line = Line(
        loss=case.loss, loss_back=case.loss_back, jitter_ms=2.0, rtt_ms=case.rtt_ms,
        buffer_ms=case.buffer_ms,
    )  # fmt: skip
    assert line.quality == case.quality
    assert msgspec.json.decode(msgspec.json.encode(line), type=Line) == line
