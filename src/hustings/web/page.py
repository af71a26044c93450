"""Pages: Jinja templates, always escaped, with what every page needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hustings import limits, words
from hustings.words import Words, mark

FOLDER: Final = Path(__file__).with_name("templates")
STATUS_WORDS: Final = {
    "scheduled": mark("Scheduled"),
    "doors": mark("Doors open"),
    "live": mark("Live"),
    "held": mark("On hold"),
    "ended": mark("Ended"),
    "posted": mark("Posted"),
    "withheld": mark("Not published"),
    "cancelled": mark("Cancelled"),
}
# What a reader chose, for browsers whose own language is another.
LANGUAGE_COOKIE: Final = "hustings-language"


_MOMENT: Final = mark("{day} {date} {month} {year}, {time} UTC")
_DECIMAL: Final = mark("{whole}.{part}")
_DAYS: Final = (
    mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun"),
)  # fmt: skip
_MONTHS: Final = (
    mark("Jan"), mark("Feb"), mark("Mar"), mark("Apr"), mark("May"), mark("Jun"), mark("Jul"),
    mark("Aug"), mark("Sep"), mark("Oct"), mark("Nov"), mark("Dec"),
)  # fmt: skip


def _moment(ms: int) -> Markup:
    """A time: UTC in the markup, turned into the reader's own zone by `local_time.js`."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    text = _reading().text
    shown = text(_MOMENT).format(
        day=text(_DAYS[at.weekday()]),
        date=at.day,
        month=text(_MONTHS[at.month - 1]),
        year=at.year,
        time=f"{at:%H:%M}",
    )
    return Markup('<time datetime="{}">{}</time>').format(at.strftime("%Y-%m-%dT%H:%M:%SZ"), shown)


def _decimal(value: object) -> str:
    """A number with decimals, as the reader writes it."""
    whole, dot, part = str(value).partition(".")
    return _reading().text(_DECIMAL).format(whole=whole, part=part) if dot else whole


def _embedded(value: object) -> Markup:
    """JSON for a `<script type="application/json">`: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that means something in HTML is escaped


_reader: Final[ContextVar[Words]] = ContextVar("reader")


def _reading() -> Words:
    """The language of the page that is being made."""
    return _reader.get(words.load(words.ENGLISH))


_environment: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_environment.install_gettext_callables(  # type: ignore[attr-defined]
    lambda text: _reading().text(text),
    lambda one, many, n: _reading().count(one, many, n),
    newstyle=True,
)
_environment.filters["sentence"] = lambda text: _reading().sentence(str(text))
_environment.filters["moment"] = _moment
_environment.filters["decimal"] = _decimal
_environment.filters["embedded"] = _embedded
_environment.globals["limits"] = {
    name: value for name, value in vars(limits).items() if name.isupper()
}


_environment.globals["status_words"] = STATUS_WORDS


def language(request: Request) -> Words:
    """The language of whoever reads the answer: asked for, chosen once, or the browser's."""
    wanted = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return words.load(words.choose(request.headers.get("accept-language", ""), wanted=wanted))


def render(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page made of `template`. `account` is who is signed in, if the route asked for it."""
    who = {name: getattr(request.state, name, None) for name in ("account", "suspension")}
    reader = language(request)
    token = _reader.set(reader)
    try:
        shown = {"words": reader, "languages": _languages(), **who, **values}
        html = _environment.get_template(template).render(shown)
    finally:
        _reader.reset(token)
    answer = HTMLResponse(html, status, {"Content-Language": reader.language, **(headers or {})})
    answer.headers.add_vary_header("Accept-Language")
    if request.query_params.get("lang") == reader.language:
        answer.set_cookie(
            LANGUAGE_COOKIE, reader.language, max_age=limits.LANGUAGE_S, samesite="lax"
        )
    return answer


def _languages() -> list[Words]:
    return [words.load(tag) for tag in words.languages()]
