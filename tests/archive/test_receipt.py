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


def test_files_are_known_by_any_name(folder: Path, pair: Keys) -> None:
    """As they lie in the ZIP archive: each under a name for people."""
    (folder / "Tracks").mkdir()
    (folder / "replay.m4a").rename(folder / "An evening.m4a")
    (folder / "stems/ada.opus").rename(folder / "Tracks/An evening - Ada.opus")
    (folder / "receipt.pub.pem").write_bytes(pair.receipt_public())
    verdict = verify_folder(folder, pair.receipt_public())
    assert verdict.problems == ()
    assert {"An evening.m4a", "Tracks/An evening - Ada.opus"} < set(verdict.checked)
    assert verdict.absent == ()
    (folder / "An evening.m4a").write_bytes(b"something else")
    verdict = verify_folder(folder, pair.receipt_public())
    assert verdict.problems == ("An evening.m4a: is no file of this receipt, or was changed.",)
    assert verdict.absent == ("replay.m4a",)


def test_what_is_published_and_the_original_go_by_one_name(folder: Path, pair: Keys) -> None:
    edited = folder / "versions/2"
    edited.mkdir(parents=True)
    (edited / "replay.m4a").write_bytes(b"shorter")
    more = receipt.described(receipt.stored("versions/2/replay.m4a", edited / "replay.m4a"))
    newest = (folder / "receipt.json").read_bytes()
    files = [*json.loads(newest)["receipt"]["files"], more]
    data, _ = receipt.revise(
        newest,
        changes={"files": files},
        why=("edited",),
        private_pem=pair.receipt_private(),
        at_ms=1,
    )
    for source in (folder / "replay.m4a", edited / "replay.m4a"):
        assert receipt.verify(data, pair.receipt_public(), {"replay.m4a": source}) == []
    (edited / "replay.m4a").write_bytes(b"changed")
    problems = receipt.verify(data, pair.receipt_public(), {"replay.m4a": edited / "replay.m4a"})
    (problem,) = problems
    assert problem.startswith("replay.m4a: was changed")


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


# --- revisions --------------------------------------------------------------------------------


@pytest.fixture
def chain(folder: Path, pair: Keys) -> Path:
    """The same folder with a receipt that was revised twice, and all of them kept."""
    (folder / "receipts").mkdir()
    data = (folder / "receipt.json").read_bytes()
    (folder / "receipts/1.json").write_bytes(data)
    for number, why in ((2, "transcript"), (3, "edited")):
        data, made = receipt.revise(
            data,
            changes={"edits": [{"kind": "cut", "at_ms": 320, "length_ms": number * 320}]},
            why=[why],
            private_pem=pair.receipt_private(),
            at_ms=number,
        )
        assert made == number
        (folder / f"receipts/{number}.json").write_bytes(data)
    (folder / "receipt.json").write_bytes(data)
    return folder


def test_a_revision_follows_the_one_before(chain: Path, pair: Keys) -> None:
    first, second, third = (
        json.loads((chain / f"receipts/{n}.json").read_bytes())["receipt"] for n in (1, 2, 3)
    )
    assert first["revision"] == {
        "number": 1, "at_ms": 0, "previous_sha256": None, "why": ["posted"],
    }  # fmt: skip
    before = hashlib.sha256((chain / "receipts/2.json").read_bytes()).hexdigest()
    assert third["revision"] == {
        "number": 3, "at_ms": 3, "previous_sha256": before, "why": ["edited"],
    }  # fmt: skip
    assert third["files"] == first["files"]
    assert second["edits"][0]["length_ms"] == 640
    assert third["edits"][0]["length_ms"] == 960
    verdict = verify_folder(chain, pair.receipt_public())
    assert verdict.problems == ()
    assert {f"receipts/{n}.json" for n in (1, 2, 3)} <= set(verdict.checked)


def test_a_member_can_be_taken_away(chain: Path, pair: Keys) -> None:
    data, number = receipt.revise(
        (chain / "receipt.json").read_bytes(),
        changes={"edits": None},
        why=["edited"],
        private_pem=pair.receipt_private(),
        at_ms=9,
    )
    assert number == 4
    assert "edits" not in json.loads(data)["receipt"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_changed_byte_in_the_chain_is_found_and_named(
    chain: Path, pair: Keys, number: int
) -> None:
    path = chain / f"receipts/{number}.json"
    data = path.read_bytes()
    at = data.index(b'"duration_ms": 320') + len(b'"duration_ms": ')
    path.write_bytes(data[:at] + b"9" + data[at + 1 :])
    verdict = verify_folder(chain, pair.receipt_public())
    name = f"receipts/{number}.json"
    assert any(problem.startswith(f"{name}: ") for problem in verdict.problems)
    assert name not in verdict.checked


def test_white_space_that_changes_the_hash_breaks_the_chain(chain: Path, pair: Keys) -> None:
    """Laid out anew a receipt is valid, and is not the one that the next names."""
    path = chain / "receipts/2.json"
    path.write_text(json.dumps(json.loads(path.read_bytes())))
    (problem,) = verify_folder(chain, pair.receipt_public()).problems
    assert problem == "receipts/3.json: does not follow the receipt before it."


def test_a_missing_a_swapped_and_a_newer_receipt_are_named(chain: Path, pair: Keys) -> None:
    second = (chain / "receipts/2.json").read_bytes()
    (chain / "receipts/2.json").unlink()
    (problem,) = verify_folder(chain, pair.receipt_public()).problems
    assert problem == "receipts/2.json: is missing, the chain of receipts is broken there."
    (chain / "receipts/2.json").write_bytes((chain / "receipts/1.json").read_bytes())
    problems = verify_folder(chain, pair.receipt_public()).problems
    assert problems[0] == "receipts/2.json: is number 1."
    (chain / "receipts/2.json").write_bytes(second)
    (chain / "receipt.json").write_bytes(second)
    problems = verify_folder(chain, pair.receipt_public()).problems
    assert problems == ("receipts/3.json: is newer than receipt.json, whose number is 2.",)


def test_a_receipt_of_an_earlier_version_is_the_first(folder: Path, pair: Keys) -> None:
    whole = json.loads((folder / "receipt.json").read_bytes())["receipt"]
    del whole["revision"]
    old = receipt.sign(whole, pair.receipt_private())
    assert (receipt.revision(old), receipt.previous(old)) == (1, None)
    _, number = receipt.revise(
        old, changes={}, why=["transcript"], private_pem=pair.receipt_private(), at_ms=1
    )
    assert number == 2
