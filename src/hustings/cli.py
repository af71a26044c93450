"""The command line: which command, which settings. Says what is wrong in one line and exits 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hustings import __version__, config
from hustings.config import Settings
from hustings.errors import ConfigError, HustingsError

USAGE_ERROR: Final = 2


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; every setting is a flag of every command that reads settings."""
    settings = argparse.ArgumentParser(add_help=False)
    group = settings.add_argument_group("settings (see docs/settings.md)")
    group.add_argument("--config", type=Path, metavar="FILE", help="TOML file with settings")
    for name in config.names():
        flag = "--" + name.replace("_", "-")
        what = f"{config.describe(name)} (default: {config.default(name)!r})".replace("%", "%%")
        group.add_argument(flag, dest=name, metavar="VALUE", help=what)
    top = argparse.ArgumentParser(prog="hustings", description=__doc__)
    top.add_argument("--version", action="version", version=f"hustings {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", parents=[settings], help="run everything on this machine")
    run = commands.add_parser("run", parents=[settings], help="run one role (for a cluster)")
    run.add_argument("role", choices=("stage", "gate", "edge", "archive", "captions", "web"))
    pinned = commands.add_parser(
        "pin", parents=[settings], help="say what newcomers get, whatever the load; or: auto"
    )
    pinned.add_argument("pinned", metavar="RUNG", help=config.allowed("rung"))
    invited = commands.add_parser(
        "invite", parents=[settings], help="a link that makes an account in the studio"
    )
    invited.add_argument("email", nargs="?", default="", help="for this address only, once")
    invited.add_argument("--role", choices=("member", "host", "moderator", "owner"), default="host")
    forgotten = commands.add_parser(
        "reset", parents=[settings], help="a link that sets a new password for an account"
    )
    forgotten.add_argument("email", help="the account's address")
    _add_parcels(commands, settings)
    commands.add_parser("doctor", parents=[settings], help="check this machine, say what to do")
    verify = commands.add_parser("verify", help="check a recording against its signed receipt")
    verify.add_argument("folder", type=Path, help="folder with receipt.json and the files")
    verify.add_argument(
        "--key",
        type=Path,
        default=Path("data/keys/receipt.pub.pem"),
        help="public key (PEM) of the studio that signed it (default: data/keys/receipt.pub.pem)",
    )
    demo = commands.add_parser("demo", help="a whole space with synthetic people, measured")
    demo.add_argument("--speakers", type=int, default=2, help="people on stage (1 to 8)")
    demo.add_argument("--listeners", type=int, default=50, help="people who listen (1 to 2000)")
    demo.add_argument("--seconds", type=int, default=20, help="time on air (10 to 600)")
    demo.add_argument("--json", action="store_true", help="print the result as one JSON object")
    _add_load(commands)
    return top


def _add_parcels(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    settings: argparse.ArgumentParser,
) -> None:
    exported = commands.add_parser(
        "export", parents=[settings], help="a whole space as one file, to keep or to move"
    )
    exported.add_argument("space", help="the space's id, as in its address")
    exported.add_argument("file", type=Path, help="file to write, such as space.tar")
    imported = commands.add_parser(
        "import", parents=[settings], help="bring a space in from such a file"
    )
    imported.add_argument("file", type=Path, help="file that `hustings export` has written")
    imported.add_argument(
        "--owner", default="", metavar="EMAIL", help="whose space it is to be here"
    )
    imported.add_argument("--key", type=Path, help="public key (PEM) that has to have signed it")
    imported.add_argument("--check", action="store_true", help="only say whether it is whole")


def _add_load(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    load = commands.add_parser("load", help="a crowd of synthetic listeners, measured")
    load.add_argument("url", metavar="ADDRESS", help="address of a space, http://HOST/s/SPACE")
    load.add_argument("--listeners", type=int, default=100, help="how many come")
    load.add_argument("--for", dest="seconds", type=float, default=30.0, metavar="SECONDS")
    load.add_argument(
        "--arrive", default="step", help="step, herd, ramp:SECONDS or poisson:RATE (default: step)"
    )
    load.add_argument("--rung", choices=("push", "segments", "hls", "events"), default="push")
    load.add_argument("--codec", choices=("opus", "aac"), default="opus")
    load.add_argument("--cadence", type=int, choices=(320, 960, 1920), help="ask for this one (ms)")
    load.add_argument("--slow", type=float, default=0.0, help="share that reads at a trickle")
    load.add_argument("--stalled", type=float, default=0.0, help="share that stops reading")
    load.add_argument("--page", action="store_true", help="each opens the space's page first")
    load.add_argument(
        "--no-ladder", dest="ladder", action="store_false", help="who is refused just tries again"
    )
    load.add_argument("--workers", type=int, help="processes (default: one a core)")
    load.add_argument(
        "--pid", type=int, action="append", default=[], help="measure this process of the server"
    )
    load.add_argument(
        "--per-address", type=int, default=1, help="listeners that share an address (loopback)"
    )
    load.add_argument(
        "--source", action="append", default=[], help="address of this machine to come from"
    )
    load.add_argument(
        "--chat", type=float, default=0.0, metavar="RATE", help="messages a second, by guests"
    )
    load.add_argument(
        "--reactions", type=float, default=0.0, metavar="RATE", help="reactions a second"
    )
    load.add_argument(
        "--votes", type=int, default=0, metavar="COUNT", help="votes in each open poll"
    )
    load.add_argument("--hands", type=int, default=0, metavar="COUNT", help="hands to be raised")
    load.add_argument("--insecure", action="store_true", help="take any certificate")
    load.add_argument("--json", action="store_true", help="print the result as one JSON object")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    given = parser().parse_args(arguments)
    try:
        return _dispatch(given)
    except ConfigError as error:
        print(f"hustings: {error}", file=sys.stderr)  # noqa: T201
        return USAGE_ERROR
    except HustingsError as error:
        print(f"hustings: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _dispatch(given: argparse.Namespace) -> int:
    match given.command:
        case "serve":
            from hustings.supervisor.service import serve

            return serve(_settings(given))
        case "run":
            from hustings.run import run

            return run(given.role, _settings(given))
        case "pin":
            from hustings import pin

            pin.write(_settings(given), given.pinned)
            print(pin.said(given.pinned))  # noqa: T201
            return 0
        case "invite" | "reset":
            return _link(given)
        case "doctor":
            from hustings.drills.doctor import doctor

            return doctor(_settings(given))
        case "verify":
            from hustings.drills.verify import verify

            return verify(given.folder, key=given.key)
        case "load":
            return _load(given)
        case "export" | "import":
            return _parcel(given)
        case _:
            from hustings.drills.demo import demo

            return demo(
                speakers=given.speakers,
                listeners=given.listeners,
                seconds=given.seconds,
                as_json=given.json,
            )


def _load(given: argparse.Namespace) -> int:
    from hustings.drills.load import load

    return load(
        given.url,
        listeners=given.listeners,
        seconds=given.seconds,
        arrive=given.arrive,
        rung=given.rung,
        codec=given.codec,
        cadence=given.cadence,
        slow=given.slow,
        stalled=given.stalled,
        page=given.page,
        ladder=given.ladder,
        workers=given.workers,
        pids=given.pid,
        per_address=given.per_address,
        sources=given.source,
        chat=given.chat,
        reactions=given.reactions,
        votes=given.votes,
        hands=given.hands,
        insecure=given.insecure,
        as_json=given.json,
    )


def _parcel(given: argparse.Namespace) -> int:
    from hustings.drills import parcels

    settings = _settings(given)
    if given.command == "export":
        return parcels.export_space(settings, given.space, given.file)
    return parcels.import_space(
        settings, given.file, owner=given.owner, key=given.key, only_check=given.check
    )


def _link(given: argparse.Namespace) -> int:
    from hustings.web.people import operator

    settings = _settings(given)
    if given.command == "invite":
        link = operator.invite(settings, email=given.email, role=given.role)
    else:
        link = operator.reset(settings, email=given.email)
    print(link)  # noqa: T201
    return 0


def _settings(given: argparse.Namespace) -> Settings:
    flags = {name: getattr(given, name) for name in config.names()}
    return config.load(file=given.config, environment=os.environ, flags=flags)
