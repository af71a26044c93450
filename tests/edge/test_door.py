"""The door says something true in every state, whatever else is down."""

from __future__ import annotations

import asyncio
import gzip
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hustings import limits, words
from hustings.edge import assets as assets_module
from hustings.edge.assets import Assets
from hustings.log import subjects
from hustings.log.subjects import Kind
from hustings.space import Role
from hustings.space import event as e
from tests.edge.house import SPACE, House, house

FIELDS = {
    "space", "title", "description", "language", "host", "status", "reason", "starts_at_ms",
    "now_ms", "n", "live_n", "live_at_ms", "seats", "listening", "retry_ms", "studio", "replay",
    "line", "description_html", "picture", "listeners_max", "ends_at_ms", "guests", "chat_open",
    "hands_open", "publishing", "captions", "gone",
}  # fmt: skip


class Page(HTMLParser):
    """Text of the title, meta fields, and the state in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.state: Any = None
        self.title = ""
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in = "state" if tag == "script" and given.get("id") == "door" else tag
        if tag == "meta":
            name = given.get("name") or given.get("property") or ""
            self.meta[name] = given.get("content") or ""

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "state":
            self.state = json.loads(data)
        elif self._in == "title":
            self.title += data


async def page(h: House) -> Page:
    answer = await h.get(f"/s/{SPACE}")
    assert answer.status == 200
    return Page(answer.body.decode())


async def test_every_status_has_its_door(h: House) -> None:
    await h.schedule(description="About <b>everything</b>", language="en")
    state = await h.door()
    assert set(state) == FIELDS
    assert (state["status"], state["n"], state["replay"]) == ("scheduled", None, None)
    assert state["studio"] == "https://studio.example"
    seat = state["seats"][0]
    assert seat == {
        "id": "s1", "name": "Ada", "role": "host", "muted": False, "connected": False,
        "speaking": False, "hand": False,
    }  # fmt: skip
    await h.event(e.SeatHandRaised(at_ms=5, by="s1", seat="s1"))
    await h.until(lambda s: s["seats"][0]["hand"])
    await h.event(e.Delayed(at_ms=9, by="web", starts_at_ms=1_950_000_000_000, reason="Fog"))
    state = await h.until(lambda s: s["reason"] == "Fog")
    assert state["starts_at_ms"] == 1_950_000_000_000
    await h.doors()
    await h.chunk(0)
    await h.until(lambda s: s["status"] == "doors" and s["n"] == 0)
    await h.event(e.SeatJoined(at_ms=9, seat="s1", join=1, n=0), kind=Kind.OBS)
    await h.until(lambda s: s["seats"][0]["connected"])
    await h.go_live(1)
    state = await h.until(lambda s: s["live_n"] == 1)
    assert (state["status"], state["live_at_ms"]) == ("live", 4)
    await h.event(e.Held(at_ms=9, by="system", reason="The server is restarting."))
    assert (await h.until(lambda s: s["status"] == "held"))["reason"]
    await h.event(e.Resumed(at_ms=9, by="system"))
    await h.until(lambda s: s["status"] == "live")
    await h.end(0)
    await h.until(lambda s: s["status"] == "ended")
    await h.event(e.Posted(at_ms=9, by="archive", recording_seconds=12.5, receipt_sha256="ab" * 32))
    state = await h.until(lambda s: s["status"] == "posted")
    assert state["replay"] == {
        "seconds": 12.5,
        "m4a": f"/live/{SPACE}/replay.m4a",
        "opus": f"/live/{SPACE}/replay.opus",
        "receipt": f"/live/{SPACE}/receipt.json",
        "timeline": f"/live/{SPACE}/timeline.json",
        "crowd": f"/live/{SPACE}/crowd.json",
        "stems": {},
        "revision": 1,
        "version": 0,
        "files": {},
        "transcript_follows": False,
        "clips": [],
        "expires_at_ms": None,
    }
    await h.event(e.Withheld(at_ms=9, by="web", reason="Wrong file"))
    state = await h.until(lambda s: s["status"] == "withheld")
    assert state["replay"] is None


async def test_cancelled_says_so(h: House) -> None:
    await h.schedule()
    stream = await h.push()
    await h.event(e.Cancelled(at_ms=9, by="web", reason="Storm"))
    state = await h.until(lambda s: s["status"] == "cancelled")
    assert state["reason"] == "Storm"
    assert (await stream.rest()).startswith(b"\0\0\0")  # whoever waited is let go
    assert (await h.get(f"/live/{SPACE}/push")).status == 410


async def test_the_page_holds_state_and_preview(h: House) -> None:
    nasty = '</script><script>alert(1)</script>"&'
    await h.schedule(title=nasty, description="d" * 300, host="Ada & co")
    found = await page(h)
    assert found.state == {**(await h.door()), "now_ms": found.state["now_ms"]} | {
        "retry_ms": found.state["retry_ms"]
    }
    assert found.title == nasty
    assert found.meta["og:title"].startswith(nasty)
    assert found.meta["og:url"] == f"https://listen.example/s/{SPACE}"
    assert len(found.meta["description"]) == 200
    answer = await h.get(f"/s/{SPACE}")
    text = answer.body.decode()
    assert "<script>alert" not in text
    assert "{{" not in text
    # Readable without JavaScript.
    assert f'<h1 id="title" dir="auto">{html.escape(nasty)}</h1>' in text
    assert "<!--hustings" not in text
    policy = answer.fields["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_the_page_is_packed_and_its_assets_exist(h: House) -> None:
    await h.schedule()
    packed = await h.get(f"/s/{SPACE}", Accept_Encoding="br, gzip;q=0.8")
    assert packed.fields["content-encoding"] == "gzip"
    text = gzip.decompress(packed.body).decode()
    names = set(re.findall(r'"(/assets/[^"]+)"', text))
    for name in names:
        answer = await h.get(name)
        assert answer.status == 200, name
        assert answer.fields["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.fields["vary"] == "Accept-Encoding"


async def test_unknown_is_404_and_not_knowing_is_503(h: House) -> None:
    assert (await h.get("/live/nosuchone1/door.json")).status == 404
    missing = await h.get("/s/nosuchone1")
    assert (missing.status, missing.fields["content-type"][:9]) == (404, "text/html")
    for wrong in ("/s/No", "/s/..%2f..", "/live/x*y/door.json", f"/s/{SPACE}/x", "/", "/live"):
        assert (await h.get(wrong)).status == 404, wrong
    await h.log_server.stop()
    answer = await h.get("/live/nosuchone2/door.json")
    assert (answer.status, answer.fields["cache-control"]) == (503, "no-store")
    assert int(answer.fields["retry-after"]) > 0
    away = await h.get("/s/nosuchone2")
    assert away.status == 503
    assert "http-equiv" in away.body.decode()
    assert (await h.get("/live/nosuchone2/push")).status == 503


async def test_a_known_space_has_a_door_while_the_log_is_away(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    stream = await h.push()
    await stream.piece()
    await h.log_server.stop()
    assert (await h.door())["status"] == "doors"
    # The live path goes on without the log.
    await h.chunk(3, log=False)
    assert await stream.piece()
    assert (await h.push()).status == 200


async def test_a_restarted_edge_knows_from_disk(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.open_with(8)
        await h.until(lambda s: s["n"] == 7)
        await h.until(lambda s: (tmp_path / "data/edge-0" / SPACE / "state.json").exists())
        await h.stop_edge(h.edges[0])
        await h.start_edge()
        # Followed at once, before anybody asked: ring and segments are there.
        text = (await h.get("/metrics")).body.decode()
        assert "hustings_edge_rooms 1" in text
        await h.until(lambda s: s["n"] == 7)
        stream = await h.push("?from=640")
        first = await stream.piece()
        assert first
        assert (await h.get(f"/live/{SPACE}/opus/0.m4s")).status == 200


async def test_an_edge_that_starts_without_the_log_serves_what_it_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.open_with(8)
        await h.until(lambda s: s["n"] == 7)
        await h.until(lambda s: (tmp_path / "data/edge-0" / SPACE / "state.json").exists())
        assert (await h.get(f"/live/{SPACE}/opus/0.m4s")).status == 200
        second = await h.start_edge(index=1)  # has never heard of the space
        await h.log_server.stop()
        h.edges.reverse()
        assert (await h.door())["n"] == 7
        assert (await h.get("/live/otherspace/door.json")).status == 503
        unknown = await h.get(f"/live/{SPACE}/door.json", port=second.port)
        assert unknown.status == 503


async def test_operations(h: House) -> None:
    assert (await h.get("/healthz")).body == b"ok\n"
    assert (await h.get("/readyz")).body == b"ready\n"


async def test_preflight(h: House) -> None:
    answer = await h.get(f"/live/{SPACE}/push", method="OPTIONS", Origin="https://x.example")
    assert answer.status == 204
    assert "GET" in answer.fields["access-control-allow-methods"]
    assert answer.fields["access-control-allow-origin"] == "*"


def test_assets_are_read_once_and_named_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("let a = 1;\n" * 50)
    (tmp_path / "page.html").write_text("<p>{{assets}}</p>")
    first = Assets(tmp_path)
    assert first.of(words.load("en")).page == "<p>{{assets}}</p>\n"
    (tmp_path / "a.js").write_text("let a = 2;\n" * 50)
    assert Assets(tmp_path).digest != first.digest
    assert Assets(assets_module.FOLDER).digest == Assets(assets_module.FOLDER).digest


async def test_assets_by_the_book(h: House) -> None:
    prefix = Assets().of(words.load("en")).prefix
    answer = await h.get(f"{prefix}/base.css")
    assert answer.fields["content-type"] == "text/css; charset=utf-8"
    known = await h.get(f"{prefix}/base.css", If_None_Match=answer.fields["etag"])
    assert known.status == 304
    assert "content-type" not in known.fields
    packed = await h.get(f"{prefix}/base.css", Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == answer.body
    plain = await h.get(f"{prefix}/base.css", Accept_Encoding="gzip;q=0")
    assert plain.body == answer.body
    # A page of another version gets the file, and no cache keeps it under that name.
    other = await h.get("/assets/0123456789abcdef/en/base.css")
    assert (other.body, other.fields["cache-control"]) == (answer.body, "no-store")
    strange = ("/assets/x/en/page.html", "/assets/x/xx/base.css", "/assets/x/base.css")
    for wrong in (*strange, f"{prefix}/../door.py", f"{prefix}/%2e%2e/limits.py"):
        assert (await h.get(wrong)).status == 404


async def test_idle_rooms_are_forgotten(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hustings.edge.rooms._SWEEP_S", 0.05)
    await h.stop_edge(h.edges[0])
    await h.start_edge()
    await h.schedule()
    await h.door()
    monkeypatch.setattr(limits, "ROOM_IDLE_S", 0.0)
    async with asyncio.timeout(5):
        while "hustings_edge_rooms 0" not in (await h.get("/metrics")).body.decode():
            await asyncio.sleep(0.05)
    monkeypatch.undo()
    await h.doors()
    await h.until(lambda s: s["status"] == "doors")
    monkeypatch.setattr(limits, "ROOM_IDLE_S", 0.0)
    monkeypatch.setattr("hustings.edge.rooms._SWEEP_S", 0.05)
    await asyncio.sleep(0.2)  # some sweeps: a space on stage is followed, asked for or not
    assert "hustings_edge_rooms 1" in (await h.get("/metrics")).body.decode()


async def test_a_log_entry_that_cannot_be_read_ends_nothing(h: House) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    for data in (b"", b"\xff" * 40, b"\x98"):
        await h.stage[1].publish(subjects.live(SPACE, "mix"), data)
        await h.stage[0].append(SPACE, Kind.MIX, data, message_id=f"x{data.hex()}")
        await h.stage[0].append(SPACE, Kind.OBS, data, message_id=f"y{data.hex()}")
    await h.chunk(2)
    await h.until(lambda s: s["n"] == 2)
    await h.event(e.SeatGranted(at_ms=2, by="web", seat="s2", name="Ben", role=Role.SPEAKER))
    await h.until(lambda s: len(s["seats"]) == 2)
