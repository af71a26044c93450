"""Hold sounds over HTTP: sent by whoever is signed in, chosen on a space's page, listened to."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile

from hustings import limits
from hustings.formats import wav
from hustings.space import Refusal
from hustings.space.command import Edit
from hustings.store import layout
from hustings.web.after.files import served
from hustings.web.agenda import acts
from hustings.web.agenda.space_pages import edit_page, values_of
from hustings.web.holding import sounds
from hustings.web.problem import Problem, documented
from hustings.web.standing import CurrentStudio, Host, SignedIn, Standing
from hustings.web.studio import Studio
from hustings.words import mark

router: Final = APIRouter(tags=["sounds"])
ROUTERS: Final = (router,)

_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": f"the sound's file, at most {limits.SOUND_BYTES} bytes",
        "content": {
            mime: {"schema": {"type": "string", "format": "binary"}}
            for mime in ("audio/wav", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/flac")
        },
    }
}


class SoundView(BaseModel):
    """A sound that was taken. Its address never changes."""

    id: str = Field(examples=["0f343b0931126a20f133d67c2b018a3b"])
    url: str = Field(description="the loop as listeners hear it: WAV, mono, 48 kHz")


@router.post(
    "/api/sounds",
    status_code=201,
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=_BODY,
)
async def send(request: Request, account: SignedIn, studio: CurrentStudio) -> SoundView:
    """Send a hold sound: the body is its file. Its id goes into a space (`hold_sound`)."""
    sound = await studio.sounds.take(await request.body(), by=account.id)
    return SoundView(id=sound, url=studio.settings.public_url("studio") + sounds.path(sound))


@router.get("/sounds/{sound}.wav", include_in_schema=False)
async def get(
    request: Request,
    sound: Annotated[str, Path(max_length=64)],
    account: SignedIn,
    studio: CurrentStudio,
) -> Response:
    """Listen to a hold sound."""
    del account
    if sound == sounds.BUILT_IN:
        return Response(sounds.built_in(), media_type=wav.MIME)
    if not await studio.sounds.exists(sound):
        raise Problem(404, "not-found", "There is no such sound.")
    return await served(request, studio, layout.sound(sound))


@router.post("/s/{space_id}/hold-sound", include_in_schema=False)
async def choose(request: Request, asker: Host, studio: CurrentStudio) -> Response:
    """Bring one's own hold sound to a space, or go back to the built-in one."""
    sent = await request.form(max_files=1, max_fields=5)
    file = sent.get("sound_file")
    wrong = mark("Choose a file first.")
    if sent.get("sound_remove"):
        wrong = await _put(studio, asker, "")
    elif isinstance(file, UploadFile):
        data = await file.read()
        await file.close()
        try:
            if data:
                by = asker.account.id if asker.account else asker.by
                wrong = await _put(studio, asker, await studio.sounds.take(data, by=by))
        except Problem as problem:
            if problem.status >= 500:
                raise
            wrong = problem.detail
    if not wrong:
        return RedirectResponse(f"/s/{asker.space.id}/edit?done=sound#hold-sound", 303)
    return await edit_page(
        request, studio, asker, values=values_of(asker.space), errors={"sound_file": wrong}
    )


async def _put(studio: Studio, asker: Standing, sound: str) -> str:
    """Choose a sound; returns why that cannot be."""
    edit = Edit(by=asker.by, role=asker.role, hold_sound=sound)
    result = await acts.edit(studio, asker, edit)
    return result.reason if isinstance(result, Refusal) else ""
