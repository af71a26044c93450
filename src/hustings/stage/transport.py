"""One speaker's transport: keys, sound up and down, reports, and the end of it.

Driven by the endpoint, which owns the sockets; calls back from inside its reads, so callbacks must
not block. `send` runs in the 20 ms tick: it never raises and never waits.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.clock import SAMPLE_RATE
from hustings.errors import BadInput
from hustings.stage import dtls, ice, rtcp, rtp
from hustings.stage.allowance import Allowance
from hustings.stage.path import Path
from hustings.stage.reception import Reception
from hustings.stage.rtp import MediaPacket
from hustings.stage.sdp import Offer
from hustings.stage.srtp import Srtp

CNAME: Final = "stage"
LOSSY_S: Final = 30.0  # without a loss, until a line counts as one that loses nothing
_log = logging.getLogger("hustings.stage")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportStats:
    """One transport at one moment.

    `packets_lost` of those sent to us, `jitter_ms` of their arrival (RFC 3550 section 6.4.1),
    `rtt_ms` to the speaker and back or None before the first report, `remote_loss` the share (0 to
    1) of our packets that the speaker missed lately. Of our packets the speaker has counted up to
    `remote_highest` (None before the first report), and `remote_lost` of them as missing.
    """

    packets_received: int
    packets_lost: int
    jitter_ms: float
    rtt_ms: float | None
    remote_loss: float
    remote_highest: int | None = None
    remote_lost: int = 0


class Transport:
    """One speaker's connection, from the offer to the farewell.

    `on_state` is told "connected" once, and once "closed:" with the cause: bye (the speaker left),
    lost (nothing was heard for `limits.CONSENT_S`), handshake (it never connected), local (we
    closed it).
    """

    def __init__(
        self,
        offer: Offer,
        identity: dtls.Identity,
        *,
        forget: Callable[[Transport], None],
        on_packet: Callable[[MediaPacket], None],
        on_state: Callable[[str], None],
    ) -> None:
        self.id = secrets.token_hex(8)
        self.offer = offer
        self.ice = [ice.fresh_session(offer.ufrag)]  # the one in use, then one that is asked for
        self.connected = False
        self.closed = False
        self.ssrc = secrets.randbits(32)
        self.nacks_sent = self.nacks_received = 0
        self._forget, self._on_packet, self._on_state = forget, on_packet, on_state
        self._dtls = dtls.Association(
            identity, active=offer.active, fingerprints=offer.fingerprints
        )
        self._srtp: Srtp | None = None
        self._paths: list[Path] = []  # the oldest first
        self._path: Path | None = None  # where we send
        self._heard = self._opened = time.monotonic()
        self._packets = Allowance(per_s=limits.PACKETS_PER_S, burst=limits.PACKETS_BURST_COUNT)
        self._rtcp = Allowance(per_s=limits.REPORTS_PER_S, burst=limits.REPORTS_PER_S)
        self._resends = Allowance(per_s=limits.RESENDS_PER_S, burst=limits.RESENDS_PER_S)
        self._allowed_at = self._opened
        self._report_at = 0.0
        self._sequence = secrets.randbits(15)  # below half: the first wrap is far away
        self._timestamp = secrets.randbits(31)
        self._sent_at = 0.0
        self._sent_packets = self._sent_octets = 0
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=limits.RESEND_PACKETS_COUNT)
        self._reception: Reception | None = None
        self._received_before = self._lost_before = 0  # of sources that were replaced
        self._reports: deque[tuple[int, float]] = deque(maxlen=8)
        self._last_sr = 0
        self._last_sr_at = 0.0
        self._rtt_s: float | None = None
        self._remote_loss = 0.0
        self._remote_highest: int | None = None
        self._remote_lost = 0
        self._remote_lost_at = -LOSSY_S

    @property
    def kind(self) -> str:
        """What its packets travel over now, udp or tcp; "" before a check has come."""
        return self._path.kind if self._path is not None else ""

    @property
    def lossy(self) -> bool:
        """Whether the speaker has missed packets of ours in the last half minute."""
        return time.monotonic() - self._remote_lost_at < LOSSY_S

    @property
    def stats(self) -> TransportStats:
        """A snapshot."""
        now = self._reception
        return TransportStats(
            packets_received=self._received_before + (now.received if now else 0),
            packets_lost=max(0, self._lost_before + (now.lost if now else 0)),
            jitter_ms=now.jitter / (SAMPLE_RATE // 1000) if now else 0.0,
            rtt_ms=self._rtt_s * 1000 if self._rtt_s is not None else None,
            remote_loss=self._remote_loss,
            remote_highest=self._remote_highest,
            remote_lost=self._remote_lost,
        )

    def send(self, payload: bytes, *, samples: int = 960) -> None:
        """Send one Opus frame to the speaker; nothing happens until it is connected.

        `samples` is how far the frame begins after the one before it: more than a frame after
        skipped ticks.
        """
        self._timestamp = (self._timestamp + samples) & 0xFFFF_FFFF
        srtp, path = self._srtp, self._path
        if srtp is None or path is None or not self.offer.hears:
            return
        self._sequence = sequence = (self._sequence + 1) & 0xFFFF
        packet = rtp.header(
            payload_type=self.offer.opus,
            sequence=sequence,
            timestamp=self._timestamp,
            ssrc=self.ssrc,
        )
        try:
            datagram = srtp.protect(packet + payload)
        except BadInput as error:
            _log.warning("transport %s: a frame was not sent: %s", self.id, error)
            return
        self._sent_at = time.monotonic()
        self._sent_packets += 1
        self._sent_octets += len(payload)
        if self.offer.nack:
            self._kept.append((sequence, datagram))
        path.send(datagram)

    def close(self) -> None:
        """End it: RTCP BYE and close_notify to the speaker. Does nothing the second time."""
        self._end("local")

    # --- what the endpoint hands in ---------------------------------------------------------------

    def restart(self, theirs: str) -> ice.IceSession:
        """A new ICE session with the speaker's new user fragment (RFC 8445 section 9).

        The one in use stays valid until a check of the new one is verified, so that a speaker who
        never reads the answer loses nothing. Keys and sound know nothing of it.
        """
        self.ice[1:] = [ice.fresh_session(theirs)]
        return self.ice[1]

    def on_check(self, path: Path, session: ice.IceSession, *, nominated: bool) -> None:
        """A check of `session` that came on `path` was verified."""
        if session is not self.ice[0]:
            self.ice = [session]
        self._heard = time.monotonic()
        if path not in self._paths:
            if len(self._paths) >= limits.PATHS_COUNT:
                oldest = next(one for one in self._paths if one is not self._path)
                self._paths.remove(oldest)
                oldest.close()
            self._paths.append(path)
        # A check can say that it comes from anywhere. Once there are keys, what proves that the
        # speaker is there is what they seal.
        if self._path is None or (nominated and not self.connected):
            self._path = path
        for datagram in self._dtls.start(self._heard):
            path.send(datagram)

    def holds(self, path: Path) -> bool:
        """Whether the speaker is there just now: nobody else's check takes the path away."""
        heard = time.monotonic() - self._heard < limits.PATH_HELD_S
        return self.connected and self._path is path and heard

    def lose_path(self, path: Path) -> None:
        """The path has ended, or another session proved that it is its own."""
        if path in self._paths:
            self._paths.remove(path)
        if self._path is path:
            self._path = self._paths[-1] if self._paths else None

    def on_dtls(self, datagram: bytes, path: Path) -> None:
        """A DTLS datagram that came on `path`."""
        for out in self._dtls.receive(datagram, time.monotonic()):
            path.send(out)
        match self._dtls.state:
            case dtls.State.CONNECTED:
                if not self.connected:
                    self._connect()
            case dtls.State.CLOSED:
                self._end("bye" if self.connected else "handshake")
            case dtls.State.FAILED:
                _log.info("transport %s: %s", self.id, self._dtls.failure)
                self._end("lost" if self.connected else "handshake")

    def on_media(self, datagram: bytes, path: Path) -> None:
        """An SRTP or SRTCP datagram that came on `path`."""
        srtp = self._srtp
        if srtp is None or len(datagram) < rtp.HEADER_BYTES:
            return
        try:
            if rtp.is_rtcp(datagram):
                compound = srtp.unprotect_rtcp(datagram)
                self._path = path
                if self._rtcp.take():
                    self._on_reports(rtcp.parse(compound))
                return
            data = srtp.unprotect(datagram)
            if not self._packets.take():
                return
            arrived_ns = time.monotonic_ns()
            packet = rtp.media(
                data,
                payload_type=self.offer.opus,
                level_id=self.offer.level_id,
                now_ns=arrived_ns,
            )
        except BadInput:
            return
        self._heard = arrived_ns / 1e9
        # Sound goes back where authentic sound comes from: a NAT that forgot gives the speaker a
        # new address, and not every client nominates again.
        self._path = path
        self._receive(rtp.ssrc_of(data), packet)
        self._on_packet(packet)

    def tick(self, now: float) -> None:
        """Time-outs, repeated flights and reports; `now` is monotonic, in seconds."""
        for allowance in (self._packets, self._rtcp, self._resends):
            allowance.refill(now - self._allowed_at)
        self._allowed_at = now
        if self._path is not None and self._reception is None:
            for datagram in self._dtls.tick(now):
                self._path.send(datagram)
        if self.connected:
            if now - self._heard > limits.CONSENT_S:
                self._end("lost")
            elif now >= self._report_at:
                self._report_at = now + limits.RTCP_EVERY_S
                self._report(now)
        elif now - self._opened > limits.HANDSHAKE_S:
            self._end("handshake")

    # --- inside -----------------------------------------------------------------------------------

    def _connect(self) -> None:
        keying = self._dtls.keying
        assert keying is not None
        self._srtp = Srtp(profile=keying.profile, material=keying.material, server=keying.server)
        self.connected = True
        self._heard = time.monotonic()
        self._on_state("connected")

    def _receive(self, ssrc: int, packet: MediaPacket) -> None:
        reception = self._reception
        if reception is None or reception.ssrc != ssrc:
            if reception is not None:
                self._received_before += reception.received
                self._lost_before += reception.lost
            reception = self._reception = Reception(ssrc, sequence=packet.sequence)
        missing = reception.receive(packet.sequence, packet.timestamp, packet.arrived_ns)
        if 0 < missing <= limits.NACK_COUNT and self.offer.nack:
            self.nacks_sent += 1
            lost = tuple((packet.sequence - i) & 0xFFFF for i in range(missing, 0, -1))
            self._report(packet.arrived_ns / 1e9, rtcp.Nack(self.ssrc, ssrc, lost))

    def _on_reports(self, reports: list[rtcp.Report]) -> None:
        now = time.monotonic()
        self._heard = now
        missed: set[int] = set()
        for report in reports:
            match report:
                case rtcp.SenderReport() | rtcp.ReceiverReport():
                    if isinstance(report, rtcp.SenderReport):
                        self._last_sr, self._last_sr_at = rtcp.middle_of(report.ntp), now
                    for block in report.blocks:
                        if block.ssrc == self.ssrc:
                            self._on_block(block, now)
                case rtcp.Nack(source=source, sequences=sequences) if source == self.ssrc:
                    self.nacks_received += 1
                    self._remote_lost_at = now
                    missed.update(sequences)
                case rtcp.Goodbye(ssrcs=ssrcs):
                    if self._reception is not None and self._reception.ssrc in ssrcs:
                        self._end("bye")
                        return
        if missed:
            self._send_again(missed)

    def _on_block(self, block: rtcp.ReportBlock, now: float) -> None:
        self._remote_loss = block.fraction_lost / 256
        if block.fraction_lost:
            self._remote_lost_at = now
        self._remote_highest, self._remote_lost = block.highest, block.lost
        for middle, sent_at in self._reports:
            if middle == block.last_sr:
                self._rtt_s = max(0.0, now - sent_at - block.delay / 65_536)

    def _send_again(self, sequences: set[int]) -> None:
        if self._path is not None:
            for sequence, datagram in self._kept:
                if sequence in sequences and self._resends.take():
                    self._path.send(datagram)

    def _report(self, now: float, *more: rtcp.Report) -> None:
        """Send a compound of our report, our name and `more`."""
        if self._srtp is None or self._path is None:
            return
        blocks: tuple[rtcp.ReportBlock, ...] = ()
        if self._reception is not None:
            delay = int((now - self._last_sr_at) * 65_536) & 0xFFFF_FFFF if self._last_sr else 0
            blocks = (self._reception.block(last_sr=self._last_sr, delay=delay),)
        own: rtcp.Report
        if self._sent_packets:
            ntp = rtcp.ntp_of(time.time_ns())
            since = int((now - self._sent_at) * SAMPLE_RATE)
            own = rtcp.SenderReport(
                ssrc=self.ssrc,
                ntp=ntp,
                timestamp=(self._timestamp + since) & 0xFFFF_FFFF,
                packets=self._sent_packets & 0xFFFF_FFFF,
                octets=self._sent_octets & 0xFFFF_FFFF,
                blocks=blocks,
            )
            self._reports.append((rtcp.middle_of(ntp), now))
        else:
            own = rtcp.ReceiverReport(ssrc=self.ssrc, blocks=blocks)
        compound = rtcp.serialise([own, rtcp.SourceDescription(self.ssrc, CNAME), *more])
        self._path.send(self._srtp.protect_rtcp(compound))

    def _end(self, cause: str) -> None:
        if self.closed:
            return
        self.closed = True
        self._report(time.monotonic(), rtcp.Goodbye((self.ssrc,)))
        self.connected, self._srtp = False, None
        for datagram in self._dtls.close():
            if self._path is not None:
                self._path.send(datagram)
        for path in self._paths:
            path.close()
        self._forget(self)
        self._on_state(f"closed:{cause}")
