"""Objects are stored whole, read in ranges, listed and deleted: in a real folder, and in a real S3
server's bucket."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from hustings import limits
from hustings.config import Settings
from hustings.errors import ConfigError, StoreError
from hustings.store.objects import Objects
from tests.store.s3 import BUCKET, S3Server


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        place = f"{BUCKET}/{secrets.token_hex(4)}/deep"
        return Objects.open(Settings(data=str(tmp_path), **server.settings(place)))
    address = {"folder": "", "file": f"file://{tmp_path}/elsewhere", "memory": "memory://"}
    return Objects.open(Settings(data=str(tmp_path), store_url=address[request.param]))


async def test_bytes_come_back_by_range(objects: Objects) -> None:
    await objects.put("spaces/a/x", b"0123456789")
    assert await objects.get("spaces/a/x", 0, 10) == b"0123456789"
    assert await objects.get("spaces/a/x", 3, 5) == b"34"
    assert await objects.get("spaces/a/x", 8, 99) == b"89"
    assert await objects.get("spaces/a/x", 5, 5) == b""
    assert await objects.size("spaces/a/x") == 10


async def test_a_long_file_is_stored_as_it_is(objects: Objects, tmp_path: Path) -> None:
    source = tmp_path / "source"
    data = bytes(range(256)) * 50_000  # longer than one part of an upload
    source.write_bytes(data)
    await objects.put("a/long", source)
    assert await objects.size("a/long") == len(data)
    assert await objects.get("a/long", 5_242_870, 5_242_890) == data[5_242_870:5_242_890]


async def test_an_object_is_read_piece_by_piece(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STORE_READ_BYTES", 4)
    await objects.put("a/x", b"0123456789")
    assert [piece async for piece in objects.read("a/x")] == [b"0123", b"4567", b"89"]
    assert await objects.whole("a/x") == b"0123456789"
    assert await objects.whole("a/none") is None
    with pytest.raises(StoreError, match="a/none"):
        [piece async for piece in objects.read("a/none")]


async def test_a_store_that_works_has_nothing_left_of_the_check(objects: Objects) -> None:
    await objects.check()
    assert await objects.list("probe/") == []


async def test_an_object_is_replaced_and_deleted(objects: Objects) -> None:
    await objects.put("a/x", b"first and long")
    await objects.put("a/x", b"second")
    assert await objects.get("a/x", 0, 99) == b"second"
    await objects.delete("a/x")
    await objects.delete("a/x")
    assert await objects.size("a/x") is None


async def test_a_folder_is_listed_without_its_neighbours(objects: Objects) -> None:
    for path in ("spaces/ab/b", "spaces/ab/a", "spaces/ab/stems/s", "spaces/abc/x"):
        await objects.put(path, b"1")
    assert await objects.list("spaces/ab/") == ["spaces/ab/a", "spaces/ab/b", "spaces/ab/stems/s"]
    assert await objects.sizes("spaces/ab/stems/") == {"spaces/ab/stems/s": 1}
    assert await objects.list("spaces/none/") == []
    assert await objects.folders("spaces/") == ("ab", "abc")
    assert await objects.folders("spaces/none/") == ()


async def test_what_is_absent_has_no_size_and_cannot_be_read(objects: Objects) -> None:
    assert await objects.size("a/none") is None
    with pytest.raises(StoreError, match="a/none"):
        await objects.get("a/none", 0, 1)


async def test_a_refusal_is_one_line_and_leaves_nothing(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        await objects.put("a/x", tmp_path / "no such file")
    assert "\n" not in str(refused.value)
    assert await objects.size("a/x") is None
    with pytest.raises(StoreError):
        await objects.put("../outside", b"1")


async def test_readers_never_see_half_of_an_object(tmp_path: Path) -> None:
    objects = Objects.open(Settings(data=str(tmp_path)))
    sizes = {1_000_000, 3_000_000}
    await objects.put("a/x", bytes(1_000_000))
    seen: set[int | None] = set()

    async def write() -> None:
        for turn in range(20):
            await objects.put("a/x", bytes(sorted(sizes)[turn % 2]))

    writing = asyncio.create_task(write())
    while not writing.done():
        seen.add(await objects.size("a/x"))
    await writing
    assert seen <= sizes


async def test_what_is_replaced_is_read_whole(objects: Objects) -> None:
    """The old or the new one, never the beginning of one as long as the other."""
    kinds = {bytes(1_000), b"x" * 100_000}
    await objects.put("a/x", bytes(1_000))

    async def write() -> None:
        for turn in range(20):
            await objects.put("a/x", sorted(kinds)[turn % 2])

    writing = asyncio.create_task(write())
    while not writing.done():
        assert await objects.whole("a/x") in kinds
    await writing


@pytest.mark.parametrize("address", ["bogus", "gopher://x", "s3://"])
def test_an_address_of_no_store_is_a_setting_that_cannot_be_used(address: str) -> None:
    with pytest.raises(ConfigError, match="store_url"):
        Objects.open(Settings(store_url=address))


def test_the_import_is_light() -> None:
    code = (
        "import sys, hustings.store.objects;"
        "print({'numpy', 'av', 'fastapi', 'sqlalchemy', 'nats'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
