"""A synthetic speaker: a WebRTC client that costs a few per cent of a core for twenty of them.

ICE (controlling, one candidate), DTLS in either role, SRTP, Opus packets that were made before. It
talks to any server that answers an SDP offer: our stage, Janus. What it hears is kept as it came
in, with its time of arrival, and judged afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from aioice import stun

from bench.stage import address
from hustings.errors import BadInput
from hustings.stage import rtcp, rtp
from hustings.stage.dtls import Association, Identity, State
from hustings.stage.reception import Reception
from hustings.stage.sdp import AUDIO_LEVEL, Fingerprint
from hustings.stage.srtp import PROFILES, Srtp, material_length

OPUS: Final = 111
LEVEL_ID: Final = 1
_CHECK_S: Final = 0.05  # between checks until one is answered
_CONSENT_S: Final = 2.5  # between checks afterwards, as browsers do
_REPORT_S: Final = 5.0  # between RTCP reports, as browsers do for sound
_BATCH: Final = 32
_KEPT: Final = 50  # packets that can be asked for again: a second
_NACK_COUNT: Final = 16
_HEAD: Final = struct.Struct("!BBHII")
_CNAME: Final = "bench"


class Heard(NamedTuple):
    """One packet that came back; `at_ns` is on the monotonic clock."""

    at_ns: int
    sequence: int
    timestamp: int
    payload: bytes


def identity() -> Identity:
    """A certificate; one is enough for all clients of a process."""
    return Identity([(profile.name, material_length(profile.name)) for profile in PROFILES])


class Client:
    """One speaker. `offer`, then `take` the answer; `send` every 20 ms, `tick` now and then."""

    def __init__(
        self, own: Identity, packets: Sequence[bytes], *, level: int = 30, nack: bool = False
    ) -> None:
        self.nack = nack
        self.connected = asyncio.Event()
        self.heard: list[Heard] = []
        self.received = 0
        self.sent = 0
        self.last_ns = 0  # when the newest packet came
        self.keeping = False
        self.answered = False  # whether a check by the present way was
        self.packets = packets
        self._own = own
        # One-byte header extensions with one element, padded (RFC 8285 section 4.2).
        self._extension = bytes([0xBE, 0xDE, 0, 1, LEVEL_ID << 4, level, 0, 0])
        self._ufrag, self._pwd = secrets.token_hex(4), secrets.token_hex(16)
        self._theirs = self._their_pwd = ""
        self._dtls: Association | None = None
        self._srtp: Srtp | None = None
        self._reception: Reception | None = None
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(31)
        self._ssrc = secrets.randbits(32)
        self._bytes = 0
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._checks: set[bytes] = set()
        self._check_at = self._report_at = 0.0
        self._sock = self._bind()

    def restart(self) -> str:
        """Go on from another port with new credentials: the fragment that asks for an ICE restart
        (RFC 9725 section 4.3.3). `restarted` takes what comes back."""
        self.rebind()
        self._check_at = float("inf")  # until there is an answer, there is nobody to ask
        self._ufrag, self._pwd = secrets.token_hex(4), secrets.token_hex(16)
        host, port = self._sock.getsockname()
        lines = (
            f"a=ice-ufrag:{self._ufrag}", f"a=ice-pwd:{self._pwd}",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {OPUS}", "a=mid:0",
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host", "a=end-of-candidates",
        )  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    def restarted(self, fragment: str) -> None:
        """The server's side of the restart."""
        self._theirs = _only(r"^a=ice-ufrag:(\S+)", fragment)[1]
        self._their_pwd = _only(r"^a=ice-pwd:(\S+)", fragment)[1]
        self._check_at = 0.0
        self.tick(time.monotonic())

    def offer(self) -> str:
        """The SDP offer."""
        digest = ":".join(f"{byte:02X}" for byte in self._own.fingerprint.digest)
        host, port = self._sock.getsockname()
        lines = (
            "v=0", f"o=- {secrets.randbits(40)} 1 IN IP4 {host}", "s=-", "t=0 0",
            "a=group:BUNDLE 0", "a=msid-semantic: WMS *",
            f"m=audio {port} UDP/TLS/RTP/SAVPF {OPUS}", f"c=IN IP4 {host}", "a=mid:0",
            "a=sendrecv", "a=rtcp-mux", f"a=rtpmap:{OPUS} opus/48000/2",
            f"a=fmtp:{OPUS} minptime=10;useinbandfec=1", f"a=extmap:{LEVEL_ID} {AUDIO_LEVEL}",
            *([f"a=rtcp-fb:{OPUS} nack"] if self.nack else []),
            f"a=ice-ufrag:{self._ufrag}", f"a=ice-pwd:{self._pwd}",
            f"a=fingerprint:sha-256 {digest}", "a=setup:actpass",
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host", "a=end-of-candidates",
            "a=msid:bench mic", f"a=ssrc:{self._ssrc} cname:{_CNAME}",
        )  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    def take(self, answer: str, *, port: int | None = None) -> None:
        """Begin to connect; `port` is another way to the server than the answer's."""
        candidate = _only(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", answer)
        self._sock.connect((candidate[1], port or int(candidate[2])))
        self._theirs = _only(r"^a=ice-ufrag:(\S+)", answer)[1]
        self._their_pwd = _only(r"^a=ice-pwd:(\S+)", answer)[1]
        digest = bytes.fromhex(_only(r"^a=fingerprint:sha-256 (\S+)", answer)[1].replace(":", ""))
        self._dtls = Association(
            self._own,
            active=_only(r"^a=setup:(\S+)", answer)[1] == "passive",
            fingerprints=(Fingerprint("sha-256", digest),),
        )
        self.tick(time.monotonic())

    def send(self, samples: int = 960) -> None:
        """Send the next packet of the loop, once connected; RTP's clock goes on by `samples`."""
        payload = self.packets[self.sent % len(self.packets)]
        self.sent += 1
        self._timestamp = (self._timestamp + samples) & 0xFFFF_FFFF
        if self._srtp is None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        head = _HEAD.pack(0x90, OPUS, self._sequence, self._timestamp, self._ssrc)
        self._bytes += len(payload)
        datagram = self._srtp.protect(head + self._extension + payload)
        self._kept.append((self._sequence, datagram))
        self._put(datagram)

    def tick(self, now: float) -> None:
        """Checks, repeated flights, reports."""
        if self._dtls is None:
            return
        if now >= self._check_at:
            self._check_at = now + (_CONSENT_S if self.answered else _CHECK_S)
            self._check()
        if not self.received:
            for datagram in self._dtls.tick(now):
                self._put(datagram)
        if self._srtp is not None and now >= self._report_at:
            self._report_at = now + _REPORT_S
            self._report()

    def rebind(self) -> None:
        """Go on from another port, as after a NAT has forgotten; nobody is told."""
        peer = self._sock.getpeername()
        self._unbind()
        self._sock = self._bind()
        self._sock.connect(peer)
        self.answered = False
        self._check_at = 0.0

    def close(self) -> None:
        """Hang up."""
        if self._dtls is not None:
            for datagram in self._dtls.close():
                self._put(datagram)
        self._unbind()

    def _bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address.own(), 0))
        sock.setblocking(False)
        asyncio.get_running_loop().add_reader(sock.fileno(), self._read)
        return sock

    def _unbind(self) -> None:
        if self._sock.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._sock.fileno())
            self._sock.close()

    def _put(self, datagram: bytes) -> None:
        with contextlib.suppress(OSError):
            self._sock.send(datagram)

    def _read(self) -> None:
        for _ in range(_BATCH):
            try:
                datagram = self._sock.recv(2048)
            except OSError:
                return
            first = datagram[0] if datagram else 64
            if 128 <= first <= 191:
                self._on_media(datagram)
            elif first <= 3:
                self._on_stun(datagram)
            elif 20 <= first <= 63:
                self._on_dtls(datagram)

    def _on_media(self, datagram: bytes) -> None:
        if self._srtp is None:
            return
        if rtp.is_rtcp(datagram):
            self._on_reports(datagram)
            return
        now_ns = time.monotonic_ns()
        try:
            data = self._srtp.unprotect(datagram)
            packet = rtp.media(data, payload_type=OPUS, level_id=None, now_ns=now_ns)
        except BadInput:
            return
        ssrc = rtp.ssrc_of(data)
        if self._reception is None or self._reception.ssrc != ssrc:
            self._reception = Reception(ssrc, sequence=packet.sequence)
        missing = self._reception.receive(packet.sequence, packet.timestamp, now_ns)
        if self.nack and 0 < missing <= _NACK_COUNT:
            lost = tuple((packet.sequence - i) & 0xFFFF for i in range(missing, 0, -1))
            self._report(rtcp.Nack(self._ssrc, ssrc, lost))
        self.received += 1
        self.last_ns = now_ns
        if self.keeping:
            self.heard.append(Heard(now_ns, packet.sequence, packet.timestamp, packet.payload))

    def _on_dtls(self, datagram: bytes) -> None:
        if self._dtls is None:
            return
        for out in self._dtls.receive(datagram, time.monotonic()):
            self._put(out)
        self._shaken()

    def _shaken(self) -> None:
        assert self._dtls is not None
        if self._dtls.state is State.CONNECTED and self._srtp is None:
            keying = self._dtls.keying
            assert keying is not None
            self._srtp = Srtp(
                profile=keying.profile, material=keying.material, server=keying.server
            )
            self.connected.set()

    def _check(self) -> None:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self._theirs}:{self._ufrag}"
        message.attributes["PRIORITY"] = 1_845_501_695
        message.attributes["ICE-CONTROLLING"] = 1
        message.attributes["USE-CANDIDATE"] = None
        self._checks.add(message.transaction_id)
        self._put(_finished(message, self._their_pwd))

    def _on_stun(self, datagram: bytes) -> None:
        if self._dtls is None:
            return  # the answer has not come yet: its checks come again
        try:
            message = stun.parse_message(datagram)
        except ValueError:
            return
        if message.message_class == stun.Class.REQUEST:
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            answer.attributes["XOR-MAPPED-ADDRESS"] = self._sock.getpeername()
            self._put(_finished(answer, self._pwd))
        elif message.transaction_id in self._checks:
            self._checks.clear()
            self.answered = True
            for out in self._dtls.start(time.monotonic()):
                self._put(out)

    def _on_reports(self, datagram: bytes) -> None:
        """Send again what is asked for; what else is reported has no use here."""
        assert self._srtp is not None
        if not self.nack:
            return
        with contextlib.suppress(BadInput):
            for one in rtcp.parse(self._srtp.unprotect_rtcp(datagram)):
                if isinstance(one, rtcp.Nack) and one.source == self._ssrc:
                    for sequence, kept in self._kept:
                        if sequence in one.sequences:
                            self._put(kept)

    def _report(self, *more: rtcp.Report) -> None:
        assert self._srtp is not None
        blocks: tuple[rtcp.ReportBlock, ...] = ()
        if self._reception is not None:
            blocks = (self._reception.block(last_sr=0, delay=0),)
        own = rtcp.SenderReport(
            ssrc=self._ssrc,
            ntp=rtcp.ntp_of(time.time_ns()),
            timestamp=self._timestamp,
            packets=self.sent & 0xFFFF_FFFF,
            octets=self._bytes & 0xFFFF_FFFF,
            blocks=blocks,
        )
        compound = rtcp.serialise([own, rtcp.SourceDescription(self._ssrc, _CNAME), *more])
        self._put(self._srtp.protect_rtcp(compound))


def _finished(message: stun.Message, password: str) -> bytes:
    message.add_message_integrity(password.encode())
    message.add_fingerprint()
    return bytes(message)


def _only(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise RuntimeError(f"the answer has no {pattern}:\n{text}")
    return found
