"""The API of a recording: what is asked for is decided, and shown as far as it is made."""

from __future__ import annotations

import pytest

from hustings.space.replay_command import Expire, WarnOfExpiry
from tests.web.after.finished import LASTS_MS, TITLE, Finished
from tests.web.running import Running, is_problem, make_space

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_edit_is_made_and_taken_back(space: Finished) -> None:
    asked = {"kind": "cut", "from_ms": 12_200, "to_ms": 14_000, "reason": "A cough.", "revision": 2}
    made = await space.does("POST", "/edits", asked)
    (edit,) = made["edits"]
    # Widened outwards to whole steps, and nothing is different before it was made.
    assert (edit["from_ms"], edit["to_ms"], edit["state"]) == (12_160, 14_080, "making")
    assert (edit["reason"], edit["by"]) == ("A cough.", "Hanna Host")
    assert made["making"]
    assert made["duration_ms"] == LASTS_MS
    await space.carries_out(version=1)
    made = await space.does("GET", "")
    assert made["duration_ms"] == LASTS_MS - 1_920
    assert made["kept"] == [
        {"from_ms": 0, "to_ms": 12_160},
        {"from_ms": 14_080, "to_ms": LASTS_MS},
    ]
    assert made["edits"][0]["state"] == "made"
    assert made["edits"][0]["at_ms"] == made["edits"][0]["end_ms"] == 12_160
    # The same milliseconds would mean something else now.
    answer = await space.host.post(f"/api/spaces/{space.id}/recording/edits", json=asked)
    is_problem(answer, 409, "stale")
    made = await space.does("DELETE", f"/edits/{edit['id']}")
    assert made["edits"][0]["state"] == "undoing"
    await space.carries_out(version=2)
    made = await space.does("GET", "")
    assert (made["edits"][0]["state"], made["duration_ms"]) == ("undone", LASTS_MS)
    path = f"/api/spaces/{space.id}/recording/edits/{edit['id']}"
    is_problem(await space.host.delete(path), 409, "done")
    is_problem(await space.host.delete(path[:-4] + "zzzz"), 404, "missing")
    entries = (await space.host.get(f"/api/spaces/{space.id}/audit")).json()["entries"]
    assert [one["did"] for one in entries[:2]] == ["recording.restored", "recording.edited"]


async def test_an_erasure_is_known_by_who_asked_and_not_by_what(space: Finished) -> None:
    seat = space.seats["Jonas Weber"]
    asked = {"from_ms": 5_000, "to_ms": 9_000, "seat": seat, "revision": 2}
    made = await space.does("POST", "/erasures", asked | {"reason": "He asked for it."})
    (erased,) = made["erasures"]
    assert (erased["name"], erased["length_ms"], erased["state"]) == (
        "Jonas Weber",
        4_480,
        "making",
    )
    assert "from_ms" not in erased
    (entry, *_) = (await space.host.get(f"/api/spaces/{space.id}/audit")).json()["entries"]
    assert entry["did"] == "recording.erased"
    assert entry["by_name"] == "Hanna Host"
    assert entry["reason"] == "He asked for it."
    answer = await space.host.post(
        f"/api/spaces/{space.id}/recording/erasures", json=asked | {"seat": "nobody"}
    )
    is_problem(answer, 409, "seat")
    whole = {"from_ms": 0, "to_ms": LASTS_MS, "revision": 2}
    answer = await space.host.post(f"/api/spaces/{space.id}/recording/erasures", json=whole)
    is_problem(answer, 422, "value")


async def test_chapters(space: Finished) -> None:
    made = await space.does("GET", "")
    assert made["chapters_automatic"]
    assert [one["at_ms"] for one in made["chapters"]] == [0, 20_480]
    chapters = [{"at_ms": 20_000, "title": "Who pays"}, {"at_ms": 0, "title": "Welcome"}]
    made = await space.does("PUT", "/chapters", {"chapters": chapters, "revision": 2})
    assert not made["chapters_automatic"]
    assert [one["title"] for one in made["chapters"]] == ["Welcome", "Who pays"]
    # A chapter moves along with what is published before it.
    edit = {"kind": "cut", "from_ms": 0, "to_ms": 3_200, "reason": "Noise.", "revision": 2}
    await space.does("POST", "/edits", edit)
    await space.carries_out(version=1)
    made = await space.does("GET", "")
    assert made["chapters"] == [
        {"at_ms": 0, "title": "Welcome"},
        {"at_ms": 16_800, "title": "Who pays"},
    ]
    made = await space.does("PUT", "/chapters", {"chapters": None, "revision": 3})
    assert made["chapters_automatic"]


async def test_a_chapter_is_marked_while_it_is_live(web: Running) -> None:
    async with web.host() as host:
        room = f"/api/spaces/{(await make_space(host))['id']}"
        mark = {"title": "Questions"}
        is_problem(await host.post(f"{room}/recording/chapters", json=mark), 409, "status")
        for verb in ("doors", "live"):
            await host.post(f"{room}/{verb}")
        answer = await host.post(f"{room}/recording/chapters", json=mark)
        assert (answer.status_code, answer.json()["status"]) == (201, "live")
        is_problem(await host.get(f"{room}/recording"), 409, "status")


async def test_sentences_are_put_right_and_every_wording_is_kept(space: Finished) -> None:
    right = {"id": "c3", "text": "Why was there no second gauge?"}
    await space.does("PATCH", "/transcript", {"corrections": [right]})
    found = await space.does("GET", "/transcript")
    assert (found["state"], found["language"], found["left_out"]) == ("made", "en", [])
    (sentence,) = [one for one in found["sentences"] if one["id"] == "c3"]
    assert sentence["name"] == "Amara Okafor"
    assert (sentence["text"], sentence["making"]) == (right["text"], True)
    assert sentence["published"] == "Why was there no second gorge?"
    (change,) = sentence["changes"]
    assert (change["before"], change["text"]) == (sentence["published"], right["text"])
    assert change["by"] == "Hanna Host"
    # Who looked before that is told so, and nothing is overwritten.
    path = f"/api/spaces/{space.id}/recording/transcript"
    late = {"corrections": [right | {"text": "Why?", "before": sentence["published"]}]}
    is_problem(await space.host.patch(path, json=late), 409, "stale")
    unknown = {"corrections": [{"id": "c99", "text": "Why?"}]}
    is_problem(await space.host.patch(path, json=unknown), 404, "missing")
    # Left out, and put back.
    await space.does("PATCH", "/transcript", {"corrections": [{"id": "c3", "text": ""}]})
    await space.carries_out()
    found = await space.does("GET", "/transcript")
    assert [one["id"] for one in found["left_out"]] == ["c3"]
    assert "c3" not in [one["id"] for one in found["sentences"]]
    back = {"id": "c3", "text": right["text"], "before": ""}
    await space.does("PATCH", "/transcript", {"corrections": [back]})
    found = await space.does("GET", "/transcript")
    assert found["left_out"] == []
    (sentence,) = [one for one in found["sentences"] if one["id"] == "c3"]
    assert [one["text"] for one in sentence["changes"]] == [right["text"], "", right["text"]]


async def test_of_an_erased_sentence_no_wording_is_shown(space: Finished) -> None:
    right = {"id": "c2", "text": "I lived in Bridge Street, at number nine."}
    await space.does("PATCH", "/transcript", {"corrections": [right]})
    cues = [one for one in space.cues if one["id"] != "c2"]
    space.transcript(cues=cues, draft=cues)
    told = await space.host.get(f"/api/spaces/{space.id}/recording/transcript")
    assert "c1" in told.text
    assert "Bridge Street" not in told.text


async def test_clips(space: Finished) -> None:
    asked = {"from_ms": 25_000, "to_ms": 29_000, "title": "Twice", "revision": 2}
    clip = await space.does("POST", "/clips", asked)
    assert (clip["title"], clip["at_ms"], clip["end_ms"]) == ("Twice", 24_960, 29_120)
    assert clip["state"] == "making"
    assert clip["page_url"].endswith(f"/c/{space.id}/{clip['id']}")
    await space.carries_out()
    clip = await space.does("GET", f"/clips/{clip['id']}")
    assert clip["state"] == "made"
    assert list(clip["video_urls"]) == ["square"]
    wanted = {"title": "The valley pays twice", "shapes": ["tall", "wide"]}
    again = await space.does("PATCH", f"/clips/{clip['id']}", wanted)
    assert [url.rpartition("/")[2] for url in again["video_urls"].values()] == [
        "video-wide.mp4",
        "video-tall.mp4",
    ]
    assert (again["title"], again["state"]) == ("The valley pays twice", "making")
    assert (await space.does("GET", ""))["clips"] == [again]
    await space.does("DELETE", f"/clips/{clip['id']}")
    assert (await space.does("GET", ""))["clips"] == []
    path = f"/api/spaces/{space.id}/recording/clips/{clip['id']}"
    is_problem(await space.host.get(path), 404, "missing")
    is_problem(await space.host.delete(path), 404, "missing")
    beyond = asked | {"to_ms": 60_000, "revision": 3}
    answer = await space.host.post(f"/api/spaces/{space.id}/recording/clips", json=beyond)
    is_problem(answer, 422, "value")


async def test_what_could_not_be_made_and_what_goes(space: Finished) -> None:
    edit = {"kind": "silence", "from_ms": 0, "to_ms": 320, "reason": "Noise.", "revision": 2}
    await space.does("POST", "/edits", edit)
    await space.carries_out(failed="The store is full.")
    made = await space.does("GET", "")
    assert (made["failed"], made["making"]) == ("The store is full.", False)
    await space.decided(WarnOfExpiry(by="system", expires_at_ms=1_000))
    assert (await space.does("GET", ""))["expires_at_ms"] == 1_000
    await space.decided(Expire(by="system"))
    is_problem(await space.host.get(f"/api/spaces/{space.id}/recording"), 410, "gone")


async def test_what_is_said_of_it_is_put_right(space: Finished) -> None:
    path = f"/api/spaces/{space.id}"
    changed = {"title": "Who owns the rain?", "listed": False, "keep_days": 30}
    answer = await space.host.patch(path, json=changed)
    assert (answer.status_code, answer.json()["title"]) == (200, "Who owns the rain?")
    assert (await space.does("GET", ""))["keep_days"] == 30
    is_problem(await space.host.patch(path, json={"private": True}), 409, "status")
    form = {"title": TITLE, "description": "**Ours.**", "audience": "public"}
    answer = await space.host.post(f"/s/{space.id}/edit", data=form)
    assert answer.status_code == 303, answer.text
    now = await space.state()
    assert (now.title, now.description, now.listed) == (TITLE, "**Ours.**", True)
    assert now.replay.keep_days == 30, "what the form does not have stays"
