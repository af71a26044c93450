"""Every visitor reads the page in a language of their own; nothing of that is kept anywhere."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.house import SPACE, House, head, house

GERMAN = "de-AT,de;q=0.9,en;q=0.5"


@pytest.fixture
async def h(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        await made.schedule(title="The river")
        yield made


async def test_the_page_is_in_the_language_that_the_browser_likes(h: House) -> None:
    english = await h.get(f"/s/{SPACE}")
    german = await h.get(f"/s/{SPACE}", accept_language=GERMAN)
    for answer, tag, words in ((english, "en", "Back to live"), (german, "de", "Zurück zu live")):
        text = answer.body.decode()
        assert answer.fields["content-language"] == tag
        assert answer.fields["vary"] == "Accept-Encoding, Accept-Language"
        assert f'<html lang="{tag}" dir="ltr"' in text
        assert words in text
        assert "{{" not in text
        assert set(re.findall(r'"/assets/[0-9a-f]+/(\w+)/', text)) == {tag}
    assert "set-cookie" not in german.fields


async def test_the_address_has_the_last_word(h: House) -> None:
    for path in (f"/s/{SPACE}", f"/s/{SPACE}/embed", "/s/neverheard"):
        answer = await h.get(f"{path}?lang=en", accept_language=GERMAN)
        assert answer.fields["content-language"] == "en"
        answer = await h.get(f"{path}?lang=de", accept_encoding="gzip")
        assert answer.fields["content-language"] == "de"
        body = answer.body
        if answer.fields.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert b'lang="de"' in body


async def test_answers_at_hand_are_not_mixed_up(h: House) -> None:
    """Over one connection, again and again: what is kept for a second is kept by language."""
    for _ in range(3):
        for tag in ("de", "en", "de;q=0.1,en;q=0.9", GERMAN):
            answer = await h.get(f"/s/{SPACE}", accept_language=tag)
            wanted = "en" if tag.startswith("en") or "0.9" in tag.split(",")[-1] else "de"
            assert answer.fields["content-language"] == wanted
            assert f'lang="{wanted}"'.encode() in answer.body


async def test_scripts_speak_the_language_of_their_folder(h: House) -> None:
    page = (await h.get(f"/s/{SPACE}", accept_language=GERMAN)).body.decode()
    prefix = re.findall(r'"(/assets/\w+/de)/main.js"', page)[0]
    foot = (await h.get(f"{prefix}/later.js")).body.decode()
    assert "Etwas beanstanden" in foot
    assert "Report something" not in foot
    assert '{"en":"English","de":"Deutsch"}' in foot
    offline = await h.get("/offline.html", accept_language=GERMAN)
    assert "Ihre Gespräche" in offline.body.decode()
    assert offline.fields["vary"] == "Accept-Encoding, Accept-Language"
    worker = await h.get("/sw.js", accept_language=GERMAN)
    assert f'"{prefix}/"' in worker.body.decode()


async def test_a_refused_vote_says_why_in_the_language_of_the_page(h: House) -> None:
    vote = b'{"kind": "vote", "v": "abcdefgh12345678", "ballot": "p1", "choices": [0]}'
    reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
    fields = f"Host: a\r\nContent-Type: application/json\r\nContent-Length: {len(vote)}"
    writer.write(f"POST /live/{SPACE}/say?lang=de HTTP/1.1\r\n{fields}\r\n\r\n".encode() + vote)
    status, got = await head(reader)
    told = json.loads(await reader.readexactly(int(got["content-length"])))
    writer.close()
    assert (status, told["code"]) == (404, "ballot")
    assert told["detail"] == "Diese Umfrage oder Frage gibt es nicht."
