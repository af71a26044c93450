"""Fixtures: a studio, its servers and a browser; and a listen page by itself."""

from __future__ import annotations

from tests.player.conftest import browser, edge, recordings, visit
from tests.web.conftest import context, servers, web
from tests.web.desk.conftest import stage

__all__ = ["browser", "context", "edge", "recordings", "servers", "stage", "visit", "web"]
