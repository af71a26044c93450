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
    run.add_argument("role", choices=("stage", "gate", "edge", "archive", "web"))
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
    return top


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
        case "doctor":
            from hustings.drills.doctor import doctor

            return doctor(_settings(given))
        case "verify":
            from hustings.drills.verify import verify

            return verify(given.folder, key=given.key)
        case _:
            from hustings.drills.demo import demo

            return demo(
                speakers=given.speakers,
                listeners=given.listeners,
                seconds=given.seconds,
                as_json=given.json,
            )


def _settings(given: argparse.Namespace) -> Settings:
    flags = {name: getattr(given, name) for name in config.names()}
    return config.load(file=given.config, environment=os.environ, flags=flags)
