"""Connections are counted by the part of the net that they come from."""

from __future__ import annotations

import pytest

from hustings.edge.addresses import Addresses, plain, prefix_of


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
    ],
)
def test_a_prefix_is_a_household(address: str, prefix: str) -> None:
    assert prefix_of(address) == prefix


def test_an_address_is_told_in_its_own_family() -> None:
    assert plain("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain("fe80::1%eth0") == "fe80::1"
    assert plain("192.0.2.1") == "192.0.2.1"


def test_one_prefix_cannot_take_all() -> None:
    addresses = Addresses(most=2)
    assert addresses.take(3, "2001:db8::1")
    assert addresses.take(4, "2001:db8::2")
    assert not addresses.take(5, "2001:db8::3")
    assert addresses.take(5, "2001:db8:0:1::3")
    assert addresses.take(6, "192.0.2.1")
    addresses.free(3)
    addresses.free(3)
    assert addresses.take(7, "2001:db8::3")
    assert len(addresses) == 4


def test_nothing_is_left_of_those_who_left() -> None:
    addresses = Addresses(most=1)
    for fd in range(1_000):
        assert addresses.take(fd, "192.0.2.1")
        addresses.free(fd)
    assert len(addresses) == 0
    assert not addresses._counts


def test_proxies_are_not_bounded() -> None:
    addresses = Addresses(most=1, trusted=("192.0.2.1", "2001:db8::/32"))
    for fd in range(10):
        assert addresses.take(fd, "192.0.2.1")
        assert addresses.take(10 + fd, "2001:db8::1")
    assert addresses.take(50, "192.0.2.2")
    assert not addresses.take(51, "192.0.2.2")
    assert addresses.trusts("2001:db8:5::")
    assert not addresses.trusts("192.0.2.2")
    assert not Addresses().trusts("192.0.2.1")


def test_without_a_bound_all_are_let_in() -> None:
    addresses = Addresses()
    assert all(addresses.take(fd, "192.0.2.1") for fd in range(10_000))
