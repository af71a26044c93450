"""Live listening in a real browser, with lines that fail."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.player.browser import (
    BEHIND,
    FURNISHED,
    PLAYING,
    WATCH,
    Visit,
    listen,
    places_itself,
    spans,
    until,
)  # fmt: skip
from tests.player.server import Edge, door, replay

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NO_OPUS = """for (const maker of [window.MediaSource, window.ManagedMediaSource]) if (maker) {
  const asked = maker.isTypeSupported.bind(maker);
  maker.isTypeSupported = (type) => !/opus/i.test(type) && asked(type);
}"""
MANAGED = "window.ManagedMediaSource = window.MediaSource; delete window.MediaSource;"
# Stands in for a browser that is not Chromium and says that it plays HLS.
HLS = """delete window.chrome; delete Navigator.prototype.userAgentData;
HTMLMediaElement.prototype.canPlayType = () => "maybe";"""
NO_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"


async def listeners(edge: Edge, count: int) -> None:
    while edge.listening != count:
        await asyncio.sleep(0.02)


async def test_plays_opus_close_to_live(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    await page.evaluate(WATCH)
    await until(page, f"{BEHIND} > 500 && {BEHIND} < 1400")
    await places_itself(page)
    assert "codec=opus" in edge.pushes()[0]


async def test_plays_aac_where_there_is_no_opus(visit: Visit, edge: Edge) -> None:
    page = await visit(script=NO_OPUS)
    await listen(page)
    await page.evaluate(WATCH)
    await places_itself(page)
    assert "codec=aac" in edge.pushes()[0]


async def test_plays_the_plain_stream_where_there_is_no_media_source(
    visit: Visit, edge: Edge
) -> None:
    page = await visit(script=NO_SOURCE)
    await listen(page)
    assert edge.pushes() == []
    assert any("/listen.aac" in target for target in edge.requests)


async def test_plays_through_a_managed_source_where_that_is_all_there_is(
    visit: Visit, edge: Edge
) -> None:
    page = await visit(script=MANAGED)
    await listen(page)
    assert await page.evaluate("() => document.getElementById('sound').disableRemotePlayback")
    assert "codec=opus" in edge.pushes()[0]
    assert await page.evaluate("() => document.getElementById('sound').playbackRate") == 1


async def test_takes_hls_where_a_browser_plays_that_well(visit: Visit, edge: Edge) -> None:
    page = await visit(script=NO_SOURCE + HLS)
    await until(page, FURNISHED)
    await page.click("#play")
    while not any("/index.m3u8?" in target for target in edge.requests):
        await asyncio.sleep(0.02)
    assert not any("/listen.aac" in target for target in edge.requests)


async def test_a_dropped_connection_leaves_no_gap(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    await page.evaluate(WATCH)
    before = (await spans(page))[0]
    edge.drop()
    await until(page, f"document.getElementById('sound').currentTime > {before[1] + 1}")
    after = await spans(page)
    assert len(after) == 1
    assert after[0][0] == pytest.approx(before[0], abs=0.01)
    assert "from=" in edge.pushes()[1]
    assert await page.evaluate("() => window.still.longestMs") < 250
    await places_itself(page)


async def test_comes_back_after_three_seconds_without_a_server(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    began = (await spans(page))[0][0]
    await edge.stop()
    await until(page, "document.documentElement.dataset.phase === 'stalled'")
    stopped = await page.evaluate("() => document.getElementById('sound').currentTime")
    await asyncio.sleep(3)  # the outage itself
    await edge.start()
    await until(page, f"{PLAYING} && document.getElementById('sound').currentTime > {stopped} + 1")
    assert len(await spans(page)) == 1
    assert (await spans(page))[0][0] == pytest.approx(began, abs=0.01)
    await until(page, f"{BEHIND} < 1800")  # it jumped: this is more than speed can catch up


async def test_a_line_without_bytes_is_taken_up_anew(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    edge.quiet = True
    await until(page, "document.documentElement.dataset.phase === 'stalled'")
    while len(edge.pushes()) < 2:
        await asyncio.sleep(0.02)
    edge.quiet = False
    await until(page, f"{PLAYING} && document.getElementById('sound').playbackRate > 1.05")
    assert len(await spans(page)) == 1


async def test_what_the_edge_no_longer_has_is_skipped(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    await page.click("#play")
    await asyncio.sleep(1.5)  # the listener's pause: after it, nothing but the hole makes it jump
    await page.click("#play")
    edge.ring = 2
    await edge.stop()
    await until(page, "document.documentElement.dataset.phase === 'stalled'")
    dry = (await spans(page))[-1][1]
    await edge.start()
    await until(page, f"{PLAYING} && document.getElementById('sound').currentTime > {dry} + 0.5")
    assert len(await spans(page)) == 2


async def test_told_to_move_it_goes_on_at_another_connection(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await until(page, FURNISHED)
    await listen(page)
    await page.evaluate(WATCH)
    edge.say({"type": "move", "within_ms": 400})
    while len(edge.pushes()) < 2:
        await asyncio.sleep(0.02)
    await listeners(edge, 1)
    moved = (await spans(page))[0][1]
    await until(page, f"document.getElementById('sound').currentTime > {moved + 1}")
    assert "from=" in edge.pushes()[1]
    assert len(edge.pushes()) == 2
    assert len(await spans(page)) == 1
    assert await page.evaluate("() => window.still.longestMs") < 250
    await places_itself(page)


@pytest.mark.alone
async def test_the_first_try_follows_within_a_quarter_of_a_second(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    clock = asyncio.get_running_loop().time
    for tries in range(2, 6):
        edge.drop()
        dropped = clock()
        while len(edge.pushes()) < tries:
            await asyncio.sleep(0.01)
        assert clock() - dropped < 0.6  # 0.25 s, and what a busy machine adds
        await listeners(edge, 1)


async def test_a_visitor_has_the_same_key_at_every_visit(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    await page.reload()
    await listen(page)
    other = await visit(
        script="Object.defineProperty(window, 'localStorage', { get() { throw 1; } });"
    )
    await listen(other)
    queries = [parse_qs(urlsplit(target).query) for target in edge.pushes()]
    [first, again, foreign] = [query["v"][0] for query in queries]
    assert first == again != foreign
    assert len({query["t"][0] for query in queries}) == 3
    assert all(re.fullmatch(r"[\w-]{16,64}", one) for one in (first, foreign))
    assert all(re.fullmatch(r"[\w-]{4,16}", query["t"][0]) for query in queries)


async def test_a_hidden_page_hangs_up_and_comes_back(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    await page.evaluate("() => { dispatchEvent(new Event('pagehide')); }")
    await listeners(edge, 0)
    await page.evaluate("() => { dispatchEvent(new Event('pageshow')); }")
    await until(page, PLAYING)
    await listeners(edge, 1)
    assert "from=" in edge.pushes()[-1]


async def test_a_pause_is_kept_until_go_live(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    await page.click("#play")
    await until(page, "document.documentElement.dataset.phase === 'paused'")
    position = await page.evaluate("() => document.getElementById('sound').currentTime")
    await asyncio.sleep(2)  # the listener's pause
    await page.click("#play")
    await until(page, PLAYING)
    now = await page.evaluate("() => document.getElementById('sound').currentTime")
    assert now == pytest.approx(position, abs=0.5)
    await until(page, f"{BEHIND} > 2500")
    assert await page.is_visible("#golive")
    await page.click("#golive")
    await until(page, f"{BEHIND} < 1600")
    await page.wait_for_selector("#golive", state="hidden")


async def test_lets_in_by_itself_when_doors_open(visit: Visit, edge: Edge) -> None:
    edge.door = door("scheduled")
    page = await visit()
    await page.click("#play")
    assert await page.inner_text("#label") == "Waiting for the start"
    edge.door = door("doors")
    await until(page, PLAYING)
    assert await page.inner_text("#pill") == "Doors open"


async def test_the_end_turns_into_the_replay(visit: Visit, edge: Edge) -> None:
    page = await visit()
    await listen(page)
    edge.door = door("ended")
    edge.refuse = 410
    edge.quiet = True
    edge.drop()
    await until(page, "document.documentElement.dataset.status === 'ended'")
    assert "recording is being posted" in await page.inner_text("#note")
    edge.door = door("posted", replay=replay(40))
    await until(page, "document.documentElement.dataset.status === 'posted'")
    assert await page.inner_text("#label") == "Play the recording"


async def test_waits_as_long_as_it_was_asked_to(visit: Visit, edge: Edge) -> None:
    edge.refuse = 503
    page = await visit()
    await page.click("#play")
    while not edge.pushes():
        await asyncio.sleep(0.01)
    first = asyncio.get_running_loop().time()
    edge.refuse = 0
    await until(page, PLAYING)
    assert asyncio.get_running_loop().time() - first > 0.95
    assert len(edge.pushes()) == 2


async def test_says_so_when_the_server_cannot_be_reached(visit: Visit, edge: Edge) -> None:
    page = await visit()
    edge.door_status = 503
    await page.wait_for_selector("#line", state="visible")
    edge.door_status = 200
    await page.wait_for_selector("#line", state="hidden")
