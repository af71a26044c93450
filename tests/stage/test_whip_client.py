"""A third client's transport: ffmpeg's WHIP muxer, which waits for our DTLS handshake."""

from __future__ import annotations

import asyncio
import datetime
import sys
from pathlib import Path

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hustings.stage.seat import Seat
from tests import tones
from tests.stage.peers import WAIT_S, Session, running, until

ROOT = Path(__file__).parents[2]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A P-256 certificate and its key: the one that the muxer makes itself is on another curve."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "publisher")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    return chain, secret


async def test_ffmpeg_speaks(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    sound = tones.write_wav(tmp_path / "tone.wav", tones.tone(600, 1.5))
    sessions: list[Session] = []
    methods: list[bytes] = []

    async with running() as endpoint:

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            methods.append(head.split(b" ", 1)[0])
            body = b""
            if head.startswith(b"POST"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                sessions.append(Session(endpoint, (await reader.readexactly(length)).decode()))
                body = sessions[-1].answer.encode()
                writer.write(b"HTTP/1.1 201 Created\r\nLocation: /whip/space/session\r\n")
                writer.write(b"Content-Type: application/sdp\r\n")
            else:
                writer.write(b"HTTP/1.1 200 OK\r\n")
            writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.stage.publisher", f"http://127.0.0.1:{port}/whip/space",
                str(chain), str(key), str(sound), cwd=ROOT,
            )  # fmt: skip
            async with asyncio.timeout(2 * WAIT_S):
                assert await process.wait() == 0
            (session,) = sessions
            assert session.transport.offer.active
            await until(lambda: session.states == ["connected", "closed:bye"])
            assert len(session.packets) > 60
            assert all(packet.payload[0] & 4 for packet in session.packets)  # stereo (RFC 6716)
            seat = Seat("ann")
            seat.connect(join=1)
            heard = []
            for packet in session.packets:
                seat.push(packet)
                frame = seat.pull()
                heard.append(tones.silence(0.02) if frame is None else frame)
            assert tones.tone_level_dbfs(np.concatenate(heard[20:60]), 600) > -20
            assert methods == [b"POST", b"DELETE"]
