"""A mail server of the tests' own: aiosmtpd in a thread, keeping what it is handed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(slots=True)
class Postbox:
    """What came: (sender, receivers, the message as it travelled). `answers` are those to come,
    then everything is taken."""

    url: str
    came: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


class _Handler:
    def __init__(self, box: Postbox) -> None:
        self._box = box

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self._box.answers:
            return self._box.answers.pop(0)
        self._box.came.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"


@contextmanager
def postbox() -> Iterator[Postbox]:
    """A server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Postbox(f"smtp://127.0.0.1:{port}")
    controller = Controller(_Handler(box), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
