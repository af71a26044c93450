"""Pictures come from the store, once for a crowd, and never under another type."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from obstore.store import LocalStore

from hustings import limits
from hustings.config import Settings
from hustings.edge.head import Request
from hustings.edge.pictures import Pictures
from hustings.edge.reply import Reply
from hustings.store import layout
from hustings.store.objects import Objects
from tests.edge.house import SPACE, House

PICTURE = "0123456789abcdef" * 2
REQUEST = Request(method="GET", parts=(), query={}, headers={})


class _Counted(Objects):
    """A store that counts what is read."""

    reads = 0

    async def get(self, path: str, start: int, end: int) -> bytes:
        self.reads += 1
        await asyncio.sleep(0.02)
        return await super().get(path, start, end)


async def _of(pictures: Pictures, picture: str, name: str = "wide.webp") -> Reply:
    outcome = pictures.answer(REQUEST, picture, name)
    made = outcome if isinstance(outcome, Reply) else await outcome  # type: ignore[misc]
    assert isinstance(made, Reply)
    return made


async def test_a_picture_from_the_store(h: House) -> None:
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.picture(PICTURE, "wide"), b"RIFF wide")
    await objects.put(layout.picture(PICTURE, "square"), b"RIFF square")
    for name in ("wide", "square"):
        for _ in range(2):
            answer = await h.get(f"/pictures/{PICTURE}/{name}.webp")
            assert (answer.status, answer.body) == (200, f"RIFF {name}".encode())
            assert answer.fields["content-type"] == "image/webp"
            assert answer.fields["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.fields["content-security-policy"] == "default-src 'none'; sandbox"
            assert answer.fields["x-content-type-options"] == "nosniff"
        tag = answer.fields["etag"]
        again = await h.get(f"/pictures/{PICTURE}/{name}.webp", if_none_match=tag)
        assert again.status == 304
    for wrong in (
        f"/pictures/{'f' * 32}/wide.webp",
        f"/pictures/{PICTURE}/tall.webp",
        f"/pictures/{PICTURE}/wide.png",
        f"/pictures/{PICTURE.upper()}/wide.webp",
        "/pictures/..%2f..%2fkeys/wide.webp",
        f"/pictures/{PICTURE}",
    ):
        assert (await h.get(wrong)).status == 404, wrong


async def test_a_crowd_costs_one_reading_within_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = _Counted(LocalStore(tmp_path))
    others = [f"{i:032x}" for i in range(5)]
    for picture in others:
        await objects.put(layout.picture(picture, "wide"), b"x" * 400)
    pictures = Pictures(objects)
    crowd = await asyncio.gather(*(_of(pictures, others[0]) for _ in range(50)))
    assert {one.status for one in crowd} == {200}
    assert objects.reads == 1
    monkeypatch.setattr(limits, "PICTURES_BYTES", 1_000)
    for picture in others:
        await _of(pictures, picture)
    assert objects.reads == 5
    await _of(pictures, others[4])
    assert objects.reads == 5
    await _of(pictures, others[0])  # was let go
    assert objects.reads == 6


async def test_what_is_missing_is_not_asked_for_at_once_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PICTURE_MISSING_S", 0.2)
    objects = Objects(LocalStore(tmp_path))
    pictures = Pictures(objects)
    assert (await _of(pictures, PICTURE)).status == 404
    await objects.put(layout.picture(PICTURE, "wide"), b"x")
    assert (await _of(pictures, PICTURE)).status == 404
    await asyncio.sleep(0.3)
    assert (await _of(pictures, PICTURE)).status == 200


async def test_the_card_and_the_door_show_the_spaces_picture(h: House) -> None:
    await h.schedule(picture=PICTURE, description="**Rivers** and [more](https://example.org)")
    page = (await h.get(f"/s/{SPACE}")).body.decode()
    address = f"https://listen.example/pictures/{PICTURE}/wide.webp"
    assert f'<meta property="og:image" content="{address}">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    assert '<meta property="og:description" content="Rivers and more">' in page
    assert "noindex" not in page
    door = await h.door()
    assert door["picture"] == {
        size: f"/pictures/{PICTURE}/{size}.webp" for size in ("wide", "square")
    }
    assert door["description"] == "**Rivers** and [more](https://example.org)"
    assert door["description_html"].startswith("<p><strong>Rivers</strong> and <a href=")


async def test_who_is_not_listed_is_not_found_by_searching(h: House) -> None:
    await h.schedule(listed=False)
    page = (await h.get(f"/s/{SPACE}")).body.decode()
    assert '<meta name="robots" content="noindex">' in page
    assert "og:image" not in page
