"""How spaces look on the agenda's pages: words, addresses, dates, link previews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from hustings.formats import markup
from hustings.space import Status
from hustings.web.accounts import Account
from hustings.web.agenda import languages, pictures
from hustings.web.catalogue import Listed
from hustings.web.studio import Studio
from hustings.words import mark

_PREVIEW_CHARS: Final = 200  # of a description, in previews and lists
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A space on a list. `href` is where it leads, `acts` are pairs of address and words."""

    listed: Listed
    href: str
    summary: str
    picture: str
    language: str
    minutes: int
    acts: tuple[tuple[str, str], ...] = ()

    @property
    def live(self) -> bool:
        """Whether it is on, or its doors are open."""
        return self.listed.status in (Status.DOORS, Status.LIVE, Status.HELD)


def card(studio: Studio, listed: Listed, *, account: Account | None = None) -> Card:
    """A space on a public list, or on the list of `account`, who may run it."""
    mine = account is not None
    return Card(
        listed=listed,
        href=f"/s/{listed.id}/stage" if mine else _listen(studio, listed),
        summary=summary(listed.description),
        picture=pictures.path(listed.picture, "square") if listed.picture else "",
        language=languages.name(listed.language) if listed.language else "",
        minutes=max(1, round((listed.recording_seconds or 0) / 60)),
        acts=_acts(studio, listed, account) if mine else (),
    )


def cards(studio: Studio, spaces: list[Listed], *, account: Account | None = None) -> list[Card]:
    """Spaces on a list."""
    return [card(studio, one, account=account) for one in spaces]


def summary(markdown: str) -> str:
    """The beginning of a description, in words alone."""
    text = " ".join(markup.text(markdown).split())
    return text if len(text) <= _PREVIEW_CHARS else text[: _PREVIEW_CHARS - 1].rstrip() + "…"


def rendered(markdown: str) -> Markup:
    """A description as HTML: `markup.html` lets nothing through that does anything."""
    return Markup(markup.html(markdown))  # noqa: S704 - cleaned by nh3


def preview(
    studio: Studio, *, title: str, path: str, description: str = "", picture: str = ""
) -> dict[str, str]:
    """What a link to a page of ours shows elsewhere."""
    base = studio.settings.public_url("studio")
    return {
        "title": title,
        "url": base + path,
        "description": summary(description),
        "picture": base + pictures.path(picture, "wide") if picture else "",
    }


def description_values(values: dict[str, Any]) -> Markup:
    """The preview of what stands in a form's description."""
    return rendered(str(values.get("description", "")))


def _listen(studio: Studio, listed: Listed) -> str:
    # Who may listen to a private space gets a ticket on the way.
    return f"/s/{listed.id}" if listed.private else studio.share_url(listed.id)


def _acts(studio: Studio, listed: Listed, account: Account | None) -> tuple[tuple[str, str], ...]:
    page = f"/s/{listed.id}"
    acts: list[tuple[str, str]] = []
    if listed.status in (Status.SCHEDULED, Status.DOORS, Status.LIVE, Status.HELD):
        acts.append((f"{page}/stage", mark("To the desk")))
        acts.append((f"{page}/edit", mark("Edit")))
    if listed.status in (Status.ENDED, Status.POSTED, Status.WITHHELD):
        acts.append((f"{page}/after", mark("Recording")))
    if listed.status is Status.POSTED:
        acts.append((studio.share_url(listed.id), mark("Replay")))
    elif listed.status is not Status.CANCELLED:
        acts.append((_listen(studio, listed), mark("Listeners' page")))
    if account is not None and account.id == listed.owner_id and account.may_create:
        acts.append((f"/new?like={listed.id}", mark("Make another like this")))
    return tuple(acts)
