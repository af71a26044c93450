"""The route table of the built application: what can be asked, as `GET /path/{parameter}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount


def table(app: FastAPI) -> list[str]:
    """Every route, whether the API's description has it or not. A mounted folder is `MOUNT`."""
    return [f"{method} {path}" for method, path in _walk(app.routes)]


def _walk(routes: list[Any]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if (router := getattr(route, "original_router", None)) is not None:
            assert not route.include_context.prefix, "a prefix given while including is not walked"
            yield from _walk(router.routes)
        elif isinstance(route, Mount):
            yield "MOUNT", route.path
        else:
            for method in sorted(route.methods - {"HEAD"}):
                yield method, route.path
