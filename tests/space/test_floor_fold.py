"""From a space's log to its floor: what is on air counts, where the stage said that it was."""

from __future__ import annotations

from hustings.space import event as e
from hustings.space.floor_fold import FloorFold

CHUNK_MS = 320


def spoke(seat: str, speaking: bool, n: int, tick: int = 0) -> e.Spoke:
    return e.Spoke(at_ms=0, seat=seat, speaking=speaking, n=n, tick=tick)


def on_air(n: int, live: bool) -> e.OnAir:
    return e.OnAir(at_ms=0, n=n, live=live)


def taken(n: int, cause: str) -> e.StageTaken:
    return e.StageTaken(at_ms=0, n=n, epoch=2, cause=cause)


def folded(*events: e.Event) -> FloorFold:
    fold = FloorFold()
    for event in events:
        fold.take(event)
    return fold


def test_speech_is_placed_by_chunk_and_tick() -> None:
    fold = folded(on_air(10, True), spoke("ann", True, 10, 5), spoke("ann", False, 20, 15))
    found = fold.figures(30)
    assert found.talk_ms == 10 * CHUNK_MS + 10 * 20
    assert found.on_air_ms == 20 * CHUNK_MS
    assert found.silence_ms == found.on_air_ms - found.talk_ms


def test_held_time_counts_for_nobody() -> None:
    fold = folded(
        spoke("ann", True, 10), on_air(10, True),  # the mark may come after
        spoke("ann", False, 20), on_air(20, False),
        e.Held(at_ms=0, by="host"),
        spoke("ann", True, 22), on_air(22, True), spoke("ann", False, 30),
    )  # fmt: skip
    assert fold.live
    found = fold.figures(30)
    assert found.on_air_ms == 18 * CHUNK_MS
    assert found.silence_ms == 0
    ann = found.seats["ann"]
    assert (ann.talk_ms, ann.turns, ann.longest_ms) == (18 * CHUNK_MS, 2, 10 * CHUNK_MS)


def test_who_speaks_now_is_counted_to_the_chunk_that_is_heard() -> None:
    fold = folded(on_air(0, True), spoke("ann", True, 0))
    assert fold.figures(10).seats["ann"].talk_ms == 10 * CHUNK_MS
    assert fold.figures(0).talk_ms == 0
    assert (
        folded(on_air(0, True), spoke("ann", True, 0), spoke("bob", True, 8))
        .figures(3)
        .seats["ann"]
        .talk_ms
        == 8 * CHUNK_MS
    )  # the log is ahead of what was heard


def test_a_stage_that_died_speaks_for_nobody_any_more() -> None:
    before = (on_air(0, True), spoke("ann", True, 5), spoke("bob", True, 30))
    over = folded(*before, taken(40, "takeover")).figures(60)
    assert over.seats["ann"].talk_ms == 35 * CHUNK_MS
    assert not over.seats["ann"].speaking
    # All was stopped, for ten minutes it may be: nobody spoke in them as far as is known.
    off = folded(*before, taken(1_900, "restart")).figures(1_900)
    assert off.seats["ann"].talk_ms == 25 * CHUNK_MS
    again = folded(*before, taken(40, "takeover"), spoke("ann", True, 41), spoke("ann", False, 45))
    assert again.figures(60).seats["ann"].talk_ms == 39 * CHUNK_MS


def test_an_old_log_without_ticks_is_read() -> None:
    old = e.decode(b'{"type":"spoke","at_ms":0,"seat":"ann","speaking":true,"n":7}')
    assert old == spoke("ann", True, 7, 0)
