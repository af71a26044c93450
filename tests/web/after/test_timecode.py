"""Time codes: what is shown is read as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.web.after import timecode


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("83.2", 83_200),
        ("0:12.16", 12_160),
        ("12:03", 723_000),
        ("1:02:03,5", 3_723_500),
        (" 0:00.001 ", 1),
    ],
)
def test_read(text: str, ms: int) -> None:
    assert timecode.parse(text) == ms


@pytest.mark.parametrize("text", ["", ":", "1:", "a", "-1", "1.2.3", "1:2:3:4", "٣", "1e3"])
def test_not_read(text: str) -> None:
    assert timecode.parse(text) is None


@given(st.integers(min_value=0, max_value=10**9))
def test_shown_is_read(ms: int) -> None:
    assert timecode.parse(timecode.shown(ms)) == ms // 10 * 10
