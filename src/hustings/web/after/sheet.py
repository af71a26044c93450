"""The editor's page for one request: what is on it, and what follows a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from hustings.clock import CHUNK_MS
from hustings.space import Refusal, Space
from hustings.store import layout
from hustings.web import page
from hustings.web.after import files, recorded, timecode
from hustings.web.standing import Standing
from hustings.web.studio import Studio
from hustings.words import mark

WORD: Final = mark("erase")  # what is typed before something is destroyed
_DONE: Final = {
    "edit": mark("Noted. The recording is being made anew, which takes some seconds."),
    "undo": mark("Taken back. The recording is being made anew, which takes some seconds."),
    "erase": mark("It is being destroyed everywhere, which takes some seconds."),
    "chapters": mark("The chapters are saved."),
    "clip": mark("The clip is being made, which takes some seconds."),
    "renamed": mark("The clip is changed."),
    "removed": mark("The clip is gone."),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """Who looks at it, in which space."""

    request: Request
    studio: Studio
    asker: Standing

    async def done(
        self,
        result: Space | Refusal,
        what: str,
        *,
        values: Mapping[str, str] | None = None,
        at: str = "form",
    ) -> Response:
        """The way on after a form. That it is so already is no complaint."""
        if isinstance(result, Refusal) and result.code != "done":
            errors = {at: result.reason, "code": result.code}
            return await self.page(values=values, errors=errors)
        return RedirectResponse(f"/s/{self.asker.space.id}/recording?done={what}", 303)

    async def page(
        self, *, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
    ) -> Response:
        """The whole page, its forms filled with `values`."""
        space, asker = recorded.finished(self.asker), self.asker
        made = await recorded.view(self.studio, asker)
        seats = {**space.seats_removed, **space.seats}
        shown: dict[str, Any] = {
            "space": space,
            "made": made,
            "state": {"recording": made.model_dump(mode="json"), "space": {"id": space.id}},
            "values": values or {},
            "errors": errors or {},
            "done": _DONE.get(self.request.query_params.get("done", ""), ""),
            "seats": sorted(seats.values(), key=lambda seat: seat.name.casefold()),
            "stems": await self._stems() if asker.owns else [],
            "owns": asker.owns,
            "word": WORD,
            "code": timecode.shown,
            "step": CHUNK_MS / 1000,
            "replay_url": self.studio.share_url(space.id),
        }
        status = 409 if errors else 200
        return page.render(self.request, "after_editor.html", shown, status=status)

    async def _stems(self) -> list[tuple[str, str]]:
        """The speakers' own tracks: the name of the file, and the speaker's."""
        space = self.asker.space
        seats = {**space.seats_removed, **space.seats}.values()
        found = [
            (f"{seat.id}.opus", seat.name)
            for seat in seats
            if await files.there(self.studio, layout.stem(space.id, seat.id))
        ]
        return sorted(found, key=lambda one: one[1].casefold())
