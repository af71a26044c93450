"""A store in a real S3 server: what is wrong is said in a sentence, and a server that was killed
and started again has everything that it took."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hustings import limits
from hustings.config import Settings
from hustings.errors import StoreError
from hustings.store.objects import Objects
from tests.store.s3 import SECRET, S3Server


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"store_key": "somebody"}, "does not know this key"),
        ({"store_secret": "not it"}, "secret does not belong to the key"),
        (
            {
                "store_url": "s3://nowhere",
                "store_key": "reader-key",
                "store_secret": "reader-secret",
            },
            "no such bucket",
        ),
        ({"store_key": "reader-key", "store_secret": "reader-secret"}, "no right"),
        ({"store_endpoint": "http://127.0.0.1:9"}, "cannot be reached"),
    ],
)
async def test_what_is_wrong_is_one_sentence(
    s3_server: S3Server, given: dict[str, Any], said: str
) -> None:
    objects = Objects.open(Settings(**{**s3_server.settings(), **given}))
    with pytest.raises(StoreError, match=said) as refused:
        await objects.check()
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


async def test_a_bucket_that_is_missing_is_no_missing_file(s3_server: S3Server) -> None:
    """Or a listener would be told that a recording does not exist."""
    given = {"store_url": "s3://nowhere", "store_key": "reader-key"}
    settings = {**s3_server.settings(), **given, "store_secret": "reader-secret"}
    with pytest.raises(StoreError, match="no such bucket"):
        await Objects.open(Settings(**settings)).size("spaces/abcdefghij/replay.m4a")


async def test_credentials_come_from_the_environment(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = s3_server.settings()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given.pop("store_key"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given.pop("store_secret"))
    await Objects.open(Settings(**given)).check()


async def test_a_server_killed_in_mid_upload_has_what_it_took(
    s3_server: S3Server, tmp_path: Path
) -> None:
    source = tmp_path / "long"
    data = bytes(range(256)) * (4 * limits.STORE_PART_BYTES // 256)
    source.write_bytes(data)
    objects = Objects.open(Settings(**s3_server.settings()))
    await objects.put("a/before", b"1")
    putting = asyncio.create_task(objects.put("a/long", source))
    await asyncio.sleep(0.02)
    s3_server.kill()
    with pytest.raises(StoreError):
        await putting
    with pytest.raises(StoreError):  # away is not absent
        await objects.size("a/before")
    await s3_server.start()
    assert await objects.get("a/before", 0, 9) == b"1"
    assert await objects.size("a/long") is None  # never half of it
    await objects.put("a/long", source)
    assert await objects.whole("a/long") == data
