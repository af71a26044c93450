"""Receipts: signed, checked, and every change found and named."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from hustings import keys
from hustings.archive import receipt
from hustings.archive.journal import Journal
from hustings.archive.receipt import Count
from hustings.archive.spans import Spans
from hustings.archive.verify import verify_folder
from hustings.errors import BadInput
from hustings.keys import Keys


@pytest.fixture
def pair(tmp_path: Path) -> Keys:
    return keys.ensure(tmp_path / "data")


@pytest.fixture
def folder(tmp_path: Path, pair: Keys) -> Path:
    """A recording's folder, as it is downloaded."""
    folder = tmp_path / "download"
    (folder / "stems").mkdir(parents=True)
    names = ["replay.m4a", "replay.opus", "stems/ada.opus", "timeline.json"]
    for name in names:
        (folder / name).write_bytes(random.Random(name).randbytes(2_000))
    files = [receipt.stored(name, folder / name, duration_ms=320) for name in names]
    made = receipt.build(Journal("abcdefghij"), Spans(), files=files, counts={"x": Count(1, "ü")})
    (folder / "receipt.json").write_bytes(receipt.sign(made, pair.receipt_private()))
    return folder


def test_an_untouched_recording_is_in_order(folder: Path, pair: Keys) -> None:
    verdict = verify_folder(folder, pair.receipt_public())
    assert verdict.problems == ()
    assert len(verdict.checked) == 4
    assert verdict.absent == ()


@pytest.mark.parametrize("name", ["replay.m4a", "stems/ada.opus", "timeline.json"])
def test_one_changed_byte_is_found_and_named(folder: Path, pair: Keys, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[1_234] ^= 1
    (folder / name).write_bytes(data)
    verdict = verify_folder(folder, pair.receipt_public())
    (problem,) = verdict.problems
    assert problem.startswith(f"{name}: was changed")
    assert name not in verdict.checked
    assert len(verdict.checked) == 3


def test_a_missing_end_is_found_and_named(folder: Path, pair: Keys) -> None:
    (folder / "replay.opus").write_bytes((folder / "replay.opus").read_bytes()[:-1])
    verdict = verify_folder(folder, pair.receipt_public())
    assert verdict.problems == ("replay.opus: has 1999 bytes, not 2000.",)


def test_what_is_not_in_hand_is_told_and_no_problem(folder: Path, pair: Keys) -> None:
    (folder / "stems/ada.opus").unlink()
    verdict = verify_folder(folder, pair.receipt_public())
    assert verdict.problems == ()
    assert verdict.absent == ("stems/ada.opus",)


@pytest.mark.parametrize("seed", range(30))
def test_a_changed_receipt_is_not_signed(folder: Path, pair: Keys, seed: int) -> None:
    """Any change of a value in the receipt, with or without a matching file, breaks it."""
    whole = json.loads((folder / "receipt.json").read_bytes())
    choice = random.Random(seed)
    places: list[tuple[Any, Any]] = []

    def walk(at: Any) -> None:
        for key in at if isinstance(at, dict) else range(len(at)):
            if isinstance(at[key], dict | list):
                walk(at[key])
            else:
                places.append((at, key))

    walk(whole["receipt"])
    at, key = choice.choice(
        [p for p in places if p[1] != "version" or p[0] is not whole["receipt"]]
    )
    at[key] = at[key] + 1 if isinstance(at[key], int) else f"{at[key]}x"
    problems = receipt.verify(json.dumps(whole).encode(), pair.receipt_public(), {})
    assert problems == ["The receipt is not signed with this key, or was changed."]


def test_a_receipt_may_be_laid_out_anew(folder: Path, pair: Keys) -> None:
    whole = json.loads((folder / "receipt.json").read_bytes())
    turned = {"signature": whole["signature"], "receipt": dict(reversed(whole["receipt"].items()))}
    for data in (json.dumps(turned), json.dumps(turned, indent=4, ensure_ascii=True)):
        assert receipt.verify(data.encode(), pair.receipt_public(), {}) == []


def test_another_installations_key_does_not_fit(folder: Path, tmp_path: Path) -> None:
    other = keys.ensure(tmp_path / "other")
    problems = receipt.verify((folder / "receipt.json").read_bytes(), other.receipt_public(), {})
    assert len(problems) == 1


def test_the_signature_stands_on_the_canonical_form(folder: Path, pair: Keys) -> None:
    """As the documentation says it, with nothing of ours but the file."""
    whole = json.loads((folder / "receipt.json").read_bytes())
    signed = json.dumps(
        whole["receipt"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    key: Any = serialization.load_pem_public_key(pair.receipt_public())
    key.verify(base64.b64decode(whole["signature"]["value"]), signed)
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert whole["signature"]["key"] == hashlib.sha256(raw).hexdigest()[:16]


def test_a_forged_list_reads_nothing_outside(folder: Path, pair: Keys, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("private")
    whole = json.loads((folder / "receipt.json").read_bytes())
    for name in ("../outside", str(tmp_path / "outside")):
        whole["receipt"]["files"][0]["name"] = name
        (folder / "receipt.json").write_text(json.dumps(whole))
        verdict = verify_folder(folder, pair.receipt_public())
        assert name not in verdict.checked
        assert not any(name in problem for problem in verdict.problems)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"{}", b"null", b"\xff", b'{"receipt": {}, "signature": {}}',
        b'{"receipt": {"files": [1]}, "signature": {"algorithm": "", "value": ""}}',
        b'{"receipt": {"files": [], "version": 99}, "signature": {"algorithm": "", "value": ""}}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_receipt_is_refused(data: bytes, pair: Keys) -> None:
    with pytest.raises(BadInput, match="receipt"):
        receipt.verify(data, pair.receipt_public(), {})


def test_what_is_no_key_is_refused(folder: Path) -> None:
    for pem in (b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(BadInput, match="key"):
            verify_folder(folder, pem)
    with pytest.raises(BadInput, match="receipt"):
        verify_folder(folder / "stems", b"")
