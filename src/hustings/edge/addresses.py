"""How many connections each part of the net has, so that none can take all the room. Pure.

A household or a company is one IPv4 address, or a /64 of IPv6. Proxies that are trusted are not
bounded, because a whole audience may stand behind one; what they say of their visitors is believed.
A connection counts from its acceptance until its descriptor is closed, whoever owns it by then.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from hustings import limits

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Addresses:
    """Counts by descriptor. `most` connections of one prefix are let in; 0 is no bound."""

    def __init__(self, *, most: int = 0, trusted: Iterable[str] = ()) -> None:
        self._most = most
        self._trusted = tuple(ipaddress.ip_network(one, strict=False) for one in trusted)
        self._counts: dict[str, int] = {}
        self._prefixes: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._prefixes)

    def take(self, fd: int, address: str) -> bool:
        """Count a connection; False, and nothing is counted, if its prefix has enough."""
        prefix = address if "." in address else prefix_of(address)
        count = self._counts.get(prefix, 0)
        if count >= self._most > 0 and not self.trusts(address):
            return False
        self._counts[prefix] = count + 1
        self._prefixes[fd] = prefix
        return True

    def free(self, fd: int) -> None:
        """The descriptor is closed now. One that was not counted is no error."""
        prefix = self._prefixes.pop(fd, None)
        if prefix is None:
            return
        left = self._counts[prefix] - 1
        if left:
            self._counts[prefix] = left
        else:
            del self._counts[prefix]

    def trusts(self, address: str) -> bool:
        """Whether this is a proxy that is believed when it says for whom it asks."""
        if not self._trusted:
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in self._trusted)


def plain(address: str) -> str:
    """An address as the kernel gives it, in its own family: ::ffff:192.0.2.1 is 192.0.2.1."""
    address = address.partition("%")[0]
    return address.removeprefix("::ffff:") if "." in address else address


@lru_cache(maxsize=limits.BLOCKS_COUNT)
def prefix_of(address: str) -> str:
    """The part of the net that an address counts with."""
    found = ipaddress.ip_address(address)
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
