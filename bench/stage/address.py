"""The address at which servers and speakers of a benchmark meet.

Janus gathers no candidate on the loopback interface, so both servers are measured at the machine's
own address on its default route. What is sent there from the machine itself goes through loopback.
"""

from __future__ import annotations

import socket

from bench.packages import Missing


def own() -> str:
    """This machine's IPv4 address. Connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise Missing("the machine has no IPv4 address besides loopback") from error
        return str(probe.getsockname()[0])
