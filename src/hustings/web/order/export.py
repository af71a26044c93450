"""The audit log as files: CSV for spreadsheets, JSON lines for programs. Written as it is read.

What people wrote stands in these cells, and a spreadsheet takes a cell that begins with `=`, `+`,
`-` or `@` for a formula: such a cell gets an apostrophe in front (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Final

from hustings.web.order.audit import Entry

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_COLUMNS: Final = ("time", *(field.name for field in fields(Entry)))


async def csv_lines(entries: AsyncIterator[Entry]) -> AsyncIterator[str]:
    """A head and one row for each entry (RFC 4180)."""
    yield _row(_COLUMNS)
    async for entry in entries:
        yield _row((_time(entry), *(str(value) for value in asdict(entry).values())))


async def json_lines(entries: AsyncIterator[Entry]) -> AsyncIterator[str]:
    """One JSON object for each entry, each on a line."""
    async for entry in entries:
        yield json.dumps({"time": _time(entry), **asdict(entry)}, ensure_ascii=False) + "\n"


def _row(values: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(_harmless(value) for value in values)
    return line.getvalue()


def _harmless(text: str) -> str:
    # Blanks in front are skipped by some spreadsheets.
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _time(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
