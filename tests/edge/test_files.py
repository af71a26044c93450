"""Which files are public: those of the published version, and none that is to be erased."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hustings.config import Settings
from hustings.edge import files
from hustings.space import Space, Status
from hustings.space import event as e
from hustings.space import replay_event as r
from hustings.space.replay import Erasure, Replay
from hustings.store import layout
from hustings.store.objects import Objects
from tests.edge.house import SPACE, House

POSTED = Space(id=SPACE, status=Status.POSTED)


def as_edited(**values: Any) -> Space:
    return Space(id=SPACE, status=Status.POSTED, replay=Replay(original_ms=3200, **values))


def test_names_lead_to_the_published_version() -> None:
    at = f"spaces/{SPACE}"
    assert files.path(POSTED, "replay.m4a") == f"{at}/replay.m4a"
    edited = as_edited(version=2)
    assert files.path(edited, "replay.m4a") == f"{at}/versions/2/replay.m4a"
    assert files.path(edited, "stems/ada.opus") == f"{at}/versions/2/stems/ada.opus"
    assert files.path(edited, "transcript.vtt") == f"{at}/versions/2/transcript.vtt"
    assert files.path(edited, "crowd.json") == f"{at}/crowd.json"
    assert files.path(edited, "receipts/3.json") == f"{at}/receipts/3.json"


@pytest.mark.parametrize(
    "name",
    [
        "events.json", "draft/transcript.json", "reel.json", "reel/0.pack", "receipts/0.json",
        "receipts/01.json", "versions/1/replay.m4a", "transcript.docx", "stems/a b.opus", "",
        "clips/x/original.wav", "receipt.json/", "../receipt.json",
    ],
)  # fmt: skip
def test_nothing_else_is_public(name: str) -> None:
    assert files.path(POSTED, name) is None
    assert not files.named(name)


def test_what_lies_in_the_store_is_listed_by_its_public_name() -> None:
    stored = {
        layout.replay_aac(SPACE): 10,
        layout.replay_aac(SPACE, 1): 8,
        layout.events(SPACE): 5,
        layout.transcript_draft(SPACE): 6,
        layout.receipt_number(SPACE, 1): 7,
        layout.receipt(SPACE): 7,
        layout.stem(SPACE, "ada", 1): 4,
        layout.reel_index(SPACE): 1,
    }
    first = files.public(POSTED, stored)
    assert first == {"receipt.json": 7, "receipts/1.json": 7, "replay.m4a": 10}
    edited = files.public(as_edited(version=1), stored)
    assert edited == first | {"replay.m4a": 8, "stems/ada.opus": 4}


def test_what_is_to_be_erased_is_given_to_nobody() -> None:
    erasure = Erasure(id="x", from_ms=320, to_ms=640, seat="", at_ms=1, number=1)
    due = as_edited(erasures=(erasure,), asked=1)
    refused = files.refusal(due, "replay.m4a")
    assert refused is not None
    assert (refused.status, json.loads(refused.body)["code"]) == (503, "changing")
    assert files.refusal(due, "receipt.json") is None
    done = as_edited(erasures=(erasure,), asked=1, done=1, version=1)
    assert files.refusal(done, "replay.m4a") is None
    altered = files.altered(done)
    assert altered is not None
    assert altered.status == 410
    whole = Erasure(id="y", from_ms=0, to_ms=3200, seat="ada", at_ms=1, number=1)
    gone = as_edited(erasures=(whole,), asked=1, done=1, version=1)
    refused = files.refusal(gone, "stems/ada.opus")
    assert refused is not None
    assert refused.status == 410
    assert files.refusal(gone, "stems/ben.opus") is None


async def store(h: House, version: int, data: bytes) -> None:
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.replay_aac(SPACE, version), data)
    await objects.put(layout.receipt(SPACE), b"{}")


async def post(h: House) -> None:
    await store(h, 0, b"as it was")
    await h.open_with(2)
    await h.go_live(0)
    await h.end(1)
    posted = e.Posted(at_ms=9, by="archive", recording_seconds=2, receipt_sha256="ab" * 32)
    await h.event(posted)
    await h.until(lambda s: s["status"] == "posted")


async def revised(h: House, version: int, sha256: str) -> None:
    await h.event(
        r.Revised(
            at_ms=10, by="archive", number=2, sha256=sha256, version=version, through=0,
            recording_seconds=1.5, kept_bytes=9,
        )
    )  # fmt: skip


async def test_a_revision_changes_what_is_served_everywhere(h: House) -> None:
    await post(h)
    first = await h.get(f"/live/{SPACE}/replay.m4a")
    assert first.body == b"as it was"
    assert (await h.get(f"/live/{SPACE}/dvr.m3u8")).status == 200
    await store(h, 1, b"as it is")
    await revised(h, 1, "cd" * 32)
    state = await h.until(lambda s: s["replay"]["version"] == 1)
    assert (state["replay"]["seconds"], state["replay"]["revision"]) == (1.5, 2)
    assert state["replay"]["files"] == {"receipt.json": 2, "replay.m4a": 8}
    second = await h.get(f"/live/{SPACE}/replay.m4a", If_None_Match=first.fields["etag"])
    assert (second.status, second.body) == (200, b"as it is")
    for name in ("dvr.m3u8", "index.m3u8", "opus/0.m4s"):
        answer = await h.get(f"/live/{SPACE}/{name}")
        assert (answer.status, answer.json()["code"]) == (410, "edited"), name


async def test_what_has_expired_is_gone(h: House) -> None:
    await post(h)
    await h.event(r.Expired(at_ms=10, by="archive"))
    state = await h.until(lambda s: s["gone"])
    assert state["replay"] is None
    for name in ("replay.m4a", "all.zip", "dvr.m3u8"):
        answer = await h.get(f"/live/{SPACE}/{name}")
        assert (answer.status, answer.json()["code"]) == (410, "expired"), name
    assert (await h.get(f"/live/{SPACE}/receipt.json")).status == 200
    page = (await h.get(f"/s/{SPACE}")).body.decode()
    assert "replay.m4a" not in page
