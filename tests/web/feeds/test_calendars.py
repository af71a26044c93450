"""Calendars: what is coming, what has moved and what will not take place, by show."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import httpx
import icalendar

from tests.web.running import Running, make_space, until

HOUR_MS = 3_600_000


async def events(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path, follow_redirects=True)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = icalendar.Calendar.from_ical(answer.content)
    return {str(event["SUMMARY"]): event for event in found.events}


async def test_of_everything_of_a_series_and_of_a_host(web: Running) -> None:
    starts = time.time_ns() // 1_000_000 // 1000 * 1000 + 30 * HOUR_MS
    async with web.host() as host, web.browser() as anybody:
        form = {"name": "Hanna Host", "handle": "hanna"}
        assert (await host.post("/account/profile", data=form)).status_code == 303
        series = (await host.post("/api/series", json={"title": "Rivers"})).json()["id"]
        moved = (await make_space(host, title="Moved", series=series, starts_at_ms=starts))["id"]
        off = (await make_space(host, title="Off", starts_at_ms=starts))["id"]
        for title, fields in (("Hidden", {"listed": False}), ("Closed", {"private": True})):
            await make_space(host, title=title, starts_at_ms=starts, **fields)
        assert set(await events(anybody, "/series/rivers.ics")) == {"Moved"}
        for path in ("/calendar.ics", "/@hanna.ics"):
            assert set(await events(anybody, path)) == {"Moved", "Off"}
        before = await events(anybody, "/@hanna.ics")
        assert 'type="text/calendar"' in (await anybody.get("/@hanna")).text

        later = {"starts_at_ms": starts + HOUR_MS, "reason": "A late train, it seems."}
        assert (await host.post(f"/api/spaces/{moved}/delay", json=later)).is_success
        why = {"reason": "No room; sorry."}
        assert (await host.post(f"/api/spaces/{off}/cancel", json=why)).is_success

        async def changed() -> dict[str, Any] | None:
            found = await events(anybody, "/@hanna.ics")
            return found if found["Off"]["STATUS"] == "CANCELLED" else None

        after: dict[str, Any] = await until(changed)
        for title, event in after.items():
            assert event["UID"] == before[title]["UID"]
            assert event["SEQUENCE"] >= before[title]["SEQUENCE"]
        assert after["Moved"]["STATUS"] == "CONFIRMED"
        assert after["Moved"]["DTSTART"].dt == datetime.fromtimestamp(starts / 1000 + 3600, UTC)
        assert "A late train, it seems." in after["Moved"]["DESCRIPTION"]
        assert "No room; sorry." in after["Off"]["DESCRIPTION"]
