"""Keys are made once, kept, and completed for roles that are new."""

from __future__ import annotations

import json
from pathlib import Path

from hustings import keys


def test_what_is_there_stays(tmp_path: Path) -> None:
    first = keys.ensure(tmp_path)
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    keys.ensure(tmp_path)
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in first.folder.iterdir())


def test_a_role_of_a_later_version_gets_a_password(tmp_path: Path) -> None:
    made = keys.ensure(tmp_path)
    known = made.nats_passwords()
    del known["captions"]
    (made.folder / "nats.json").write_text(json.dumps(known))
    after = keys.ensure(tmp_path).nats_passwords()
    assert set(after) == set(keys.ROLES)
    assert {role: after[role] for role in known} == known
