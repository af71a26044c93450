"""Pictures over HTTP: sent by whoever is signed in, read by everybody, cached for ever.

A picture's bytes were made here, and are served as if they were not: under a policy that lets them
do nothing, whatever a browser takes them for.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from hustings import limits
from hustings.web.agenda import pictures
from hustings.web.problem import Problem, documented
from hustings.web.standing import CurrentStudio, SignedIn

router: Final = APIRouter(tags=["pictures"])

_SAFE: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": f"the picture's file, at most {limits.PICTURE_BYTES} bytes",
        "content": {
            mime: {"schema": {"type": "string", "format": "binary"}}
            for mime in ("image/jpeg", "image/png", "image/webp", "image/avif", "image/gif")
        },
    }
}


class PictureView(BaseModel):
    """A picture that was taken. Its addresses never change."""

    id: str = Field(examples=["0f343b0931126a20f133d67c2b018a3b"])
    wide: str = Field(description="1200 x 630 pixels, WebP")
    square: str = Field(description="256 x 256 pixels, WebP")


@router.post(
    "/api/pictures",
    status_code=201,
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=_BODY,
)
async def send(request: Request, account: SignedIn, studio: CurrentStudio) -> PictureView:
    """Send a picture: the body is its file. Its id goes into a space or a profile."""
    del account  # whoever it is
    picture = await studio.pictures.take(await request.body())
    url = studio.settings.public_url("studio")
    return PictureView(
        id=picture,
        wide=url + pictures.path(picture, "wide"),
        square=url + pictures.path(picture, "square"),
    )


@router.get("/pictures/{picture}/cover.jpg", include_in_schema=False)
async def cover(picture: Annotated[str, Path(max_length=64)], studio: CurrentStudio) -> Response:
    """The picture as directories of podcasts want it."""
    data = await studio.pictures.cover(picture)
    if data is None:
        raise Problem(404, "not-found", "There is no such picture.")
    return Response(data, media_type=pictures.COVER_MIME, headers=_SAFE)


@router.get("/pictures/{picture}/{size}.webp", include_in_schema=False)
async def get(
    picture: Annotated[str, Path(max_length=64)],
    size: Annotated[str, Path(max_length=16)],
    studio: CurrentStudio,
) -> Response:
    """The picture."""
    data = await studio.pictures.get(picture, size)
    if data is None:
        raise Problem(404, "not-found", "There is no such picture.")
    return Response(data, media_type=pictures.MIME, headers=_SAFE)
