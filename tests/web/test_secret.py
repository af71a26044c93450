"""Secrets: what is concealed is read again by whoever has the key, for what it is about only."""

from __future__ import annotations

from hustings.web import secret

KEY = b"k" * 32


def test_concealed_and_revealed() -> None:
    made = secret.conceal(b"x" * 32, key=KEY, about="hook:a")
    assert len(made) == 80  # what the column of a webhook's secret has room for
    assert made != secret.conceal(b"x" * 32, key=KEY, about="hook:a")
    assert secret.reveal(made, key=KEY, about="hook:a") == b"x" * 32
    assert secret.reveal(made, key=KEY, about="hook:b") is None
    assert secret.reveal(made, key=b"j" * 32, about="hook:a") is None
    for broken in ("", "AAAA", made[:-4], "whsec_" + made, made[:-2] + "ü="):
        assert secret.reveal(broken, key=KEY, about="hook:a") is None
