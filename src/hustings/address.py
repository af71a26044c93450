"""A client's address as it is counted: an IPv4 address, or the /64 of an IPv6 one: one household.

Pure.
"""

from __future__ import annotations

import ipaddress


def counted(host: str) -> str:
    """`host` as one customer of a provider has it."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
