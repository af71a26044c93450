"""Pages: Jinja templates, always escaped, with what every page needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hustings import limits

FOLDER: Final = Path(__file__).with_name("templates")
STATUS_WORDS: Final = {
    "scheduled": "Scheduled",
    "doors": "Doors open",
    "live": "Live",
    "held": "On hold",
    "ended": "Ended",
    "posted": "Posted",
    "withheld": "Not published",
    "cancelled": "Cancelled",
}


def _moment(ms: int) -> Markup:
    """A time: UTC in the markup, turned into the reader's own zone by `local_time.js`."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    shown = f"{at:%a} {at.day} {at:%b} {at.year}, {at:%H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(at.strftime("%Y-%m-%dT%H:%M:%SZ"), shown)


def _embedded(value: object) -> Markup:
    """JSON for a `<script type="application/json">`: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that means something in HTML is escaped


_environment: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["moment"] = _moment
_environment.filters["embedded"] = _embedded
_environment.globals["limits"] = {
    name: value for name, value in vars(limits).items() if name.isupper()
}


_environment.globals["status_words"] = STATUS_WORDS


def render(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page made of `template`. `account` is who is signed in, if the route asked for it."""
    account = getattr(request.state, "account", None)
    html = _environment.get_template(template).render({"account": account, **values})
    return HTMLResponse(html, status, dict(headers or {}))
