"""What a person sees when everything runs: where to look, and the first account's link."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from hustings.config import Settings

FIRST_LINK: Final = "first-link"


def show(settings: Settings, *, seconds: float) -> None:
    """Print the addresses to open and, before there is an account, the one-time link."""
    console = Console(stderr=True, highlight=False)
    rows = Table.grid(padding=(0, 2))
    rows.add_row("studio", settings.public_url("studio"), "for hosts and speakers")
    rows.add_row("listen", settings.public_url("listen"), "for listeners, by a space's link")
    rows.add_row("data", str(settings.folder.resolve()), "everything that is kept")
    console.print(Panel(rows, title=f"Hustings is ready ({seconds:.1f} s)", expand=False))
    link = settings.folder / FIRST_LINK
    if link.exists():
        console.print("First start: make the first account with this one-time link")
        console.print(f"  {link.read_text().strip()}", soft_wrap=True)
    console.print("Ctrl-C stops everything.")
