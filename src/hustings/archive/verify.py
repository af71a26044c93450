"""Checking a recording offline: a receipt, the files beside it, and the public key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hustings.archive import receipt
from hustings.errors import BadInput

RECEIPT_NAME: Final = "receipt.json"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`checked` files agree with the receipt, `absent` ones were not there to be checked;
    `problems` are sentences. A recording is as it was when there are no problems."""

    checked: tuple[str, ...]
    absent: tuple[str, ...]
    problems: tuple[str, ...]


def verify_folder(folder: Path, public_pem: bytes) -> Verdict:
    """Check the receipt in a folder and all files that it lists and that lie there.

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
    problems = tuple(receipt.verify(data, public_pem, here))
    wrong = {problem.partition(":")[0] for problem in problems}
    return Verdict(
        checked=tuple(name for name in here if name not in wrong),
        absent=tuple(name for name in names if name not in here),
        problems=problems,
    )


def _inside(name: str) -> bool:
    """Whether a name stays in its folder: a forged receipt must not make us read elsewhere."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts
