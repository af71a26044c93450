"""Whether a TURN server relays for us: an allocation, made with a right of a minute."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from aioice import stun
from aioice import turn as client

from hustings import turn

WAIT_S: Final = 5.0
_RIGHT_S: Final = 60


async def trouble(url: str, secret: str) -> str:
    """What keeps the server at `url` from relaying; empty when it does."""
    server = turn.parse(url)
    if server.secure and server.transport == "udp":
        return ""  # DTLS, which no library here speaks: taken on trust
    right = turn.credentials(secret, seat="doctor", now_s=int(time.time()), ttl_s=_RIGHT_S)
    try:
        async with asyncio.timeout(WAIT_S):
            transport, _ = await client.create_turn_endpoint(
                asyncio.DatagramProtocol,
                server_addr=(server.host, server.port),
                username=right.username,
                password=right.password,
                ssl=server.secure,
                transport=server.transport,
            )
        transport.close()
    except TimeoutError:
        return "no answer"
    except stun.TransactionFailed as error:
        return f"refused ({error})"
    except stun.TransactionTimeout:
        return "no answer"
    except OSError as error:
        return error.strerror or str(error)
    return ""
