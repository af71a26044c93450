"""`hustings export` and `hustings import`: a whole space out of an installation, and into another.

Both can be repeated: an export that was cut off leaves no file, an import that was cut off is done
again. A store that is away is waited for.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from hustings.archive import importing
from hustings.archive.export import Moved, export
from hustings.archive.importing import Checked
from hustings.config import Settings
from hustings.drills.reach import reached
from hustings.errors import ConfigError, HustingsError
from hustings.keys import Keys
from hustings.log import subjects
from hustings.store.objects import Objects
from hustings.store.patient import Patient
from hustings.web.agenda import adoption

_TRIES_COUNT: Final = 3  # of an export of a space in which something happens


def export_space(settings: Settings, space: str, file: Path) -> int:
    """Write a space to a file, which appears when it is whole. Raises `HustingsError`."""
    asyncio.run(_export(settings, subjects.checked(space), file))
    return 0


def import_space(
    settings: Settings, file: Path, *, owner: str, key: Path | None, only_check: bool
) -> int:
    """Bring a space in from a file; returns 0. Raises `HustingsError`."""
    checked = importing.check(file, key_pem=None if key is None else _read(key))
    space = checked.space
    _say(f"{file}: whole, and as signed with the key {checked.key}")
    _say(f"{space.id}: {space.title!r}, {_minutes(space.recording_seconds or 0)}")
    if not only_check:
        asyncio.run(_import(settings, checked, owner))
    return 0


async def _export(settings: Settings, space: str, file: Path) -> None:
    objects = Objects.open(settings)
    beside = file.with_name(f"{file.name}.part")
    try:
        await objects.sizes(f"{space}/")  # what is wrong for good is said now, and not waited for
        async with reached(settings, name="export") as log:
            for turn in range(_TRIES_COUNT):
                try:
                    with beside.open("wb") as out, _progress("exporting") as progress:
                        state = await export(
                            space,
                            out,
                            objects=Patient(objects, tell=_say),
                            log=log,
                            public_pem=Keys(settings.folder / "keys").receipt_public(),
                            progress=progress,
                        )
                        out.flush()
                        await asyncio.to_thread(os.fsync, out.fileno())
                except Moved:
                    if turn == _TRIES_COUNT - 1:
                        raise
                    continue
                break
        beside.replace(file)
    except OSError as error:
        raise HustingsError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        await objects.close()
        beside.unlink(missing_ok=True)
    _say(f"{file}: {state.title!r}, {file.stat().st_size:,} bytes")


async def _import(settings: Settings, checked: Checked, owner: str) -> None:
    objects = Objects.open(settings)
    if owner:
        await adoption.find(settings, owner)  # before anything is stored
    await objects.check()
    async with reached(settings, name="import") as log:
        with _progress("importing") as progress:
            await importing.bring(
                checked, objects=Patient(objects, tell=_say), log=log, progress=progress
            )
    await objects.close()
    where = f"{settings.public_url('listen')}/s/{checked.space.id}"
    if owner:
        await adoption.adopt(settings, checked.space, email=owner)
        _say(f"{where} is a space of {owner} now")
    else:
        _say(f"{where} is there; with --owner EMAIL it stands in a studio's list as well")


@contextmanager
def _progress(what: str) -> Iterator[importing.Progress]:
    """How far it is, where somebody is looking."""
    shown = Progress(
        TextColumn(what),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    task: list[TaskID] = []
    with shown:

        def tell(done: int, whole: int) -> None:
            if not task:
                task.append(shown.add_task(what, total=whole))
            shown.update(task[0], completed=done)

        yield tell


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("key", str(path), allowed="a public key (PEM) that is there") from error


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
