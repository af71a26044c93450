"""What a role listens on."""

from __future__ import annotations

import socket

import pytest

from hustings.config import Settings
from hustings.errors import ConfigError
from hustings.run import listen


@pytest.mark.parametrize("server", ["studio", "listen", "gate"])
def test_answers_do_not_wait_for_acknowledgements(server: str) -> None:
    """Whoever is accepted has no Nagle: a head and a body would be 40 ms apart."""
    settings = Settings(host="127.0.0.1", studio_port=0, listen_port=0, gate_port=0)
    with listen(settings, server) as listener:
        listener.setblocking(True)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken() -> None:
    with listen(Settings(host="127.0.0.1", studio_port=0), "studio") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match=f"studio_port.*{port}.*a free port on 127.0.0.1"):
            listen(Settings(host="127.0.0.1", studio_port=port), "studio")
