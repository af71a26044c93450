"""Checking a recording offline: a receipt, the files beside it, and the public key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hustings.archive import receipt
from hustings.errors import BadInput

RECEIPT_NAME: Final = "receipt.json"
RECEIPTS_NAME: Final = "receipts"
# What lies beside a recording without being listed: receipts, what was decided, the reel's packs
# (their index is listed), drafts, keys.
_UNLISTED: Final = re.compile(
    r"receipt\.json$|receipts/|events\.json$|reel/\d+\.pack$|draft/|[^/]+\.pem$"
)
_NUMBER: Final = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`checked` files agree with the receipt, `absent` ones were not there to be checked;
    `problems` are sentences. A recording is as it was when there are no problems."""

    checked: tuple[str, ...]
    absent: tuple[str, ...]
    problems: tuple[str, ...]


def verify_folder(folder: Path, public_pem: bytes) -> Verdict:
    """Check the receipt in a folder, all files that it lists and that lie there, and the receipts
    before it if they do.

    Raises `BadInput` when there is no receipt or it is none.
    """
    receipt_file = folder / RECEIPT_NAME
    try:
        data = receipt_file.read_bytes()
    except OSError as error:
        raise BadInput("receipt", expected="a readable file", got=str(receipt_file)) from error
    names = receipt.names(data)
    files = {name: folder / name for name in names if _inside(name)}
    here = {name: path for name, path in files.items() if path.is_file()}
    problems = receipt.verify(data, public_pem, here)
    renamed, strangers = _renamed(folder, receipt.hashes(data), known=set(here))
    problems += strangers
    chain = _chain(folder / RECEIPTS_NAME, data, public_pem)
    problems += [problem for problem in chain.values() if problem]
    wrong = {problem.partition(":")[0] for problem in problems}
    return Verdict(
        checked=tuple(name for name in (*here, *renamed, *chain) if name not in wrong),
        absent=tuple(name for name in names if name not in here and name not in renamed.values()),
        problems=tuple(problems),
    )


def _renamed(
    folder: Path, hashes: Mapping[str, str], *, known: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Files that go by other names, as in the ZIP archive: which each is, by its hash; and what is
    wrong with those that are none."""
    found: dict[str, str] = {}
    strangers: list[str] = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder).as_posix()
        if name in known or _UNLISTED.match(name):
            continue
        try:
            is_it = hashes.get(receipt.stored(name, path).sha256)
        except OSError as error:
            strangers.append(f"{name}: cannot be read ({error.strerror}).")
            continue
        if is_it is None:
            strangers.append(f"{name}: is no file of this receipt, or was changed.")
        else:
            found[name] = is_it
    return found, strangers


def _chain(folder: Path, newest: bytes, public_pem: bytes) -> dict[str, str]:
    """What is wrong with each of the earlier receipts, if they are there; nothing is empty.

    Each is signed, has the number of its name, and names the hash of the one before it; the last
    is the newest one itself.
    """
    if not folder.is_dir():
        return {}
    last = receipt.revision(newest)
    numbers = sorted({*range(1, last + 1), *map(int, _numbers(folder))})
    found: dict[str, str] = {}
    before: str | None = None
    for number in numbers:
        name = f"{RECEIPTS_NAME}/{number}.json"
        try:
            data = (folder / f"{number}.json").read_bytes()
        except OSError:
            found[name] = f"{name}: is missing, the chain of receipts is broken there."
            before = None
            continue
        found[name] = _link(name, data, number, before, public_pem)
        if number == last and data != newest:
            found[name] = f"{name}: differs from {RECEIPT_NAME}, which has the same number."
        if number > last:
            found[name] = f"{name}: is newer than {RECEIPT_NAME}, whose number is {last}."
        before = hashlib.sha256(data).hexdigest()
    return found


def _link(name: str, data: bytes, number: int, before: str | None, public_pem: bytes) -> str:
    try:
        if receipt.verify(data, public_pem, {}):
            return f"{name}: is not signed with this key, or was changed."
        if receipt.revision(data) != number:
            return f"{name}: is number {receipt.revision(data)}."
        previous = receipt.previous(data)
    except BadInput:
        return f"{name}: is no receipt."
    if (number == 1 and previous is not None) or (before is not None and previous != before):
        return f"{name}: does not follow the receipt before it."
    return ""


def _numbers(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("*.json") if _NUMBER.fullmatch(path.stem)]


def _inside(name: str) -> bool:
    """Whether a name stays in its folder: a forged receipt must not make us read elsewhere."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts
