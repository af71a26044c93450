"""The session description: reads a speaker's SDP offer (RFC 8866, RFC 9429), writes the answer.

Pure. One audio section with Opus is accepted; further sections are refused with port 0. Everything
that the transport needs is in `Offer`; whatever is missing or strange is `BadInput`, which says
what was expected, because the sentence is shown to whoever wrote the client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from hustings import limits
from hustings.errors import BadInput
from hustings.stage import candidate
from hustings.stage.candidate import Candidate

AUDIO_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"  # RFC 6464
# What we ask the speaker's encoder for: in-band FEC, mono, a rate at which speech is transparent.
OPUS_FORMAT: Final = "minptime=10;useinbandfec=1;maxaveragebitrate=40000;stereo=0"
PROTOCOLS: Final = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP")
_DIGEST_BYTES: Final = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_DIRECTIONS: Final = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly"}
_SETUPS: Final = ("actpass", "active", "passive")
_TOKEN: Final = re.compile(r"[!#-'*+\-.0-9A-Z^-~]{1,64}")  # RFC 8866 section 9: token
UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")  # RFC 8839 section 5.4
PWD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
_RTPMAP: Final = re.compile(r"(\d{1,3}) opus/48000/2", re.IGNORECASE)
_EXTMAP: Final = re.compile(r"(\d{1,5})(?:/(\w+))? (\S+)")
_FINGERPRINT: Final = re.compile(r"(\S+) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})+)")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Digest of a certificate (RFC 8122): `algorithm` in lower case, `digest` as plain bytes."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A media section that the answer turns down: its kind, protocol, formats and mid."""

    kind: str
    protocol: str
    formats: str
    mid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a speaker offers.

    `direction` is the speaker's; `level_id` is the id of the audio level extension or None; `nack`
    says whether lost packets may be asked for again; `sections` holds every media section in
    order: None for the accepted one, `Refused` for each other.
    """

    mid: str
    opus: int
    fingerprints: tuple[Fingerprint, ...]
    ufrag: str
    pwd: str
    setup: str
    direction: str
    level_id: int | None
    nack: bool
    bundled: bool
    has_candidates: bool
    sections: tuple[Refused | None, ...]

    @property
    def active(self) -> bool:
        """Whether we open the DTLS handshake: only when the speaker insists on waiting for it."""
        return self.setup == "passive"

    @property
    def hears(self) -> bool:
        """Whether the speaker wants to receive sound."""
        return self.direction != "sendonly"


@dataclass(slots=True)
class _Section:
    kind: str
    protocol: str
    formats: str
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.attributes if key == name), None)


def parse(text: str) -> Offer:
    """The offer in `text`, or `BadInput`."""
    if len(text) > limits.SDP_BYTES:
        raise _bad(f"at most {limits.SDP_BYTES} bytes", f"{len(text)}")
    session, sections = _split(text)
    place = next(
        (i for i, s in enumerate(sections) if s.kind == "audio" and _opus(s) is not None), None
    )
    if place is None:
        kinds = ", ".join(s.kind for s in sections) or "no media section"
        raise _bad("an audio section with opus/48000/2", kinds)
    audio = sections[place]
    opus = _opus(audio)
    assert opus is not None
    if audio.first("rtcp-mux") is None:
        raise _bad("a=rtcp-mux in the audio section")
    mid = audio.first("mid") or ""
    groups = [g.split() for g in session.all("group")]
    return Offer(
        mid=_matched("mid", mid, _TOKEN, "a token") if mid else "",
        opus=opus,
        fingerprints=_fingerprints(audio.all("fingerprint") or session.all("fingerprint")),
        ufrag=_credential("ice-ufrag", audio, session, UFRAG),
        pwd=_credential("ice-pwd", audio, session, PWD),
        setup=_setup(audio.first("setup") or session.first("setup")),
        direction=_direction(audio, session),
        level_id=_level_id(audio.all("extmap") + session.all("extmap")),
        nack=any(f in audio.all("rtcp-fb") for f in (f"{opus} nack", "* nack")),
        bundled=any(g[:1] == ["BUNDLE"] and mid in g[1:] for g in groups),
        has_candidates=audio.first("candidate") is not None,
        sections=tuple(None if i == place else _refused(s) for i, s in enumerate(sections)),
    )


def answer(
    offer: Offer,
    *,
    ufrag: str,
    pwd: str,
    fingerprint: Fingerprint,
    candidates: Sequence[Candidate],
    ssrc: int,
    session: int,
) -> str:
    """The answer to `offer`: ICE-lite, one Opus stream, RTCP on the same port.

    `candidates` are where the speaker reaches us, the preferred one first; `session` is the number
    in the o= line.
    """
    lines = ["v=0", f"o=- {session} 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=ice-lite"]
    lines.append("a=ice-options:trickle ice2")
    if offer.bundled:
        lines.append(f"a=group:BUNDLE {offer.mid}")
    lines.append("a=msid-semantic: WMS *")
    for section in offer.sections:
        if section is None:
            lines += _audio(offer, candidates)
            lines += [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}"]
            digest = ":".join(f"{byte:02X}" for byte in fingerprint.digest)
            lines.append(f"a=fingerprint:{fingerprint.algorithm} {digest}")
            lines.append(f"a=setup:{'active' if offer.active else 'passive'}")
            if offer.hears:
                lines += ["a=msid:stage mix", f"a=ssrc:{ssrc} cname:stage"]
            lines += candidate.lines(candidates)
        else:
            lines += [
                f"m={section.kind} 0 {section.protocol} {section.formats}",
                "c=IN IP4 0.0.0.0",
                "a=inactive",
            ]
            if section.mid:
                lines.append(f"a=mid:{section.mid}")
    return "\r\n".join(lines) + "\r\n"


def _audio(offer: Offer, candidates: Sequence[Candidate]) -> list[str]:
    address, port = candidates[0].address, candidates[0].port
    lines = [
        f"m=audio {port} {PROTOCOLS[0]} {offer.opus}",
        f"c=IN {_family(address)} {address}",
        f"a={_DIRECTIONS[offer.direction]}",
        "a=rtcp-mux",
        f"a=rtpmap:{offer.opus} opus/48000/2",
        f"a=fmtp:{offer.opus} {OPUS_FORMAT}",
        "a=ptime:20",
        "a=maxptime:60",
    ]
    if offer.mid:
        lines.append(f"a=mid:{offer.mid}")
    if offer.nack:
        lines.append(f"a=rtcp-fb:{offer.opus} nack")
    if offer.level_id is not None:
        lines.append(f"a=extmap:{offer.level_id} {AUDIO_LEVEL}")
    return lines


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"


def _split(text: str) -> tuple[_Section, list[_Section]]:
    """The session's part and the media sections, each with its `a=` lines."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0] != "v=0":
        raise _bad("v=0 in the first line", repr(lines[0][:40]))
    session = _Section("", "", "")
    sections: list[_Section] = []
    current = session
    for line in lines[1:]:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.attributes.append((name, value.strip()))
        elif line.startswith("m="):
            if len(sections) == limits.SDP_SECTIONS_COUNT:
                raise _bad(f"at most {limits.SDP_SECTIONS_COUNT} media sections")
            current = _media(line)
            sections.append(current)
    return session, sections


def _media(line: str) -> _Section:
    words = line[2:].split()
    if len(words) < 4 or not all(_PRINTABLE.fullmatch(word) for word in words):
        raise _bad("m=<kind> <port> <protocol> <formats>", repr(line[:60]))
    return _Section(words[0], words[2], " ".join(words[3:]))


# 64 to 95 cannot be told from RTCP on one port (RFC 5761 section 4).
_PAYLOAD_TYPES: Final = frozenset((*range(64), *range(96, 128)))
_PRINTABLE: Final = re.compile(r"[!-~]{1,64}")


def _opus(section: _Section) -> int | None:
    """The payload type of Opus in an audio section that we can serve, or None."""
    if section.protocol not in PROTOCOLS:
        return None
    formats = frozenset(section.formats.split())
    for value in section.all("rtpmap"):
        found = _RTPMAP.fullmatch(value)
        if found and found[1] in formats and int(found[1]) in _PAYLOAD_TYPES:
            return int(found[1])
    return None


def _fingerprints(values: Iterable[str]) -> tuple[Fingerprint, ...]:
    out = []
    for value in values:
        found = _FINGERPRINT.fullmatch(value)
        if not found:
            raise _bad("a=fingerprint:<hash> <hexadecimal pairs>", repr(value[:60]))
        algorithm, digest = found[1].lower(), bytes.fromhex(found[2].replace(":", ""))
        if algorithm not in _DIGEST_BYTES:
            continue
        if len(digest) != _DIGEST_BYTES[algorithm]:
            raise _bad(f"{_DIGEST_BYTES[algorithm]} bytes of {algorithm}", f"{len(digest)}")
        out.append(Fingerprint(algorithm, digest))
    if not out:
        raise _bad("a=fingerprint with sha-256, sha-384 or sha-512")
    return tuple(out)


def _credential(name: str, audio: _Section, session: _Section, form: re.Pattern[str]) -> str:
    return _matched(name, audio.first(name) or session.first(name), form, "ICE credentials")


def _matched(name: str, value: str | None, form: re.Pattern[str], what: str) -> str:
    if value is None or not form.fullmatch(value):
        raise _bad(f"a={name} with {what}", "" if value is None else repr(value[:40]))
    return value


def _setup(value: str | None) -> str:
    if value not in _SETUPS:
        raise _bad("a=setup:actpass, active or passive", repr((value or "")[:40]))
    return value


def _direction(audio: _Section, session: _Section) -> str:
    for part in (audio, session):
        for name, _ in part.attributes:
            if name in _DIRECTIONS:
                return name
            if name == "inactive":
                raise _bad("a=sendrecv, sendonly or recvonly", "inactive")
    return "sendrecv"  # RFC 8866 section 6.7


def _level_id(values: Iterable[str]) -> int | None:
    for value in values:
        found = _EXTMAP.match(value)
        # Only ids that fit the one-byte header (RFC 8285 section 4.2), only what is sent to us.
        if found and found[3] == AUDIO_LEVEL and 1 <= int(found[1]) <= 14:
            return int(found[1]) if found[2] in (None, "sendrecv", "sendonly") else None
    return None


def _refused(section: _Section) -> Refused:
    mid = section.first("mid") or ""
    if mid:
        _matched("mid", mid, _TOKEN, "a token")
    return Refused(section.kind, section.protocol, section.formats, mid)


def _bad(expected: str, got: str = "") -> BadInput:
    return BadInput("SDP offer", expected=expected, got=got)
