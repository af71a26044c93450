"""Posting to an address that somebody gave us, without becoming their hand inside our network.

The name is looked up once, every address it has must be a public one, and the connection goes to
the address that was looked at: a name that answers differently the second time gains nothing.
Redirects are not followed, answers are read no further than their head. The setting `fetch_private`
lifts the bound for installations whose receivers stand beside them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from hustings import limits
from hustings.errors import BadInput

_SCHEMES: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said: its HTTP status, 0 when there was no answer, and why."""

    status: int
    reason: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has taken what was sent."""
        return 200 <= self.status < 300


class Fetch:
    """Posts to addresses given by others. `private` lets them be private ones."""

    def __init__(self, *, private: bool) -> None:
        self._private = private

    def checked(self, url: str) -> str:
        """`url` if it can be posted to at all; `BadInput` otherwise."""
        try:
            parts = urlsplit(url)
            good = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or not url.isprintable() or parts.username is not None or " " in url:
            raise BadInput("address", expected="one like https://example.org/hooks")
        if parts.scheme == "http" and not self._private:
            raise BadInput("address", expected="one that begins with https://")
        return url

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        # Reading the certificates that are trusted takes longer than a whole post: once.
        import httpx

        return httpx.create_ssl_context(trust_env=False)

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post `body`. Never raises: what went wrong is in the answer."""
        import httpx  # what posts to nobody stays small

        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or _SCHEMES[parts.scheme]
        try:
            async with asyncio.timeout(limits.HOOK_S):
                address = await self._address(host, port)
                bracketed = f"[{address}]" if ":" in address else address
                target = httpx.URL(url).copy_with(host=bracketed)
                async with (
                    httpx.AsyncClient(
                        follow_redirects=False, trust_env=False, verify=self._trusted
                    ) as client,
                    client.stream(
                        "POST",
                        target,
                        content=body,
                        headers={**headers, "Host": parts.netloc},
                        extensions={"sni_hostname": host},
                    ) as answer,
                ):
                    return Answer(answer.status_code, answer.reason_phrase)
        except BadInput as error:
            return Answer(0, str(error))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            return Answer(0, f"{type(error).__name__}: {error}".rstrip(": "))

    async def _address(self, host: str, port: int) -> str:
        """The address behind a name, once all that it has are allowed."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        for one in addresses:
            if not (self._private or public(one)):
                raise BadInput("address", expected="a server on the public internet", got=host)
        return addresses[0]


def public(address: str) -> bool:
    """Whether an IP address is one of the public internet (RFC 6890)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if mapped is not None:
        return public(str(mapped))
    if getattr(ip, "is_site_local", False):
        return False  # fec0::/10: deprecated (RFC 3879), and still routed inside some houses
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
