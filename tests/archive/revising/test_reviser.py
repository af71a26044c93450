"""Wishes of hosts carried out by a real archive, on a real log: what is heard afterwards, and what
is nowhere any more."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import IO, Any

import av
import pytest

from hustings import limits
from hustings.archive.revising import work
from hustings.archive.revising.reviser import Reviser
from hustings.archive.revising.work import MakeClip
from hustings.archive.service import REVISING
from hustings.archive.verify import verify_folder
from hustings.formats import transcript
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import replay_command as rc
from hustings.space.replay import Heading
from hustings.store import layout
from hustings.store.objects import Objects
from tests.archive.conftest import House, until
from tests.archive.revising.hosting import (
    ADA_HZ,
    BEN_HZ,
    BY,
    SLOT,
    SLOTS,
    Host,
    copied,
    edit,
    erased,
    evening,
    powers,
    receipt_of,
    said,
)  # fmt: skip
from tests.archive.script import SPACE, WALL_MS


async def test_a_recording_is_mastered_and_cut(house: House, tmp_path: Path) -> None:
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    async with house.archive():
        first = await host.settled()
        assert (first.replay.revision, first.version) == (2, 0)
        await host.wishes(edit("silence", 0, 5, revision=2))
        edited = await host.asks(edit("cut", 10, 20, revision=2))
        assert edited.recording_seconds == pytest.approx((SLOTS - 10) * 0.32)
    folder = await copied(house, tmp_path / "edited")
    version = folder / f"versions/{edited.version}"
    assert [path.name for path in (folder / "versions").iterdir()] == [version.name]
    heard = powers(version / "replay.m4a")
    assert len(heard[ADA_HZ]) == SLOTS - 10
    assert [slot for slot, level in enumerate(heard[BEN_HZ]) if level > -30] == [*range(10, 20)]
    assert all(level < -60 for level in heard[ADA_HZ][:4])
    assert all(level > -30 for level in heard[ADA_HZ][6:])
    assert len(powers(folder / "replay.m4a")[ADA_HZ]) == SLOTS
    told = receipt_of(folder)
    assert [(one["kind"], one["at_ms"], one["length_ms"]) for one in told["edits"]] == [
        ("silence", 0, 5 * SLOT),
        ("cut", 10 * SLOT, 10 * SLOT),
    ]
    assert told["published"]["duration_ms"] == (SLOTS - 10) * SLOT
    assert told["published"]["kept"] == [
        {"at_ms": 0, "length_ms": 10 * SLOT},
        {"at_ms": 20 * SLOT, "length_ms": (SLOTS - 20) * SLOT},
    ]
    assert "LUFS" in told["loudness"]["integrated"]
    assert f"versions/{edited.version}/master.m4a" in {one["name"] for one in told["files"]}
    assert verify_folder(folder, house.keys.receipt_public()).problems == ()


async def test_what_was_cut_is_put_back_and_chapters_are_named(
    house: House, tmp_path: Path
) -> None:
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    async with house.archive():
        await host.settled()
        await host.asks(edit("cut", 10, 20, revision=2))
        await host.wishes(rc.UndoEdit(**BY, edit="cutedit"))
        revision = (await host.state()).replay.revision
        chapters = (Heading(0, "First"), Heading(15 * SLOT, "Second"))
        command = rc.SetChapters(**BY, chapters=chapters, revision=revision)
        last = await host.asks(command)
    folder = await copied(house, tmp_path / "last")
    with av.open(str(folder / f"versions/{last.version}/replay.m4a")) as container:
        titles = [one["metadata"]["title"] for one in container.chapters()]
        assert container.duration == SLOTS * SLOT * 1000
    assert titles == ["First", "Second"]
    numbers = sorted(int(path.stem) for path in (folder / "receipts").iterdir())
    assert numbers == list(range(1, last.replay.revision + 1))
    assert "edits" not in receipt_of(folder)
    assert verify_folder(folder, house.keys.receipt_public()).problems == ()


async def test_a_voice_that_is_erased_is_nowhere_any_more(house: House, tmp_path: Path) -> None:
    await house.feed(evening())
    log, _ = await house.connect("archive")
    draft = layout.transcript_draft(SPACE)
    async with house.archive():
        # The last wish is counted on, although entries of the log are gone.
        host = Host(*await house.connect("web"))
        await erased(house, host)
        # Whoever writes down what was said may have begun before, and be killed in between.
        await house.objects.put(draft, transcript.encode(said()))
        late = rc.NoteTranscript(by="captions", sha256="1f", engine="e", language="en")
        after = await host.asks(late)
        await until(lambda: _without(house, draft, b"I wish"))
        folder = await copied(house, tmp_path / "after")
        left = [entry async for entry in log.read(SPACE, [Kind.MIX, Kind.STEM, Kind.EV])]
    version = f"versions/{after.version}"
    for name in ("replay.m4a", "replay.opus", f"{version}/replay.m4a", f"{version}/replay.opus"):
        heard = powers(folder / name)
        assert len(heard[ADA_HZ]) == SLOTS - name.startswith(version)
        assert all(level > -30 for level in heard[ADA_HZ][1:-1]), name
        assert all(level < -50 for level in heard[BEN_HZ]), name
    assert [path.stem for path in folder.rglob("*.opus") if "seat" in path.name] == ["seatada"] * 2
    assert {entry.kind for entry in left} == {Kind.EV}
    everywhere = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for data in (*everywhere, *(entry.data for entry in left)):
        assert b"I wish" not in data
    told = receipt_of(folder)["erased"]
    assert [(one["kind"], one["length_ms"]) for one in told] == [("seat", SLOTS * SLOT)]
    assert verify_folder(folder, house.keys.receipt_public()).problems == ()
    await house.objects.put(draft, transcript.encode(said()))
    async with house.archive():  # one that was killed before it had cleaned up
        await until(lambda: _without(house, draft, b"I wish"))


async def test_a_clip_is_made_and_goes_again(house: House, tmp_path: Path) -> None:
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    async with house.archive():
        await host.settled()
        clip = rc.MakeClip(
            **BY, clip="clip", from_ms=10 * SLOT, to_ms=14 * SLOT, title="Best", revision=2
        )
        await host.asks(clip)
        folder = await copied(house, tmp_path / "with")
        names = {path.name for path in (folder / "clips/clip").iterdir()}
        assert names == {"clip.json", "audio.m4a", "video-square.mp4", "card.webp"}
        heard = powers(folder / "clips/clip/audio.m4a")
        assert len(heard[ADA_HZ]) == 4
        assert verify_folder(folder, house.keys.receipt_public()).problems == ()
        await host.asks(rc.RenameClip(**BY, clip="clip", shapes=("tall",)))
        shapes = {path.stem for path in (await copied(house, tmp_path / "tall")).rglob("*.mp4")}
        assert shapes == {"video-tall"}
        await host.asks(rc.RemoveClip(**BY, clip="clip"))
    folder = await copied(house, tmp_path / "without")
    assert not (folder / "clips").exists()
    assert "clips" not in json.dumps(receipt_of(folder)["files"])


async def _without(house: House, path: str, words: bytes) -> bool:
    return words not in (await house.objects.whole(path) or words)


async def test_a_clip_that_cannot_be_made_holds_up_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.1)
    patience = {MakeClip: 0.0}
    monkeypatch.setattr(work, "time_s", lambda one: patience.get(type(one), 60.0))
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    clip = rc.MakeClip(
        **BY, clip="clip", from_ms=30 * SLOT, to_ms=34 * SLOT, title="Best", revision=2
    )
    gone = rc.Erase(**BY, erasure="gone", from_ms=0, to_ms=SLOT, seat="", revision=2)
    async with house.archive():
        await host.settled()
        await host.wishes(clip)
        await host.wishes(gone)

        async def erased_without_it() -> bool:
            replay = (await host.state()).replay
            return replay.asked == replay.done and bool(replay.failed)

        await until(erased_without_it)
        numbers = (await host.state()).replay.revision
        assert [e["kind"] for e in (await _receipt(house))["erased"]] == ["span"]
        patience[MakeClip] = 60.0

        async def made() -> bool:
            replay = (await host.state()).replay
            return not replay.unfinished and not replay.failed

        await until(made)
        assert await house.objects.size(layout.clip(SPACE, "clip", "audio.m4a"))
        assert (await host.state()).replay.revision <= numbers + 2


async def _receipt(house: House) -> dict[str, Any]:
    data = await house.objects.whole(layout.receipt(SPACE))
    told: dict[str, Any] = json.loads(data or b"")["receipt"]
    return told


async def test_a_broken_file_stops_nobody_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.1)
    await house.feed(evening())
    host = Host(*await house.connect("web"))
    async with house.archive():
        await host.settled()
        newest = await house.objects.whole(layout.receipt(SPACE))
        assert newest is not None
        await house.objects.put(layout.receipt(SPACE), b"[]")
        await host.wishes(rc.SetChapters(**BY, chapters=(Heading(0, "One"),), revision=2))

        async def told() -> bool:
            return bool((await host.state()).replay.failed)

        await until(told)
        await house.objects.put(layout.receipt(SPACE), newest)

        async def done() -> bool:
            replay = (await host.state()).replay
            return replay.asked == replay.done and not replay.failed

        await until(done)


async def test_what_was_under_way_when_its_time_was_over_is_gone_too(house: House) -> None:
    await house.feed(evening())
    log, live = await house.connect("web")
    host = Host(log, live)
    async with house.archive():
        await host.settled()
    announced = (await host.state()).receipt_sha256

    class Slow(Objects):
        """While the receipt is stored, the time of the recording is over."""

        async def put(self, path: str, source: bytes | Path | IO[bytes]) -> None:
            await super().put(path, source)
            if path == layout.receipt(SPACE):
                for command in (
                    rc.WarnOfExpiry(by="archive", expires_at_ms=WALL_MS),
                    rc.Expire(by="archive"),
                ):
                    await propose(log, live, SPACE, command, now_ms=WALL_MS)

    await host.wishes(edit("cut", 10, 20, revision=2))
    archive_log, archive_live = await house.connect("archive")
    reviser = Reviser(
        house.settings.folder / REVISING,
        log=archive_log,
        live=archive_live,
        objects=Slow(house.objects._store),
        keys=house.keys,
        address="https://listen.example",
    )
    await reviser.look(SPACE)
    assert (await host.state()).gone
    folder = layout.folder(SPACE)
    left = [path.removeprefix(folder) for path in await house.objects.list(folder)]
    assert left == ["events.json", "receipt.json", "receipts/1.json", "receipts/2.json"]
    data = await house.objects.whole(layout.receipt(SPACE))
    assert hashlib.sha256(data or b"").hexdigest() == announced


async def test_what_was_cut_off_leaves_nothing_on_the_disk(house: House) -> None:
    left = house.settings.folder / REVISING / SPACE / "original" / "replay.m4a"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"It was to be destroyed.")
    async with house.archive():

        async def gone() -> bool:
            return not left.exists()

        await until(gone)
