"""A space in one file: out of one installation, into another, and out again as the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hustings import keys, limits
from hustings.archive import revival, signer
from hustings.archive.export import Moved, Unfinished, export
from hustings.archive.importing import Taken, bring, check
from hustings.config import Settings
from hustings.errors import BadInput
from hustings.keys import Keys
from hustings.log.contract import Log
from hustings.log.follow import read_state
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Role, Space, Status, encode
from hustings.space.command import Withhold
from hustings.space.event import Edited, Scheduled
from hustings.store import decided, layout
from hustings.store.objects import Objects
from hustings.store.patient import Patient
from tests.archive.conftest import House, until
from tests.archive.script import SPACE, Script, Speaker
from tests.servers import connected, nats_servers
from tests.store.s3 import BUCKET, S3Server
from tests.tones import timecode


@dataclass(frozen=True)
class Elsewhere:
    """Another installation: a log, a store and keys of its own."""

    log: Log
    objects: Objects
    keys: Keys


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[Elsewhere]:
    async with (
        nats_servers(tmp_path / "elsewhere/nats") as servers,
        connected("archive", *servers) as (log, _),
    ):
        data = tmp_path / "elsewhere/data"
        yield Elsewhere(log, Objects.open(Settings(data=str(data))), keys.ensure(data))


@pytest.fixture
async def posted(house: House) -> House:
    """A space that was recorded, posted, and written down; with a picture."""
    script, ada = Script(), Speaker("ada")
    script.open("ada")
    script.event(Edited(at_ms=1, by="account1", picture="0123456789abcdef"))
    script.go_live()
    for part in timecode(20 * 0.32).reshape(-1, 15_360 * 5):
        script.stems(ada.speak(part, at=script.n * 15_360))
        script.live(part)
    script.end()
    await house.objects.put(layout.picture("0123456789abcdef", "wide"), b"a picture")
    await house.feed(script)
    async with house.archive():
        await until(lambda: _written(house))
    return house


async def _written(house: House) -> bool:
    data = await house.objects.whole(layout.events(SPACE))
    state = None if data is None else decided.fold(SPACE, decided.decode(data))
    return state is not None and state.status is Status.POSTED


async def _export(house: House, to: Path, objects: Objects | None = None) -> Space:
    log, _ = await house.connect("archive")
    with to.open("wb") as out:
        return await export(
            SPACE,
            out,
            objects=objects or house.objects,
            log=log,
            public_pem=house.keys.receipt_public(),
        )


async def test_it_comes_back_as_the_same_bytes(
    posted: House, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    space = await _export(posted, first)
    checked = check(first, key_pem=posted.keys.receipt_public())
    assert checked.space == space
    told: list[tuple[int, int]] = []
    for _ in range(2):  # begun again, it is done again
        await bring(
            checked,
            objects=elsewhere.objects,
            log=elsewhere.log,
            progress=lambda done, whole: told.append((done, whole)),
        )
    assert told[-1][0] == told[-1][1]
    state, _ = await read_state(elsewhere.log, SPACE)
    assert state == space
    assert state is not None
    assert (state.status, state.title) == (Status.POSTED, "An evening")
    with second.open("wb") as out:
        await export(
            SPACE,
            out,
            objects=elsewhere.objects,
            log=elsewhere.log,
            public_pem=elsewhere.keys.receipt_public(),
        )
    assert second.read_bytes() == first.read_bytes()
    theirs = await elsewhere.objects.sizes(layout.folder(SPACE))
    assert theirs == await posted.objects.sizes(layout.folder(SPACE))
    assert await elsewhere.objects.whole("pictures/0123456789abcdef/wide.webp") == b"a picture"


async def test_any_program_unpacks_it(posted: House, tmp_path: Path) -> None:
    parcel = tmp_path / "space.tar"
    await _export(posted, parcel)
    with tarfile.open(parcel) as archive:
        names = archive.getnames()
        assert {(one.uid, one.gid, one.uname, one.mode) for one in archive} == {(0, 0, "", 0o644)}
        archive.extractall(tmp_path, filter="data")
    assert names[-1] == f"{SPACE}/manifest.json"
    assert names[:-1] == sorted(names[:-1])
    key = signer.key_id(posted.keys.receipt_public())
    pem = (tmp_path / SPACE / f"keys/{key}.pem").read_bytes()
    assert pem == posted.keys.receipt_public()
    receipt = json.loads((tmp_path / SPACE / "files/receipt.json").read_bytes())
    for file in receipt["receipt"]["files"]:
        data = (tmp_path / SPACE / "files" / file["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]


async def test_a_space_without_its_log_is_exported_and_made_again(
    posted: House, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    await _export(posted, first)
    log, _ = await posted.connect("archive")
    before, _ = await read_state(log, SPACE)
    await log.delete(SPACE)
    assert await revival.revive_lost(log, posted.objects) == [SPACE]
    assert await revival.revive_lost(log, posted.objects) == []
    after, _ = await read_state(log, SPACE)
    assert before is not None
    assert before.live_n == 0
    assert after == replace(before, live_n=None)  # what the stage observed is gone
    await _export(posted, second)
    assert second.read_bytes() == first.read_bytes()


async def test_what_others_have_here_is_not_replaced(
    posted: House, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    parcel = tmp_path / "space.tar"
    await _export(posted, parcel)
    picture = "pictures/0123456789abcdef/wide.webp"
    await elsewhere.objects.put(picture, b"of a host here")
    await bring(check(parcel), objects=elsewhere.objects, log=elsewhere.log)
    assert await elsewhere.objects.whole(picture) == b"of a host here"


async def test_an_id_that_is_taken_is_refused(
    posted: House, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    parcel = tmp_path / "space.tar"
    await _export(posted, parcel)
    checked = check(parcel)
    await elsewhere.log.create(SPACE)
    other = encode(Scheduled(at_ms=1, by="somebody", title="Another evening"))
    await elsewhere.log.append(SPACE, Kind.EV, other, message_id="other")
    with pytest.raises(Taken, match="another space"):
        await bring(checked, objects=elsewhere.objects, log=elsewhere.log)
    assert await elsewhere.objects.list("spaces/") == []
    # Here it is the same space, and goes on.
    log, live = await posted.connect("web")
    withheld = await propose(
        log, live, SPACE, Withhold(by="account1", role=Role.HOST, reason="later"), now_ms=9
    )
    assert isinstance(withheld, Space)
    archive, _ = await posted.connect("archive")
    with pytest.raises(Taken, match="gone on"):
        await bring(checked, objects=posted.objects, log=archive)


async def test_what_is_not_finished_is_not_exported(house: House, tmp_path: Path) -> None:
    with pytest.raises(Unfinished, match="no space"):
        await _export(house, tmp_path / "none.tar")
    script = Script()
    script.open("ada")
    await house.feed(script)
    with pytest.raises(Unfinished, match="not finished"):
        await _export(house, tmp_path / "none.tar")


async def test_a_file_that_is_not_as_its_receipt_says_is_named(
    posted: House, tmp_path: Path
) -> None:
    path = posted.settings.folder / "store" / layout.replay_opus(SPACE)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"replay\.opus"):
        await _export(posted, tmp_path / "space.tar")


async def test_what_changes_meanwhile_makes_no_export(posted: House, tmp_path: Path) -> None:
    class Busy(Objects):
        async def get(self, path: str, start: int, end: int) -> bytes:
            if path == layout.replay_aac(SPACE):
                log, live = await posted.connect("web")
                hide = Withhold(by="account1", role=Role.HOST, reason="later")
                await propose(log, live, SPACE, hide, now_ms=9)
            return await super().get(path, start, end)

    with pytest.raises(Moved):
        await _export(posted, tmp_path / "space.tar", Busy(posted.objects._store))


@pytest.fixture
async def parcel(posted: House, tmp_path: Path) -> Path:
    await _export(posted, tmp_path / "space.tar")
    return tmp_path / "space.tar"


async def test_what_was_changed_in_a_parcel_is_named(parcel: Path, tmp_path: Path) -> None:
    data = parcel.read_bytes()
    broken = tmp_path / "broken.tar"

    def refused(data: bytes) -> str:
        broken.write_bytes(data)
        with pytest.raises(BadInput) as refusal:
            check(broken)
        return str(refusal.value)

    with tarfile.open(parcel) as archive:
        places = {one.name.partition("/")[2]: one.offset_data for one in archive}
    for name, at in places.items():
        if name != "manifest.json":
            assert name in refused(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    for length in (0, 100, 512, places["files/replay.m4a"] + 1000, places["manifest.json"] + 10):
        assert "whole" in (said := refused(data[:length])) or "cut off" in said or "export" in said
    assert "whole" in refused(b"no tar at all" * 1000)
    with pytest.raises(BadInput, match="readable"):
        check(tmp_path / "none.tar")
    with pytest.raises(BadInput, match="signed with the key"):
        check(parcel, key_pem=keys.ensure(tmp_path / "stranger").receipt_public())


def _remade(parcel: Path, to: Path, change: Any) -> Path:
    """The parcel with other files, and a manifest that is true of them."""
    with tarfile.open(parcel) as archive:
        files = {}
        for one in archive:
            read = archive.extractfile(one)
            assert read is not None
            files[one.name] = read.read()
    manifest = json.loads(files.pop(f"{SPACE}/manifest.json"))
    change(files)
    manifest["files"] = {
        name.partition("/")[2]: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }
    with tarfile.open(to, "w") as archive:
        for name, data in [*files.items(), (f"{SPACE}/manifest.json", json.dumps(manifest))]:
            body = data if isinstance(data, bytes) else str(data).encode()
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return to


async def test_what_a_receipt_does_not_vouch_for_is_refused(parcel: Path, tmp_path: Path) -> None:
    to, receipt = tmp_path / "forged.tar", f"{SPACE}/files/receipt.json"

    def forged(change: Any, match: str) -> None:
        with pytest.raises(BadInput, match=match):
            check(_remade(parcel, to, change))

    replay = f"{SPACE}/files/replay.m4a"
    forged(lambda files: files.update({replay: files[replay] + b"x"}), r"replay\.m4a")
    forged(lambda files: files.pop(replay), r"replay\.m4a")
    longer = lambda files: files.update({receipt: files[receipt].replace(b"talk_ms", b"tell_ms")})  # noqa: E731
    forged(longer, "not signed with this key")
    forged(lambda files: files.update({f"{SPACE}/../../etc/x": b""}), "plain names")
    forged(lambda files: files.update({f"{SPACE}/etc/x": b""}), "files/")
    stranger = keys.ensure(tmp_path / "stranger").receipt_public()
    theirs = f"{SPACE}/keys/{'0' * 16}.pem"  # another installation's
    forged(lambda files: files.update({theirs: stranger}), "the key of that name")
    forged(lambda files: files.update({theirs: b"no key"}), "the key of that name")
    other = f"{SPACE}/pictures/fedcba9876543210/wide.webp"  # another host's
    forged(lambda files: files.update({other: b"mine now"}), "no other")
    check(_remade(parcel, to, lambda files: None))


async def test_a_store_that_is_killed_in_mid_export_and_import(
    posted: House,
    elsewhere: Elsewhere,
    s3_server: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real server, SIGKILL: both finish by themselves, and the bytes are the same."""
    monkeypatch.setattr(limits, "STORE_READ_BYTES", 4_096)
    monkeypatch.setattr(limits, "ARCHIVE_RETRY_S", 0.2)
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    await _export(posted, first)
    told: list[str] = []
    given = s3_server.settings(f"{BUCKET}/export")
    objects = Patient(Objects.open(Settings(data=str(tmp_path), **given)), tell=told.append)
    restarts: list[asyncio.Task[None]] = []

    def once(done: int, whole: int) -> None:
        if done > whole // 2 and not restarts:
            s3_server.kill()
            restarts.append(asyncio.create_task(s3_server.start()))

    await bring(check(first), objects=objects, log=elsewhere.log, progress=once)
    await restarts.pop()
    assert any("cannot be reached" in one for one in told)
    told.clear()
    with second.open("wb") as out:
        await export(
            SPACE,
            out,
            objects=objects,
            log=elsewhere.log,
            public_pem=elsewhere.keys.receipt_public(),
            progress=once,
        )
    await restarts.pop()
    assert any("cannot be reached" in one for one in told)
    assert second.read_bytes() == first.read_bytes()
