"""Lines that somebody typed: nothing hides in them, and languages lose nothing."""

from __future__ import annotations

import unicodedata

import pytest

from hustings.web import legible
from tests.web.running import Running, is_problem, make_space


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Ann \t\n  Bell ", "Ann Bell"),
        ("\u202egnitsuH", "gnitsuH"),
        ("\u2066Ann\u2069 \u200fBell\u061c", "Ann Bell"),
        ("A\u200bn\u2060n\ufeff", "Ann"),
        ("A\u00adn\u034fn\u180e", "Ann"),
        ("An\u200dn\u200c", "Ann"),
        ("A\ufe0fnn1\ufe0f", "Ann1"),
        ("\u3164\u2800\u115f\uffa0", ""),
        ("\u0301\u0302Ann", "Ann"),
        ("Ann\u2028Bell\u2029", "Ann Bell"),
        ("Ann\U000e0041\ue000", "Ann"),
        ("e\u0301" + "\u0316" * 60, "é" + "\u0316" * 4),
        ("Hanna\u00a0\u200b\u00a0Host", "Hanna Host"),
    ],
)
def test_nothing_hides(typed: str, shown: str) -> None:
    assert legible.line(typed) == shown
    assert legible.line(shown) == shown


@pytest.mark.parametrize(
    "name",
    [
        "Zoë O’Neill-Müller", "Nguyễn Thị Hạnh", "شیوا می\u200cخواهد", "क्\u200dष श्री", "בְּרֵאשִׁית",  # noqa: RUF001
        "ཀྲུང་གོ", "พี่น้อง", "王小明", "👩🏽\u200d🚀 Ada", "❤️\u200d🔥", "🏳️\u200d🌈", "🇩🇪 Berlin",
    ],
)  # fmt: skip
def test_languages_lose_nothing(name: str) -> None:
    assert legible.line(name) == unicodedata.normalize("NFC", name)


async def test_one_rule_for_accounts_guests_seats_and_titles(web: Running) -> None:
    typed, shown = "\u202eHan\u200bna  Host" + "\u0316" * 9, "Hanna Host" + "\u0316" * 4
    async with web.host() as owner, web.browser() as guest:
        assert (await owner.patch("/api/me", json={"name": typed})).json()["name"] == shown
        made = await make_space(owner, title=typed)
        assert made["title"] == shown
        assert made["host"] == shown
        seat = {"name": typed, "role": "speaker"}
        link = (await owner.post(f"/api/spaces/{made['id']}/seats", json=seat)).json()["link"]
        assert (await guest.post(link, data={"name": typed})).status_code == 303
        names = {one.name for one in (await web.space(made["id"])).seats.values()}
        assert names == {shown}
        for nothing in ("\u3164", "\u200b\u200b", "\u202e \u2066", "\u0301"):
            is_problem(await owner.patch("/api/me", json={"name": nothing}), 422, "value")
            answer = await guest.post(f"/s/{made['id']}/join", data={"name": nothing})
            assert answer.status_code == 422
