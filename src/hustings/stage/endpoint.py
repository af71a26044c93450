"""The endpoint: one port number, UDP and TCP, for the sound of all speakers of a stage process.

It answers connectivity checks (ICE-lite) and keeps the transports; `port` and `tcp` read the
sockets. Sound
and handshakes are taken only from addresses that passed a check, so a stranger can neither take a
handshake over nor use us to flood others.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from hustings import limits
from hustings.errors import BadInput, ConfigError, HustingsError
from hustings.stage import dtls, fragment, ice, port, sdp, srtp, tcp
from hustings.stage.candidate import Candidate
from hustings.stage.path import Address, Way
from hustings.stage.port import Port
from hustings.stage.rtp import MediaPacket
from hustings.stage.transport import Transport

_Pair: TypeAlias = tuple[socket.socket, socket.socket]  # UDP and TCP


class EndpointFull(HustingsError):
    """As many transports as one process may have: try another stage, or later."""


class Endpoint:
    """All transports of one process. Made by `open`, ended by `close`.

    `run` must be running for time-outs, repeated handshakes and reports to work.
    """

    def __init__(self, socks: Sequence[_Pair], candidates: Sequence[str]) -> None:
        """For `open`."""
        self.port: int = socks[0][0].getsockname()[1]
        self._candidates = [
            Candidate(address, self.port, tcp) for tcp in (False, True) for address in candidates
        ]
        self._identity = dtls.Identity(
            [(profile.name, srtp.material_length(profile.name)) for profile in srtp.PROFILES]
        )
        self._past = Counter[str]()  # what transports that have ended had counted
        self._transports: dict[str, Transport] = {}  # by their ids
        self._sessions: dict[str, tuple[Transport, ice.IceSession]] = {}  # by our user fragments
        self._ports = [Port(udp, on_stun=self._on_stun) for udp, _ in socks]
        self._listeners = [tcp.Listener(one, on_stun=self._on_stun) for _, one in socks]

    @classmethod
    async def open(cls, *, host: str, port: int, advertise: Sequence[str]) -> Endpoint:
        """Listen on `host` and `port` (0: any); `ConfigError` when that cannot be.

        `advertise` are the IP addresses at which speakers reach the port, the preferred one first.
        Empty, it is `host`; and if that means all addresses, those of the default routes.
        """
        addresses = list(advertise) or [host]
        if not advertise and ipaddress.ip_address(host).is_unspecified:
            addresses = _outward() or ["127.0.0.1"]
        try:
            socks = _listen(host, port, addresses)
        except OSError as error:
            raise ConfigError(
                "media_port",
                port,
                allowed=f"a port that is free on {host} for UDP and TCP ({error.strerror})",
            ) from error
        return cls(socks, addresses)

    @property
    def transports(self) -> Sequence[Transport]:
        """The transports that are not closed."""
        return tuple(self._transports.values())

    def accept(
        self,
        offer_sdp: str,
        *,
        on_packet: Callable[[MediaPacket], None],
        on_state: Callable[[str], None],
    ) -> tuple[Transport, str]:
        """A transport for a speaker's offer, and the SDP answer.

        Raises `BadInput` for an offer that cannot be used, and `EndpointFull`.
        """
        if len(self._transports) >= limits.STAGE_SESSIONS_COUNT:
            raise EndpointFull(f"there are {limits.STAGE_SESSIONS_COUNT} transports already")
        offer = sdp.parse(offer_sdp)
        transport = Transport(
            offer, self._identity, forget=self._forget, on_packet=on_packet, on_state=on_state
        )
        self._transports[transport.id] = transport
        self._index(transport)
        ours = transport.ice[0].ours
        answer = sdp.answer(
            offer,
            ufrag=ours.ufrag,
            pwd=ours.pwd,
            fingerprint=self._identity.fingerprint,
            candidates=self._candidates,
            ssrc=transport.ssrc,
            session=secrets.randbits(40),
        )
        return transport, answer

    def restart(self, transport: Transport, *, theirs: str) -> tuple[str, str]:
        """Restart ICE for a speaker whose user fragment is `theirs` from now on.

        Returns the tag of the new ICE session, and our SDP fragment (RFC 9725 section 4.3.3).
        """
        self._unindex(transport)
        session = transport.restart(theirs)
        self._index(transport)
        offer = transport.offer
        return session.tag, fragment.serialise(
            mid=offer.mid,
            bundled=offer.bundled,
            opus=offer.opus,
            ours=session.ours,
            candidates=self._candidates,
        )

    def read(self) -> None:
        """Take in what has come on all sockets: called before each tick."""
        for one in self._ports:
            one.read()

    async def run(self) -> None:
        """Timers of all transports, until cancelled."""
        while True:
            await asyncio.sleep(limits.TRANSPORT_TIMER_S)
            now = time.monotonic()
            for transport in self.transports:
                transport.tick(now)

    def close(self) -> None:
        """Say goodbye to every speaker and give the port back."""
        for transport in self.transports:
            transport.close()
        for one in self._ports:
            one.close()
        for listener in self._listeners:
            listener.close()

    def _on_stun(self, datagram: bytes, address: Address, through: Way) -> None:
        try:
            check = ice.parse(datagram)
        except BadInput:
            return
        known = self._sessions.get(check.ours)
        if known is None:
            return
        transport, session = known
        if not ice.verified(check, ours=session.ours, theirs=session.theirs):
            return
        through.send(ice.response(check, address=_plain(address), ours=session.ours), address)
        if check.controlled:
            return
        if session is not transport.ice[0]:
            # The first check after a restart: what was in use before is not taken any more.
            self._sessions.pop(transport.ice[0].ours.ufrag, None)
        path = through.path(address, transport)
        if path is not None:
            transport.on_check(path, session, nominated=check.nominates)

    def kinds(self) -> Counter[str]:
        """How many connected transports use which kind of path."""
        return Counter(one.kind for one in self.transports if one.connected)

    def totals(self) -> Counter[str]:
        """What all transports have counted so far, by the stage's metrics."""
        totals = self._past.copy()
        for transport in self.transports:
            totals += _counted(transport)
        return totals

    def _forget(self, transport: Transport) -> None:
        if self._transports.pop(transport.id, None) is not None:
            self._past += _counted(transport)
        self._unindex(transport)

    def _index(self, transport: Transport) -> None:
        for session in transport.ice:
            self._sessions[session.ours.ufrag] = (transport, session)

    def _unindex(self, transport: Transport) -> None:
        for session in transport.ice:
            self._sessions.pop(session.ours.ufrag, None)


def _counted(transport: Transport) -> Counter[str]:
    return Counter(
        nacks_sent_total=transport.nacks_sent,
        nacks_received_total=transport.nacks_received,
    )


def _listen(host: str, number: int, addresses: Sequence[str]) -> list[_Pair]:
    """The sockets for `addresses`, all on one port number.

    Where `host` means all addresses, each of `addresses` that is our own gets its own sockets: a
    socket for all of them would answer from whichever address the route prefers, and a browser
    drops an answer that comes from elsewhere than it asked. Addresses that are not our own
    (outside of a NAT) are reached through one pair for all.
    """
    everything = ipaddress.ip_address(host).is_unspecified
    for left in reversed(range(limits.PORT_TRIES_COUNT)):
        try:
            return _bind(addresses if everything else [host], number)
        except OSError as error:
            if everything and error.errno == errno.EADDRNOTAVAIL:
                everything, host = False, "::" if any(":" in a for a in addresses) else host
            elif number or not left:
                raise
    raise AssertionError("the last try returns or raises")


def _bind(addresses: Sequence[str], number: int) -> list[_Pair]:
    """A socket of each kind on each address; `OSError`, and none is left open."""
    socks: list[_Pair] = []
    with contextlib.ExitStack() as opened:
        for address in addresses:
            udp = opened.enter_context(port.bind(address, number))
            number = udp.getsockname()[1]
            socks.append((udp, opened.enter_context(tcp.listen(address, number))))
        opened.pop_all()
    return socks


def _outward() -> list[str]:
    """Our addresses on the default routes. Connecting a UDP socket sends nothing."""
    found = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            found.append(str(probe.getsockname()[0]))
    return found


def _plain(address: Address) -> tuple[str, int]:
    """Host and port; an IPv4 address that an IPv6 socket shows as ::ffff:a.b.c.d is IPv4."""
    host = address[0]
    if host.startswith("::ffff:") and "." in host:
        host = host.removeprefix("::ffff:")
    return host, address[1]
