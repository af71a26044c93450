"""The editor of a finished recording: its forms, which work without a script.

With the script, each form's answer replaces the parts of the page that it changes, so that what is
heard and what is chosen stay.
"""

from __future__ import annotations

from typing import Annotated, Final, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from hustings import limits
from hustings.space.replay import ChangeKind, ClipShape, Heading
from hustings.web import forms, page
from hustings.web import views as space_views
from hustings.web.after import acts, timecode
from hustings.web.after.sheet import WORD, Sheet
from hustings.web.room.bodies import WordId
from hustings.web.standing import CurrentStudio, Host

router: Final = APIRouter(include_in_schema=False)

_CODE: Final = "Write a moment as 12:03 or 1:02:03.5."
_TYPE: Final = "Type the word to confirm."
_Time = Annotated[str, Field(max_length=20)]
_Ticked = Annotated[str, Field(max_length=1)]
_Revision = Annotated[str, Field(pattern="^[0-9]{1,9}$")]


class StretchForm(BaseModel):
    """A stretch by time codes, at the revision that was looked at."""

    start: _Time = ""
    end: _Time = ""
    revision: _Revision
    kind: Annotated[str, Field(pattern="^(cut|silence|trim)$")] = "cut"
    reason: Annotated[str, Field(max_length=limits.REASON_CHARS), space_views.LINE] = ""
    title: Annotated[str, Field(max_length=limits.TITLE_CHARS), space_views.LINE] = ""
    seat: Annotated[str, Field(pattern="^[a-z0-9]{0,32}$")] = ""
    word: Annotated[str, Field(max_length=40)] = ""
    square: _Ticked = ""
    wide: _Ticked = ""
    tall: _Ticked = ""

    @property
    def from_ms(self) -> int:
        """Where it begins; `wrong` has looked at the time code."""
        return timecode.parse(self.start) or 0

    @property
    def to_ms(self) -> int:
        """Where it ends."""
        return timecode.parse(self.end) or 0


class TitleForm(BaseModel):
    """The title of a chapter."""

    title: space_views.Title


class ClipForm(TitleForm):
    """Another title for a clip, and videos of other shapes."""

    square: _Ticked = ""
    wide: _Ticked = ""
    tall: _Ticked = ""


async def sheet(request: Request, asker: Host, studio: CurrentStudio) -> Sheet:
    """The page for whoever asks."""
    return Sheet(request, studio, asker)


Page = Annotated[Sheet, Depends(sheet)]


@router.get("/s/{space_id}/recording")
async def editor(sheet: Page) -> Response:
    """Everything that can be done to a finished recording."""
    return await sheet.page()


@router.post("/s/{space_id}/recording/edits")
async def edit(sheet: Page) -> Response:
    """Cut a stretch out, silence it, or keep nothing but it."""
    filled = await _stretch(sheet)
    if (form := filled.form) is None:
        return await sheet.page(values=filled.values, errors=filled.errors)
    result = await acts.edit(
        sheet.studio,
        sheet.asker,
        next(one for one in get_args(ChangeKind) if one == form.kind),
        from_ms=form.from_ms,
        to_ms=form.to_ms,
        reason=form.reason,
        revision=int(form.revision),
    )
    return await sheet.done(result, "edit", values=filled.values)


@router.post("/s/{space_id}/recording/edits/{edit_id}/undo")
async def undo(sheet: Page, edit_id: WordId) -> Response:
    """Take an edit back."""
    return await sheet.done(await acts.undo(sheet.studio, sheet.asker, edit_id), "undo")


@router.post("/s/{space_id}/recording/erasures")
async def erase(sheet: Page) -> Response:
    """Destroy a stretch for good, after a word was typed."""
    filled = await _stretch(sheet)
    if (form := filled.form) is None:
        return await sheet.page(values=filled.values, errors=filled.errors)
    word = page.language(sheet.request).text(WORD)
    if form.word.strip().casefold() not in (word.casefold(), WORD):
        return await sheet.page(values=filled.values, errors={"form": _TYPE})
    result = await acts.erase(
        sheet.studio,
        sheet.asker,
        from_ms=form.from_ms,
        to_ms=form.to_ms,
        seat=form.seat,
        reason=form.reason,
        revision=int(form.revision),
    )
    return await sheet.done(result, "erase", values=filled.values)


@router.post("/s/{space_id}/recording/chapters")
async def chapters(sheet: Page) -> Response:
    """Save all chapters as the form has them; a row without a title is none."""
    sent = await sheet.request.form(max_files=0, max_fields=2 * limits.CHAPTERS_COUNT + 10)
    asked = forms.check({"revision": str(sent.get("revision", ""))}, StretchForm)
    rows = [
        (str(at), str(title))
        for at, title in zip(sent.getlist("at"), sent.getlist("title"), strict=False)
        if str(title).strip()
    ]
    kept: list[Heading] | None = []
    if "automatic" in sent:
        rows, kept = [], None
    for at, title in rows:
        at_ms, named = timecode.parse(at), forms.check({"title": title}, TitleForm)
        if at_ms is None or named.form is None:
            wrong = _CODE if at_ms is None else named.errors["title"]
            return await sheet.page(errors={"chapters": wrong})
        assert kept is not None
        kept.append(Heading(at_ms, named.form.title))
    revision = int(asked.form.revision) if asked.form else -1
    result = await acts.set_chapters(sheet.studio, sheet.asker, kept, revision=revision)
    return await sheet.done(result, "chapters", at="chapters")


@router.post("/s/{space_id}/recording/clips")
async def make_clip(sheet: Page) -> Response:
    """Give a stretch an address of its own."""
    filled = await _stretch(sheet)
    if (form := filled.form) is None:
        return await sheet.page(values=filled.values, errors=filled.errors)
    _, result = await acts.make_clip(
        sheet.studio,
        sheet.asker,
        from_ms=form.from_ms,
        to_ms=form.to_ms,
        title=form.title,
        shapes=_shapes(form),
        revision=int(form.revision),
    )
    return await sheet.done(result, "clip", values=filled.values)


@router.post("/s/{space_id}/recording/clips/{clip}/rename")
async def rename(sheet: Page, clip: WordId) -> Response:
    """Give a clip another title, or videos of other shapes."""
    filled = await forms.read(sheet.request, ClipForm)
    if (form := filled.form) is None:
        return await sheet.page(errors={"clips": next(iter(filled.errors.values()))})
    result = await acts.change_clip(
        sheet.studio, sheet.asker, clip, title=form.title, shapes=_shapes(form)
    )
    return await sheet.done(result, "renamed", at="clips")


@router.post("/s/{space_id}/recording/clips/{clip}/remove")
async def remove(sheet: Page, clip: WordId) -> Response:
    """Take a clip away."""
    result = await acts.remove_clip(sheet.studio, sheet.asker, clip)
    return await sheet.done(result, "removed", at="clips")


def _shapes(form: StretchForm | ClipForm) -> list[ClipShape]:
    """The shapes that are ticked."""
    return [shape for shape in get_args(ClipShape) if getattr(form, shape)]


async def _stretch(sheet: Sheet) -> forms.Filled[StretchForm]:
    """The form with a stretch, or what of it cannot be used."""
    filled = await forms.read(sheet.request, StretchForm)
    errors = dict(filled.errors)
    for name in ("start", "end"):
        if timecode.parse(filled.values.get(name, "")) is None:
            errors[name] = _CODE
    return forms.Filled(filled.values, None if errors else filled.form, errors)
