"""Passwords as they are kept: what a hash costs, and that checking one tells nothing."""

from __future__ import annotations

import argon2
import pytest

from hustings.web.passwords import Passwords


async def test_a_hash_costs_what_the_rfc_recommends() -> None:
    """The second choice of RFC 9106, section 4: 3 passes over 64 MiB in 4 lanes."""
    made = await Passwords().hash("a long enough password")
    found = argon2.extract_parameters(made)
    assert found.type is argon2.Type.ID
    assert (found.time_cost, found.memory_cost, found.parallelism) == (3, 65_536, 4)
    assert (found.salt_len, found.hash_len) == (16, 32)


async def test_the_right_password_and_no_other() -> None:
    passwords = Passwords()
    made = await passwords.hash("a long enough password")
    assert made != await passwords.hash("a long enough password")
    assert await passwords.check("a long enough password", made)
    assert not await passwords.check("a long enough passwore", made)


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=65536"])
async def test_without_a_hash_nothing_is_right(kept: str | None) -> None:
    """Not even the password that stands in for a missing account."""
    assert not await Passwords().check("nobody has this password", kept)
