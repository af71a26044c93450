"""Rights to TURN servers: what coturn computes, and what is no address of one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
import time
from pathlib import Path

import pytest
from aioice import stun
from aioice import turn as client

from hustings import turn
from hustings.errors import BadInput
from hustings.turn import Server
from tests import coturn

NOW_S = 1_793_000_000


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("turn:turn.example.org", Server("turn.example.org", 3478, "udp", secure=False)),
        ("turn:192.0.2.7:80?transport=tcp", Server("192.0.2.7", 80, "tcp", secure=False)),
        ("turns:turn.example.org", Server("turn.example.org", 5349, "tcp", secure=True)),
        ("turns:[2001:db8::7]:443", Server("2001:db8::7", 443, "tcp", secure=True)),
        ("turn:a.example?transport=udp", Server("a.example", 3478, "udp", secure=False)),
    ],
)
def test_addresses(uri: str, server: Server) -> None:
    assert turn.parse(uri) == server


@pytest.mark.parametrize(
    "uri",
    [
        *("", "stun:a.example", "turn:", "turn://a.example", "turn:a:0", "turn:a:65536"),
        *("turn:a?transport=sctp", 'turn:a"; rel="x', "turn:user@a", "turn:a b"),
    ],
)
def test_what_is_no_address(uri: str) -> None:
    with pytest.raises(BadInput, match="TURN address"):
        turn.parse(uri)


def test_credentials_are_an_hmac_of_expiry_and_seat() -> None:
    given = turn.credentials("north", seat="k3v9q1xz", now_s=NOW_S, ttl_s=3600)
    assert given.username == "1793003600:k3v9q1xz"
    # The recipe of coturn's manual, by another program.
    openssl = ["openssl", "dgst", "-binary", "-sha1", "-hmac", "north"]
    digest = subprocess.run(openssl, input=given.username.encode(), capture_output=True, check=True)
    assert given.password == base64.b64encode(digest.stdout).decode()
    assert len(digest.stdout) == hashlib.sha1(b"").digest_size


def test_links_name_every_server() -> None:
    given = turn.Credentials("1:a", "cGFzcw==")
    assert turn.links(["turn:a", "turns:b"], given) == (
        '<turn:a>; rel="ice-server"; username="1:a"; credential="cGFzcw=="; '
        'credential-type="password", '
        '<turns:b>; rel="ice-server"; username="1:a"; credential="cGFzcw=="; '
        'credential-type="password"'
    )


@coturn.needed
@pytest.mark.parametrize(("ttl_s", "passes"), [(60, True), (-60, False)])
async def test_coturn_takes_them_until_they_expire(
    tmp_path: Path, ttl_s: int, passes: bool
) -> None:
    async with coturn.coturn(tmp_path / "turn") as server:
        now_s = int(time.time())
        given = turn.credentials(coturn.SECRET, seat="s", now_s=now_s, ttl_s=ttl_s)
        making = client.create_turn_endpoint(
            asyncio.DatagramProtocol,
            server_addr=("127.0.0.1", server.port),
            username=given.username,
            password=given.password,
        )
        if passes:
            transport, _ = await making
            transport.close()
        else:
            with pytest.raises(stun.TransactionFailed):
                await making
