"""`hustings doctor`: looks at this machine and says what to do about each thing that is not right.

Each check is a function that returns a `Finding`. Only `bad` findings make the exit code 1: with a
`weak` one Hustings works, less well.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.table import Table

from hustings import extra, process
from hustings.archive.keeping import UNLIKE
from hustings.config import Settings
from hustings.drills import relay
from hustings.errors import ConfigError, HustingsError
from hustings.run import check_tls
from hustings.store.objects import Objects

SYNC_MS_GOOD: Final = 10.0  # an append waits for one sync; p50 above this delays the receipt's tail
SYNC_MS_BAD: Final = 100.0  # three chunks a second do not fit any more
SYNC_ROUNDS: Final = 20
DESCRIPTORS_GOOD: Final = 20_000
DISK_BYTES_GOOD: Final = 5 * 1024**3  # about ten hours of a busy space


class Verdict(StrEnum):
    """How a check went."""

    GOOD = "good"
    WEAK = "weak"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `advice` is empty when all is well."""

    what: str
    verdict: Verdict
    found: str
    advice: str = ""


def doctor(settings: Settings) -> int:
    """Check everything, print a table; returns 1 if something is bad."""
    findings = list(examine(settings))
    table = Table("", "check", "found", "what to do", box=None, pad_edge=False)
    colours = {Verdict.GOOD: "green", Verdict.WEAK: "yellow", Verdict.BAD: "red"}
    for finding in findings:
        colour = colours[finding.verdict]
        table.add_row(
            f"[{colour}]{finding.verdict}[/]", finding.what, finding.found, finding.advice
        )
    Console().print(table)
    return 1 if any(f.verdict is Verdict.BAD for f in findings) else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order in which they are worth reading."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        ports,
        disk,
        descriptors,
        realtime,
        advertised,
        relays,
        codecs,
        servers,
        store,
        likeness,
        captions,
        tls,
    )
    for check in checks:
        yield from check(settings)


def ports(settings: Settings) -> Iterator[Finding]:
    """Whether every server's port can be bound on the configured address."""
    wanted = [(f"{s}_port", socket.SOCK_STREAM, 0) for s in ("studio", "listen", "gate")]
    kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    wanted += [("media_port", kind, i) for i in range(settings.stages) for kind in kinds]
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    for name, kind, offset in wanted:
        port = getattr(settings, name) + offset
        also = ", TCP" if name == "media_port" and kind == socket.SOCK_STREAM else ""
        what = f"port {port} ({name}{also})"
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                advice = f"set {name} to another port, or stop what uses it (ss -lnp)"
                if error.errno == errno.EADDRNOTAVAIL:
                    advice = f"host {settings.host} is no address of this machine"
                yield Finding(what, Verdict.BAD, error.strerror or "refused", advice)
            else:
                yield Finding(what, Verdict.GOOD, "free")


def relays(settings: Settings) -> Iterator[Finding]:
    """Whether the TURN servers relay for whom we give a right."""
    for url in settings.turn_urls:
        what, trouble = f"relay {url}", asyncio.run(relay.trouble(url, settings.turn_secret))
        if trouble:
            advice = "start it, open its port, and give it turn_secret as static-auth-secret"
            yield Finding(what, Verdict.BAD, trouble, advice)
        else:
            yield Finding(what, Verdict.GOOD, "relays")


def disk(settings: Settings) -> Iterator[Finding]:
    """How long a write takes to be durable where the log lives, and how much room there is."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    took = sorted(_sync_ms(settings.folder) for _ in range(SYNC_ROUNDS))
    median = statistics.median(took)
    found = f"median {median:.1f} ms, worst {took[-1]:.1f} ms"
    advice = "put the data folder on a local SSD: every chunk waits for one sync"
    if median <= SYNC_MS_GOOD:
        yield Finding("disk sync", Verdict.GOOD, found)
    else:
        yield Finding(
            "disk sync", Verdict.WEAK if median < SYNC_MS_BAD else Verdict.BAD, found, advice
        )
    free = shutil.disk_usage(settings.folder).free
    room = f"{free / 1024**3:.1f} GiB free"
    if free >= DISK_BYTES_GOOD:
        yield Finding("disk space", Verdict.GOOD, room)
    else:
        yield Finding("disk space", Verdict.WEAK, room, "an hour of a busy space takes 0.5 GiB")


def _sync_ms(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x" * 4096)
        began = time.perf_counter()
        file.flush()
        os.fsync(file.fileno())
        return (time.perf_counter() - began) * 1000


def descriptors(settings: Settings) -> Iterator[Finding]:
    """How many listeners one edge could hold: a listener is an open file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"up to {hard} open files for each process"
    if hard >= DESCRIPTORS_GOOD:
        yield Finding("open files", Verdict.GOOD, found)
    else:
        yield Finding(
            "open files",
            Verdict.WEAK,
            found,
            "raise the hard limit: LimitNOFILE=100000 in systemd, or ulimit -Hn",
        )


def realtime(settings: Settings) -> Iterator[Finding]:
    """Whether the stage may run before everything else."""
    if process.realtime_allowed():
        yield Finding("real-time priority", Verdict.GOOD, "allowed for the stage")
    else:
        yield Finding(
            "real-time priority",
            Verdict.WEAK,
            "not allowed; the other roles run at nice +10 instead",
            "LimitRTPRIO=1 in systemd, or 'rtprio 1' in limits.conf",
        )


def advertised(settings: Settings) -> Iterator[Finding]:
    """Whether a datagram to each advertised address comes back to this machine."""
    for address in settings.advertise or (settings.host,):
        what = f"speakers reach {address}"
        if ipaddress.ip_address(address).is_unspecified:
            yield Finding(
                what,
                Verdict.BAD,
                "0.0.0.0 is no address that a browser can send to",
                "set advertise to the addresses that browsers reach",
            )
            continue
        if _comes_back(address):
            loop = ipaddress.ip_address(address).is_loopback
            found = "this machine only (loopback)" if loop else "UDP arrives from this machine"
            advice = "set host and advertise to let others in" if loop else ""
            yield Finding(what, Verdict.GOOD, found, advice)
        else:
            yield Finding(
                what,
                Verdict.WEAK,
                "no datagram came back from here",
                f"behind NAT: forward UDP {settings.media_port} and the next "
                f"{settings.stages - 1} to this machine; try from outside",
            )


def _comes_back(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    everywhere = "::" if family == socket.AF_INET6 else "0.0.0.0"
    with (
        socket.socket(family, socket.SOCK_DGRAM) as receiver,
        socket.socket(family, socket.SOCK_DGRAM) as sender,
    ):
        receiver.settimeout(1.0)
        try:
            receiver.bind((everywhere, 0))
            sender.sendto(b"hustings doctor", (address, receiver.getsockname()[1]))
            return receiver.recv(64) == b"hustings doctor"
        except OSError:
            return False


def codecs(settings: Settings) -> Iterator[Finding]:
    """Whether libopus and the AAC encoder load."""
    try:
        from hustings.audio import aac, opus

        version = opus.version()
        aac.AacEncoder(bitrate_bps=settings.aac_bps)
    except (HustingsError, OSError, ImportError) as error:
        yield Finding("codecs", Verdict.BAD, str(error), "install the package libopus0")
    else:
        yield Finding("codecs", Verdict.GOOD, f"{version}, AAC")


def captions(settings: Settings) -> Iterator[Finding]:
    """Whether captions can be made, and by whom."""
    if settings.captions == "off":
        yield Finding("captions", Verdict.GOOD, "switched off")
        return
    if missing := extra.missing("captions"):
        worse = Verdict.BAD if settings.captions == "on" else Verdict.GOOD
        advice = "for live captions and transcripts: pip install hustings[captions]"
        yield Finding("captions", worse, f"not installed ({', '.join(missing)})", advice)
        return
    from hustings.captions import weights
    from hustings.captions.engines import Engines

    models = Path(settings.captions_model_dir) if settings.captions_model_dir else None
    try:
        weights.moonshine(models)
    except ConfigError as error:
        yield Finding("captions", Verdict.BAD, str(error), "install hustings[captions] again")
        return
    names = [engine.name for engine in Engines(models=models, cache=settings.folder).all]
    yield Finding("captions", Verdict.GOOD, ", ".join(names))


def servers(settings: Settings) -> Iterator[Finding]:
    """Whether the NATS server starts, unless a cluster is configured."""
    if settings.live_servers and settings.log_servers:
        yield Finding("nats-server", Verdict.GOOD, "a cluster is configured")
        return
    from hustings.log.server import binary

    try:
        path = binary()
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (HustingsError, OSError, subprocess.SubprocessError) as error:
        yield Finding(
            "nats-server", Verdict.BAD, str(error), "install nats-server, or set NATS_SERVER"
        )
    else:
        yield Finding("nats-server", Verdict.GOOD, said.stdout.strip())


def store(settings: Settings) -> Iterator[Finding]:
    """Whether recordings can be stored and read: tried with a small object."""
    what = "store"
    try:
        objects = Objects.open(settings)
        asyncio.run(_tried(objects))
    except (HustingsError, OSError) as error:
        yield Finding(what, Verdict.BAD, str(error), "recordings wait in the log: mend the store")
    else:
        yield Finding(what, Verdict.GOOD, f"stores and reads at {objects.place}")


async def _tried(objects: Objects) -> None:
    try:
        await objects.check()
    finally:
        await objects.close()


def likeness(settings: Settings) -> Iterator[Finding]:
    """Whether the archive has found recordings whose copy in the store is not as the log has it."""
    what = "recordings"
    try:
        unlike = msgspec.json.decode(
            (settings.folder / UNLIKE).read_bytes(), type=dict[str, list[str]]
        )
    except FileNotFoundError:
        unlike = {}
    except (OSError, msgspec.MsgspecError) as error:
        yield Finding(what, Verdict.WEAK, str(error), f"delete {UNLIKE} in the data folder")
        return
    if not unlike:
        yield Finding(what, Verdict.GOOD, "log and store agree")
    for space, sentences in unlike.items():
        yield Finding(
            f"recording of {space}",
            Verdict.BAD,
            sentences[0],
            "its log is kept: put the file back from a copy, or export the space now",
        )


def tls(settings: Settings) -> Iterator[Finding]:
    """Whether browsers will allow the microphone: TLS, or localhost."""
    try:
        check_tls(settings)
    except ConfigError as error:
        yield Finding("TLS", Verdict.BAD, str(error), "renew the certificate or fix the path")
        return
    for server in ("studio", "gate", "listen"):
        url = urlsplit(settings.public_url(server))
        local = url.hostname == "localhost"
        with contextlib.suppress(ValueError):
            local = local or ipaddress.ip_address(url.hostname or "").is_loopback
        what = f"{server} at {url.geturl()}"
        if url.scheme == "https" or local:
            yield Finding(what, Verdict.GOOD, "TLS" if url.scheme == "https" else "localhost")
        else:
            yield Finding(
                what,
                Verdict.WEAK if server == "listen" else Verdict.BAD,
                "neither TLS nor localhost: browsers refuse the microphone",
                f"set {server}_tls_cert and {server}_tls_key, or {server}_url to a TLS proxy",
            )
