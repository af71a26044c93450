"""Contrast of the colours that meet on our pages: WCAG 2.2, 1.4.3 (text) and 1.4.11 (parts)."""

from __future__ import annotations

import re

import pytest

from tests.player.server import PLAYER

TEXT = [
    ("ink", "paper"), ("ink", "sheet"), ("ink-soft", "paper"), ("ink-soft", "sheet"),
    ("accent", "paper"), ("accent", "sheet"), ("accent", "accent-soft"), ("accent-ink", "accent"),
    ("live", "live-soft"), ("live", "sheet"), ("live", "paper"), ("warn", "warn-soft"),
    ("ink", "accent-soft"), ("ink-soft", "warn-soft"),
]  # fmt: skip
PARTS = [("field", "sheet"), ("field", "paper"), ("focus", "paper"), ("focus", "sheet")]


def schemes() -> dict[str, dict[str, str]]:
    css = (PLAYER / "base.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in blocks)
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_parts_can_be_told_from_their_ground(scheme: str) -> None:
    colours = schemes()[scheme]
    weak = [
        f"{front} on {back}: {ratio:.2f}"
        for least, pairs in ((4.5, TEXT), (3.0, PARTS))
        for front, back in pairs
        if (ratio := contrast(colours[front], colours[back])) < least
    ]
    assert weak == []


def test_the_measure_knows_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
