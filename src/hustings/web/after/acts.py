"""What pages and API do to a finished recording alike.

What takes something from the public, or puts it back, is written down in the audit log.
"""

from __future__ import annotations

from collections.abc import Sequence

from hustings.space import Command, Refusal, Space
from hustings.space import replay_command as c
from hustings.space.replay import ChangeKind, ClipShape, Heading
from hustings.web import secret
from hustings.web import studio as studios
from hustings.web.after import sentences, timecode
from hustings.web.room import deeds
from hustings.web.standing import Standing
from hustings.web.studio import Studio


async def edit(
    studio: Studio,
    asker: Standing,
    kind: ChangeKind,
    *,
    from_ms: int,
    to_ms: int,
    reason: str,
    revision: int,
) -> Space | Refusal:
    """Cut a stretch out, silence it, or cut off all around it."""
    command = c.EditSpan(
        by=asker.by,
        role=asker.role,
        edit=secret.identifier(),
        kind=kind,
        from_ms=from_ms,
        to_ms=to_ms,
        reason=reason,
        revision=revision,
    )
    result = await _decided(studio, asker, command)
    if isinstance(result, Space):
        told = f"{kind} {_span(from_ms, to_ms)}"
        await _note(studio, asker, "recording.edited", reason=reason, snapshot=told)
    return result


async def undo(studio: Studio, asker: Standing, edit_id: str) -> Space | Refusal:
    """Take an edit back."""
    command = c.UndoEdit(by=asker.by, role=asker.role, edit=edit_id)
    result = await _decided(studio, asker, command)
    if isinstance(result, Space):
        kind = next(one.kind for one in result.replay.changes if one.id == edit_id)
        await _note(studio, asker, "recording.restored", snapshot=kind)
    return result


async def erase(
    studio: Studio,
    asker: Standing,
    *,
    from_ms: int,
    to_ms: int,
    seat: str,
    reason: str,
    revision: int,
) -> Space | Refusal:
    """Destroy a stretch for good. Who asked for it is known from the audit log."""
    command = c.Erase(
        by=asker.by,
        role=asker.role,
        erasure=secret.identifier(),
        from_ms=from_ms,
        to_ms=to_ms,
        seat=seat,
        revision=revision,
    )
    result = await _decided(studio, asker, command)
    if isinstance(result, Space):
        who = {**asker.space.seats_removed, **asker.space.seats}.get(seat)
        told = f"{_span(from_ms, to_ms)}: {who.name if who else seat or 'everybody'}"
        await _note(studio, asker, "recording.erased", reason=reason, snapshot=told)
    return result


async def set_chapters(
    studio: Studio, asker: Standing, chapters: Sequence[Heading] | None, *, revision: int
) -> Space | Refusal:
    """Give the recording these chapters; None: the automatic ones."""
    kept = None if chapters is None else tuple(chapters)
    command = c.SetChapters(by=asker.by, role=asker.role, chapters=kept, revision=revision)
    return await _decided(studio, asker, command)


async def correct(
    studio: Studio, asker: Standing, asked: Sequence[tuple[str, str, str | None]]
) -> Space | Refusal:
    """Put sentences right: (sentence, text, what it was seen to be). Their history is in the
    log."""
    said = await sentences.read(studio, asker.space)
    made = sentences.corrections(said, asked)
    return await _decided(studio, asker, c.Correct(by=asker.by, role=asker.role, corrections=made))


async def make_clip(
    studio: Studio,
    asker: Standing,
    *,
    from_ms: int,
    to_ms: int,
    title: str,
    shapes: Sequence[ClipShape],
    revision: int,
) -> tuple[str, Space | Refusal]:
    """Give a stretch an address of its own: the clip's id, and what came of it."""
    clip = secret.identifier()
    command = c.MakeClip(
        by=asker.by,
        role=asker.role,
        clip=clip,
        from_ms=from_ms,
        to_ms=to_ms,
        title=title,
        shapes=tuple(shapes),
        revision=revision,
    )
    return clip, await _decided(studio, asker, command)


async def change_clip(
    studio: Studio,
    asker: Standing,
    clip: str,
    *,
    title: str | None,
    shapes: Sequence[ClipShape] | None,
) -> Space | Refusal:
    """Give a clip another title, or videos of other shapes; None leaves it."""
    command = c.RenameClip(
        by=asker.by,
        role=asker.role,
        clip=clip,
        title=title,
        shapes=None if shapes is None else tuple(shapes),
    )
    return await _decided(studio, asker, command)


async def remove_clip(studio: Studio, asker: Standing, clip: str) -> Space | Refusal:
    """Take a clip away."""
    command = c.RemoveClip(by=asker.by, role=asker.role, clip=clip)
    return await _decided(studio, asker, command)


async def _decided(studio: Studio, asker: Standing, command: Command) -> Space | Refusal:
    return await studio.spaces.command(asker.space.id, command, now_ms=studios.now_ms())


async def _note(
    studio: Studio, asker: Standing, did: str, *, snapshot: str, reason: str = ""
) -> None:
    about = f"space:{asker.listed.id}"
    await deeds.note(studio, asker, did, about, reason=reason, snapshot=snapshot)


def _span(from_ms: int, to_ms: int) -> str:
    return f"{timecode.shown(from_ms)} - {timecode.shown(to_ms)}"
