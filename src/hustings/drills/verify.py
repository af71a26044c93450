"""`hustings verify`: checks a recording offline: a receipt and the files that lie beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from hustings.archive.verify import verify_folder
from hustings.errors import ConfigError


def verify(folder: Path, *, key: Path) -> int:
    """Print what was checked and what is wrong; returns 1 if something is wrong.

    `folder` holds `receipt.json` (or is that file), `key` the studio's public key (PEM).
    """
    if folder.is_file():
        folder = folder.parent
    try:
        public_pem = key.read_bytes()
    except OSError as error:
        raise ConfigError(
            "key", str(key), allowed="the studio's public key, keys/receipt.pub.pem of its data"
        ) from error
    verdict = verify_folder(folder, public_pem)
    for problem in verdict.problems:
        sys.stdout.write(f"WRONG    {problem}\n")
    for name in verdict.checked:
        sys.stdout.write(f"as signed {name}\n")
    for name in verdict.absent:
        sys.stdout.write(f"not here {name}\n")
    return 1 if verdict.problems else 0
