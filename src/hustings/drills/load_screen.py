"""What `hustings load` shows: a line a second while it runs, and a table at the end."""

from __future__ import annotations

import sys
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hustings.drills.load_report import Report, Spread, Tally
from hustings.drills.load_talk import TalkReport

_RUNGS: Final = ("live", "slow", "slower", "segments", "hls", "text", "wait", "coming", "back")


class Screen:
    """Progress on standard error: redrawn on a terminal, a line a second elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Screen:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, report: Report) -> None:
        """How it stands."""
        text = line(report)
        if self._console.is_terminal:
            self._live.update(Text(text))
        else:
            sys.stderr.write(text + "\n")


def line(report: Report) -> str:
    """One line of progress."""
    one = report.healthy
    where = ", ".join(f"{report.rungs[r]} {r}" for r in _RUNGS if report.rungs.get(r))
    refused = sum(one.refused.values())
    audio = one.audio_ms.quantile(0.99)
    parts = [
        f"{report.seconds:5.1f} s",
        where or "nobody yet",
        f"first audio p99 {audio:.0f} ms" if audio is not None else "no audio yet",
        f"{one.stall_ms.count} stalls",
        f"{one.gaps} gaps",
    ]
    if refused:
        parts.append(f"{refused} refusals")
    if one.reconnects:
        parts.append(f"{one.reconnects} reconnects")
    if wrong := one.mistakes + one.repeated + report.mismatches:
        parts.append(f"{wrong} WRONG")
    return " · ".join(parts)


def result(report: Report) -> Table:
    """Everything, for people."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    for kind, tally in report.kinds.items():
        for name, value in _rows(tally):
            table.add_row(name if kind == "healthy" else f"{kind} readers: {name}", value)
    table.add_row("heard", _heard(report))
    if report.promotions:
        order = "nobody before being called" if report.in_order else "NOT IN ORDER"
        table.add_row("let in from the line", f"{len(report.promotions)}, {order}")
    if report.server is not None:
        each = report.server.us_per_listener_s
        cost = "not steady long enough" if each is None else f"{each} µs per listener and second"
        table.add_row("server's CPU", f"{report.server.cpu_s} s; {cost}")
    cores = f"{report.load_cores:.2f} cores in {report.workers} processes"
    late = report.healthy.late_ms.quantile(0.99)
    table.add_row(
        "this tool", cores + ("" if late is None else f"; arrivals late by p99 {late:.0f} ms")
    )
    return table


def spoken(report: TalkReport) -> Table:
    """What those who talk did, for people."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, one in report.deeds.items():
        if not one.sent:
            continue
        per_s = one.accepted / report.seconds if report.seconds else 0.0
        parts = [f"{one.accepted} of {one.sent} accepted, {per_s:.1f} a second"]
        parts += [text for text in (_counts(one.refused), _counts(one.errors)) if text]
        table.add_row(name, "; ".join(parts))
        table.add_row(f"{name}: answer", _spread(one.ms))
    cores = report.cpu_s / report.seconds if report.seconds else 0.0
    who = f"{report.guests} guests, {report.visitors} visitors"
    table.add_row("those who talk", f"{who}; {cores:.2f} cores in 1 process")
    return table


def _rows(tally: Tally) -> list[tuple[str, str]]:
    rows = [
        ("arrived, heard sound", f"{tally.arrived}, {tally.admitted}"),
        ("page", _spread(tally.page_ms)),
        ("rung known", _spread(tally.rung_ms)),
        ("headers", _spread(tally.headers_ms)),
        ("first audio", _spread(tally.audio_ms)),
        ("first audio, since due", _spread(tally.due_ms)),
        ("refused", _counts(tally.refused)),
        ("rungs offered", _counts(tally.offered)),
        ("errors", _counts(tally.errors)),
        ("stalls", f"{_spread(tally.stall_ms)} of {tally.stalled} listeners"),
        ("gaps", f"{tally.gaps}, {tally.gap_ms} ms in all, {tally.gap_ms_max} ms at most"),
        ("reconnects", f"{tally.reconnects} (back with sound: {_spread(tally.back_ms)})"),
        ("mistakes", "; ".join((str(tally.mistakes), *tally.words))),
    ]
    return [(name, value) for name, value in rows if value]


def _heard(report: Report) -> str:
    chunks = sum(tally.chunks for tally in report.kinds.values())
    size = sum(tally.bytes for tally in report.kinds.values())
    return (
        f"{chunks} chunks checked, {size / 1e6:.1f} MB, {report.distinct} distinct pieces, "
        f"{report.mismatches} differing, {report.filled} filled with silence"
    )


def _spread(spread: Spread) -> str:
    if not spread.count:
        return ""
    shares = " ".join(
        f"p{round(share * 100)} {spread.quantile(share):.0f}" for share in (0.5, 0.9, 0.99)
    )
    return f"{spread.count}: {shares} max {spread.max:.0f} ms"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(counts.items()))
