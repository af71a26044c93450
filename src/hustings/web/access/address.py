"""Where a request comes from."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from hustings.address import counted


def of(request: HTTPConnection) -> str:
    """The client's address as it is counted and, hashed, remembered; "" if it has none."""
    return counted(request.client.host) if request.client else ""
