"""The fragment of an SDP that trickles candidates or restarts ICE (RFC 8840, RFC 9725).

Pure. A speaker's candidates are checked for their form and not kept: a lite agent sends no checks,
so it has no use for addresses that no check has come from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hustings import limits
from hustings.errors import BadInput
from hustings.stage import candidate, sdp
from hustings.stage.candidate import Candidate
from hustings.stage.ice import Credentials

# RFC 8839 section 5.1: foundation, component, transport, priority, address, port, type, the rest.
_CANDIDATE: Final = re.compile(
    r"[A-Za-z0-9+/]{1,32} \d{1,3} [!-~]{1,16} \d{1,10} [!-~]{1,255} \d{1,5} typ [!-~]{1,16}"
    r"(?: [!-~]+)*"
)
_LINE: Final = re.compile(r"[a-z]=.*")


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a fragment says: its sender's ICE credentials, if any, and how many candidates."""

    credentials: Credentials | None
    candidates: int


def parse(text: str) -> Fragment:
    """The fragment in `text`, or `BadInput`."""
    if len(text) > limits.SDP_BYTES:
        raise _bad(f"at most {limits.SDP_BYTES} bytes", str(len(text)))
    found: dict[str, str] = {}
    candidates = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        if line and not _LINE.fullmatch(line):
            raise _bad("lines of the form <letter>=<value>", repr(line[:60]))
        name, _, value = line.removeprefix("a=").partition(":")
        if not line.startswith("a="):
            continue
        if name == "candidate":
            candidates += 1
            if candidates > limits.CANDIDATES_COUNT:
                raise _bad(f"at most {limits.CANDIDATES_COUNT} candidates")
            if not _CANDIDATE.fullmatch(value.strip()):
                raise _bad("a=candidate as in RFC 8839", repr(value[:60]))
        elif name in ("ice-ufrag", "ice-pwd") and value.strip() != found.setdefault(
            name, value.strip()
        ):
            raise _bad(f"one a={name} for the whole bundle")
    return Fragment(_credentials(found), candidates)


def serialise(
    *, mid: str, bundled: bool, opus: int, ours: Credentials, candidates: Sequence[Candidate]
) -> str:
    """Our fragment after a restart: new credentials and all our candidates."""
    lines = ["a=ice-lite", "a=ice-options:trickle ice2"]
    if bundled:
        lines.append(f"a=group:BUNDLE {mid}")
    lines.append(f"m=audio 9 {sdp.PROTOCOLS[0]} {opus}")
    if mid:
        lines.append(f"a=mid:{mid}")
    lines += [f"a=ice-ufrag:{ours.ufrag}", f"a=ice-pwd:{ours.pwd}", *candidate.lines(candidates)]
    return "\r\n".join(lines) + "\r\n"


def _credentials(found: dict[str, str]) -> Credentials | None:
    if not found:
        return None
    ufrag, pwd = found.get("ice-ufrag", ""), found.get("ice-pwd", "")
    if not sdp.UFRAG.fullmatch(ufrag):
        raise _bad("a=ice-ufrag with 4 to 256 ICE characters", repr(ufrag[:40]))
    if not sdp.PWD.fullmatch(pwd):
        raise _bad("a=ice-pwd with 22 to 256 ICE characters")
    return Credentials(ufrag, pwd)


def _bad(expected: str, got: str = "") -> BadInput:
    return BadInput("SDP fragment", expected=expected, got=got)
