"""A clip has a page of its own, files with byte ranges, and ends with what it was made of."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from hustings.archive.clips.make import make
from hustings.config import Settings
from hustings.edge.card import clip_of
from hustings.space import event as e
from hustings.space import replay_event as r
from hustings.store import layout
from hustings.store.objects import Objects
from tests.archive.clips.evening import planned, recorded
from tests.edge.house import SPACE, Answer, House, house
from tests.edge.test_rights import ticket
from tests.player.browser import until

PAGE: Final = f"/c/{SPACE}/clip1"
FILES: Final = f"/live/{SPACE}/clips/clip1"
TITLE: Final = 'The river "rose"'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    source = recorded(tmp_path_factory.mktemp("source"))
    make(planned(title=TITLE), source, folder, progress=lambda _: None)
    return folder


async def post(h: House, made: Path | None, **values: Any) -> None:
    """A posted space with a clip of which `made` are the files, None before they are made."""
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.replay_aac(SPACE), b"0123456789")
    if made is not None:
        for path in made.iterdir():
            await objects.put(layout.clip(SPACE, "clip1", path.name), path.read_bytes())
    await h.schedule(**values)
    await h.doors()
    await h.event(e.WentLive(at_ms=4, by="web"))
    await h.event(e.Ended(at_ms=5, by="web"))
    posted = e.Posted(at_ms=9, by="archive", recording_seconds=8.96, receipt_sha256="ab" * 32)
    await h.event(posted)
    await h.event(
        r.ClipMade(
            at_ms=10, by="web", clip="clip1", from_ms=1_920, to_ms=4_480, title=TITLE,
            shapes=("square",),
        )
    )  # fmt: skip
    await revised(h, 1, through=1)


async def revised(h: House, number: int, *, through: int) -> None:
    await h.event(
        r.Revised(
            at_ms=11, by="archive", number=number, sha256=f"{number:064x}", version=0,
            through=through, recording_seconds=8.96, kept_bytes=1,
        )
    )  # fmt: skip


async def answered(h: House, address: str, status: int) -> Answer:
    """The answer, once it has this status: edges hear of events a moment later."""
    for _ in range(400):
        answer = await h.get(address)
        if answer.status == status:
            return answer
        await h.get("/healthz")
    raise AssertionError(f"{address}: {answer.status} {answer.body.decode()[:300]}")


@pytest.fixture
async def shown(h: House, made: Path) -> str:
    await post(h, made)
    page = await answered(h, PAGE, 200)
    return page.body.decode()


async def test_the_page_is_complete_without_a_script(h: House, shown: str) -> None:
    assert f'<h1 dir="auto">{html.escape(TITLE)}</h1>' in shown
    assert f'src="{FILES}/video-square.mp4"' in shown
    assert f'poster="{FILES}/card.webp"' in shown
    assert f'href="/s/{SPACE}?t=1"' in shown
    assert "The river rose." in shown
    assert "Ben Calloway-Ferreira" in shown
    names = {"The river rose.mp4", "The river rose.m4a"}
    assert set(re.findall(r'download="([^"]+)"', shown)) == names
    answer = await h.get(PAGE)
    assert "script-src 'self'" in answer.fields["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.fields["content-security-policy"]
    again = await h.get(PAGE, If_None_Match=answer.fields["etag"])
    assert again.status == 304
    german = (await h.get(PAGE, Accept_Language="de")).body.decode()
    assert "Das ganze Gespräch von hier an hören" in german
    assert '<html lang="de"' in german


async def test_other_sites_are_told_how_it_looks(shown: str) -> None:
    told = dict(re.findall(r'<meta property="([\w:]+)" content="([^"]*)">', shown))
    there = f"https://listen.example{FILES}"
    assert told["og:title"] == html.escape(TITLE)
    assert told["og:url"] == f"https://listen.example{PAGE}"
    assert told["og:description"] == "Clip, 0:02. all. The river rose."
    assert told["og:image"] == f"{there}/card.webp"
    assert told["og:video"] == f"{there}/video-square.mp4"
    assert (told["og:video:width"], told["og:video:height"]) == ("1080", "1080")
    assert '<meta name="twitter:card" content="summary_large_image">' in shown
    assert f'<link rel="canonical" href="https://listen.example{PAGE}">' in shown


async def test_it_can_be_embedded(h: House, shown: str) -> None:
    link = re.search(
        r'type="application/json\+oembed" href="https://listen\.example([^"]+)"', shown
    )
    assert link is not None
    document = (await h.get(html.unescape(link[1]))).json()
    assert (document["type"], document["title"]) == ("video", TITLE)
    assert (document["width"], document["height"]) == (480, 480)
    assert f'src="https://listen.example{PAGE}/embed"' in document["html"]
    small = (await h.get(html.unescape(link[1]) + "&maxheight=200")).json()
    assert (small["width"], small["height"]) == (200, 200)
    assert (await h.get(html.unescape(link[1]) + "&maxheight=x")).status == 400
    assert (await h.get(html.unescape(link[1]).replace("clip1", "clip2"))).status == 404
    frame = await h.get(f"{PAGE}/embed")
    assert frame.status == 200
    assert "frame-ancestors *" in frame.fields["content-security-policy"]
    assert f'href="https://listen.example{PAGE}"' in frame.body.decode()


async def test_files_have_types_and_ranges(h: House, shown: str, made: Path) -> None:
    kinds = {
        "clip.json": "application/json",
        "audio.m4a": "audio/mp4",
        "card.webp": "image/webp",
        "video-square.mp4": "video/mp4",
    }
    for name, kind in kinds.items():
        answer = await h.get(f"{FILES}/{name}")
        assert (answer.status, answer.fields["content-type"]) == (200, kind)
        assert answer.body == (made / name).read_bytes()
    part = await h.get(f"{FILES}/video-square.mp4", Range="bytes=100-199")
    assert part.status == 206
    assert part.body == (made / "video-square.mp4").read_bytes()[100:200]
    for name in ("video-wide.mp4", "video-round.mp4", "notes.txt", "../receipt.json"):
        assert (await h.get(f"{FILES}/{name}")).status == 404
    # They are no part of the recording.
    door = await h.door()
    assert not [name for name in door["replay"]["files"] if "clip" in name]


async def test_before_it_is_made_the_page_asks_again(h: House, made: Path) -> None:
    await post(h, None)
    waiting = await answered(h, PAGE, 503)
    assert '<meta http-equiv="refresh"' in waiting.body.decode()
    assert "being made" in waiting.body.decode()
    asked = f"/oembed?url=https://listen.example{PAGE}"
    assert (await h.get(asked)).status == 503
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.clip(SPACE, "clip1", "clip.json"), (made / "clip.json").read_bytes())
    await answered(h, PAGE, 200)


@pytest.mark.parametrize(
    "address", [f"/c/{SPACE}/other", "/c/neverheard/clip1", "/c/no!/clip1", f"/c/{SPACE}/x/y"]
)
async def test_an_address_without_a_clip(h: House, shown: str, address: str) -> None:
    answer = await h.get(address)
    assert answer.status == 404
    assert "<h1>No clip here</h1>" in answer.body.decode() or address.endswith("y")


async def test_a_new_title_is_seen_at_once(h: House, shown: str) -> None:
    renamed = r.ClipMade(
        at_ms=12, by="web", clip="clip1", from_ms=1_920, to_ms=4_480, title="High water",
        shapes=("square",),
    )  # fmt: skip
    await h.event(renamed)
    for _ in range(400):
        page = (await h.get(PAGE)).body.decode()
        if "High water" in page:
            return
    raise AssertionError(page)


async def test_it_goes_with_what_it_was_made_of(h: House, shown: str) -> None:
    """As soon as it was decided; before the archive has done anything."""
    erased = r.Erased(at_ms=12, by="web", erasure="x1", from_ms=4_479, to_ms=6_000)
    await h.event(erased)
    await answered(h, PAGE, 503)
    assert (await h.get(f"{FILES}/video-square.mp4")).status == 503
    await revised(h, 2, through=2)
    gone = await answered(h, PAGE, 410)
    assert "<h1>This clip is gone</h1>" in gone.body.decode()
    assert (await h.get(f"{FILES}/video-square.mp4")).status == 410
    assert (await h.get(f"/oembed?url=https://listen.example{PAGE}")).status == 410
    assert (await h.get(f"/live/{SPACE}/replay.m4a")).status == 200


async def test_it_goes_when_it_is_taken_away_cut_out_or_expired(h: House, shown: str) -> None:
    cut = r.SpanEdited(
        at_ms=12, by="web", edit="e1", kind="cut", from_ms=1_920, to_ms=4_480, reason=""
    )
    await h.event(cut)
    await revised(h, 2, through=2)
    await answered(h, PAGE, 410)
    await h.event(r.EditUndone(at_ms=13, by="web", edit="e1"))
    await revised(h, 3, through=3)
    await answered(h, PAGE, 200)
    await h.event(r.ClipRemoved(at_ms=14, by="web", clip="clip1"))
    await answered(h, PAGE, 404)
    assert (await h.get(f"{FILES}/video-square.mp4")).status == 404
    await h.event(r.Expired(at_ms=15, by="archive"))
    await answered(h, PAGE, 410)


async def test_of_a_private_space_it_is_shown_by_ticket(h: House, made: Path) -> None:
    await post(h, made, private=True)
    closed = await answered(h, PAGE, 401)
    assert TITLE not in html.unescape(closed.body.decode())
    assert closed.fields["cache-control"] == "private, no-store"
    token = ticket(h)
    page = await answered(h, f"{PAGE}?ticket={token}", 200)
    assert page.fields["cache-control"] == "private, no-store"
    text = page.body.decode()
    assert "og:" not in text
    assert '<meta name="robots" content="noindex">' in text
    for address in re.findall(r'(?:src|href|poster)="(/(?:live|s)/[^"]+)"', text):
        assert f"ticket={token}" in html.unescape(address)
    media = re.search(r'<video[^>]* src="([^"]+)"', text)
    assert media is not None
    assert (await h.get(html.unescape(media[1]))).status == 200
    assert (await h.get(f"{FILES}/video-square.mp4")).status == 401
    assert (await h.get(f"/oembed?url=https://listen.example{PAGE}")).status == 404


def test_addresses_of_clips() -> None:
    there = "https://a.example/radio"
    assert clip_of(f"{there}/c/abcd/x1", listen=there) == ("abcd", "x1")
    assert clip_of(f"{there}/s/abcd", listen=there) is None
    assert clip_of("https://b.example/c/abcd/x1", listen=there) is None


@pytest.mark.browser
async def test_chromium_plays_it_and_no_rule_is_broken(made: Path, tmp_path: Path) -> None:
    async with house(tmp_path, edge=False) as h, async_playwright() as playwright:
        edge = await h.start_edge(listen_url="", studio_url="")
        await post(h, made)
        await answered(h, PAGE, 200)
        address = f"http://127.0.0.1:{edge.port}{PAGE}"
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        for width, scheme in ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")):
            await _looked_at(browser, address, width, scheme)
        page = await browser.new_page(java_script_enabled=False)
        await page.goto(address)
        assert not await page.is_visible("#share")
        assert await page.is_visible("video")
        await browser.close()


async def _looked_at(browser: Browser, address: str, width: int, scheme: Any) -> None:
    page = await browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    faults: list[str] = []
    page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"{error.stack}"))
    await page.goto(address)
    await until(page, "document.querySelector('video').readyState >= 1")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = await Axe().run(page)
    assert [one["id"] for one in found.response["violations"]] == []
    length, picture = await page.evaluate(
        "(({ duration, videoWidth }) => [duration, videoWidth])(document.querySelector('video'))"
    )
    assert (round(length, 2), picture) == (2.56, 1080)
    if scheme == "light":
        await _played(page)
    await page.goto(f"{address}/embed")
    await until(page, "document.querySelector('video').readyState >= 1")
    found = await Axe().run(page)
    assert [one["id"] for one in found.response["violations"]] == []
    assert faults == []
    await page.close()


async def _played(page: Page) -> None:
    """To its end, with the sentence marked that is being said."""
    await page.evaluate("document.querySelector('video').play()")
    await until(page, "document.querySelector('[aria-current]')?.textContent === 'The river rose.'")
    await until(page, "document.querySelector('video').ended")
    played = await page.evaluate(
        "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"
    )
    assert played > 20
