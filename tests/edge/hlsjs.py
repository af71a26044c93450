"""hls.js, the player that most pages use for HLS: a dependency of tests only, never served by us.

Fetched once as a package with the npm client, of a fixed version and hash, and kept under `.make`.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

VERSION: Final = "1.7.4"
SHA512: Final = (
    "3GlxGdPvT2YHvQYOt+yOzT/DEior/qJVNIylHA77kgeoBTdQQqi70GwefNEUmHQeNGyjC8U62+bruqW/Tpm+tg=="
)
FOLDER: Final = Path(__file__).parents[2] / ".make" / "npm"
ABSENT: Final = f"needs hls.js {VERSION}: no copy of it in {FOLDER}, and npm cannot fetch it"


def script() -> str | None:
    """The player's source, or None where it can neither be found nor fetched."""
    package = FOLDER / f"hls.js-{VERSION}.tgz"
    if not package.exists() and not _fetch():
        return None
    found = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    assert found == SHA512, f"{package} is not hls.js {VERSION}"
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/dist/hls.min.js")
        assert member is not None
        return member.read().decode()


def _fetch() -> bool:
    npm = shutil.which("npm")
    if npm is None:
        return False
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", f"hls.js@{VERSION}", "--silent", "--pack-destination", str(FOLDER)]
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
