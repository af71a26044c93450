"""The editor without a script: its forms, what they say when something is wrong, and the files."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from hustings.store import layout
from tests.web.after.finished import WORDS, Finished
from tests.web.running import is_problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _sent(space: Finished, path: str, form: Mapping[str, object]) -> str:
    """The page after a form that was good."""
    answer = await space.host.post(f"/s/{space.id}/recording{path}", data=dict(form))
    assert answer.status_code == 303, answer.text
    page = await space.host.get(answer.headers["location"])
    assert page.status_code == 200
    return page.text


async def _wrong(space: Finished, path: str, form: Mapping[str, object]) -> str:
    """The page that says what is wrong, its words in a line."""
    answer = await space.host.post(f"/s/{space.id}/recording{path}", data=dict(form))
    assert answer.status_code == 409, answer.text
    found = re.search(r'role="alert">([^<]+)<', answer.text)
    assert found, answer.text
    return found[1]


async def test_a_stretch_by_time_codes(space: Finished) -> None:
    stretch = {"start": "0:12.2", "end": "14", "revision": "2"}
    page = await _sent(space, "/edits", stretch | {"kind": "silence", "reason": "A <cough>."})
    assert "being made anew" in page
    assert "0:12.16 \u2013 0:14.08" in page
    assert "A &lt;cough&gt;." in page
    edit = (await space.state()).replay.changes[0].id
    assert "Taken back." in await _sent(space, f"/edits/{edit}/undo", {})
    # A second press is no complaint.
    assert "Taken back." in await _sent(space, f"/edits/{edit}/undo", {})


async def test_what_is_wrong_is_said_and_nothing_typed_is_lost(space: Finished) -> None:
    good = {"start": "0:12", "end": "0:14", "revision": "2", "kind": "cut", "reason": "A cough."}
    assert "Write a moment" in await _wrong(space, "/edits", good | {"start": "noon"})
    assert "Say why" in await _wrong(space, "/edits", good | {"reason": ""})
    assert "ends after it begins" in await _wrong(space, "/edits", good | {"end": "0:11"})
    assert "has changed meanwhile" in await _wrong(space, "/edits", good | {"revision": "1"})
    assert "1 to" in await _wrong(space, "/clips", good | {"title": ""})
    assert "Type the word" in await _wrong(space, "/erasures", good | {"word": "yes"})
    answer = await space.host.post(
        f"/s/{space.id}/recording/edits", data=good | {"revision": "1", "start": "0:12.5"}
    )
    assert "Load again" in answer.text
    assert 'value="0:12.5"' in answer.text
    assert 'value="A cough."' in answer.text
    assert (await space.state()).replay.asked == 1, "the transcript, and nothing since"


async def test_erasing_wants_a_word_in_the_readers_language(space: Finished) -> None:
    form = {"start": "0:05", "end": "0:06", "revision": "2", "word": " Erase "}
    assert "destroyed everywhere" in await _sent(space, "/erasures", form)
    (erased,) = (await space.state()).replay.erasures
    assert (erased.from_ms, erased.to_ms, erased.seat) == (4_800, 6_080, "")


async def test_chapters_as_rows(space: Finished) -> None:
    rows: dict[str, object] = {
        "revision": "2", "at": ["0:00", "0:20.5", ""], "title": ["Welcome", "Who pays", ""],
    }  # fmt: skip
    page = await _sent(space, "/chapters", rows)
    assert 'value="Who pays"' in page
    assert 'value="0:20.50"' in page
    assert "Back to automatic ones" in page
    assert "Write a moment" in await _wrong(space, "/chapters", rows | {"at": ["a", "0:20", ""]})
    twice = rows | {"at": ["0:20", "0:20", ""]}
    assert "same moment" in await _wrong(space, "/chapters", twice)
    page = await _sent(space, "/chapters", {"revision": "2", "automatic": "1"})
    assert "Back to automatic ones" not in page


async def test_clips_are_made_renamed_and_removed(space: Finished) -> None:
    stretch = {"start": "0:25", "end": "0:29", "revision": "2", "title": "Twice"}
    stretch |= {"square": "1", "tall": "1"}
    assert "The clip is being made" in await _sent(space, "/clips", stretch)
    ((clip, made),) = (await space.state()).replay.clips.items()
    assert made.shapes == ("square", "tall")
    assert "The clip is changed" in await _sent(
        space, f"/clips/{clip}/rename", {"title": "Paid twice"}
    )
    assert (await space.state()).replay.clips[clip].shapes == ()
    await space.carries_out()
    page = await _sent(space, f"/clips/{clip}/rename", {"title": "Paid twice"})
    assert f"/c/{space.id}/{clip}" in page
    space.put(layout.clip(space.id, clip, "audio.m4a"), b"sound")
    path = f"/s/{space.id}/clips/{clip}"
    answer = await space.host.get(f"{path}/audio.m4a")
    assert (answer.content, answer.headers["content-type"]) == (b"sound", "audio/mp4")
    assert answer.headers["content-disposition"].endswith("Paid%20twice.m4a")
    is_problem(await space.host.get(f"{path}/video-square.mp4"), 404, "not-found")
    is_problem(await space.host.get(f"{path}/clip.json"), 422, "value")
    assert "The clip is gone" in await _sent(space, f"/clips/{clip}/remove", {})
    is_problem(await space.host.get(f"{path}/audio.m4a"), 404, "not-found")


async def test_files_of_what_is_published_and_of_the_original(space: Finished) -> None:
    room = f"/s/{space.id}"
    space.put(layout.replay_aac(space.id, 1), b"edited" * 100)
    space.put(layout.transcript(space.id, "txt", 1), b"Edited.")
    first = (await space.host.get(f"{room}/recording.m4a")).content
    await space.does(
        "POST",
        "/edits",
        {"kind": "cut", "from_ms": 0, "to_ms": 320, "reason": "Noise.", "revision": 2},
    )
    await space.carries_out(version=1)
    ranged = {"Range": "bytes=6-11"}
    answer = await space.host.get(f"{room}/recording.m4a", headers=ranged)
    assert (answer.status_code, answer.content) == (206, b"edited")
    assert (await space.host.get(f"{room}/recording/transcript.txt")).text == "Edited."
    original = await space.host.get(f"{room}/original/replay.m4a")
    assert original.content == first
    assert "attachment" in original.headers["content-disposition"]
    is_problem(await space.host.get(f"{room}/original/transcript.txt"), 404, "not-found")
    is_problem(await space.host.get(f"{room}/recording/events.json"), 404, "not-found")
    page = await space.cohost.get(f"{room}/recording")
    assert page.status_code == 200
    assert "The original" not in page.text
    is_problem(await space.cohost.get(f"{room}/original/replay.m4a"), 403, "role")


async def test_the_page_leads_to_the_editor(space: Finished) -> None:
    page = (await space.host.get(f"/s/{space.id}/after")).text
    assert f'href="/s/{space.id}/recording"' in page
    assert WORDS[0] in (await space.host.get(f"/s/{space.id}/recording/transcript.txt")).text
